#include "transparency/cosignature.h"

#include <string>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/vector.h"
#include "transparency/checkpoint.h"

namespace mutual::transparency {
namespace {

using testing::kCheckpointText;
using testing::KeyOf;
using testing::kVectorTime;

CosignatureSigner SignerOf(const std::string& name, std::string_view phrase) {
  return *CosignatureSigner::Create(name, KeyOf(phrase));
}
Note NoteOf(const std::vector<NoteSignature>& signatures) {
  return {std::string(kCheckpointText), signatures};
}

}  // namespace

TEST_CASE("The published cosignature is made byte for byte", "[cosignature]") {
  const CosignatureSigner witness = SignerOf("north.example/witness", "vector witness");
  CHECK(witness.verifier().ToVkey() == testing::kWitnessVkey);
  const auto signature = witness.Sign(kCheckpointText, kVectorTime);
  REQUIRE_OK(signature);
  CHECK(PrintSignatureLine(*signature) == testing::kWitnessLine);
  CHECK(signature->bytes.size() == 72);
}

TEST_CASE("Witnesses sign nothing but checkpoints, under a good name", "[cosignature]") {
  const auto signature = SignerOf("a", "a").Sign("not a checkpoint\n", 1);
  CHECK(signature.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(signature.status().message()), ContainsSubstring("only checkpoints"));
  CHECK(CosignatureSigner::Create("a+b", KeyOf("a")).status().code() ==
        absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Cosignatures count once per key, with the newest time", "[cosignature]") {
  const CosignatureSigner a = SignerOf("a", "a"), b = SignerOf("b", "b"),
                          again = SignerOf("a2", "a");
  const Note note =
      NoteOf({*b.Sign(kCheckpointText, 5), *a.Sign(kCheckpointText, 7), *a.Sign(kCheckpointText, 9),
              *again.Sign(kCheckpointText, 11), testing::LogSigner().Sign(kCheckpointText)});
  const std::vector<NoteVerifier> known = {a.verifier(), b.verifier(), again.verifier()};
  const auto found = ReadCosignatures(note, known);
  REQUIRE_OK(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].witness == a.verifier());
  CHECK((*found)[0].unix_seconds == 11);
  CHECK((*found)[1].witness == b.verifier());
  CHECK((*found)[1].unix_seconds == 5);
}

TEST_CASE("Unknown witnesses are ignored and none is no error", "[cosignature]") {
  const CosignatureSigner a = SignerOf("a", "a"), b = SignerOf("b", "b");
  const std::vector<NoteVerifier> known = {b.verifier()};
  const auto found = ReadCosignatures(NoteOf({*a.Sign(kCheckpointText, 5)}), known);
  REQUIRE_OK(found);
  CHECK(found->empty());
}

TEST_CASE("A changed time, text or length breaks a cosignature", "[cosignature]") {
  const CosignatureSigner a = SignerOf("a", "a");
  const std::vector<NoteVerifier> known = {a.verifier()};
  const NoteSignature good = *a.Sign(kCheckpointText, 5);
  NoteSignature later = good, cut = good;
  later.bytes[7] = 6;
  cut.bytes.pop_back();
  for (const NoteSignature& bad : {later, cut}) {
    const auto found = ReadCosignatures(NoteOf({good, bad}), known);
    CHECK(found.status().code() == absl::StatusCode::kUnauthenticated);
    CHECK_THAT(std::string(found.status().message()), ContainsSubstring("cosignature of a"));
  }
  Note other = NoteOf({good});
  other.text += "extension\n";
  CHECK(ReadCosignatures(other, known).status().code() == absl::StatusCode::kUnauthenticated);
}

TEST_CASE("A log's key is no witness", "[cosignature]") {
  const std::vector<NoteVerifier> known = {testing::LogVerifier()};
  const auto found = ReadCosignatures(NoteOf({}), known);
  CHECK(found.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(found.status().message()), ContainsSubstring("want a cosignature key"));
}

}  // namespace mutual::transparency
