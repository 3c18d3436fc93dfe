#include "transparency/note.h"

#include <string>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/vector.h"

namespace mutual::transparency {
namespace {

using testing::KeyOf;
using testing::LogSigner;
using testing::LogVerifier;
using testing::VectorCheckpoint;
using testing::WitnessVerifier;

constexpr char kLine[] = "\xe2\x80\x94 a AAAAAAA=\n";  // key ID 0 and one byte

NoteSigner SignerNamed(const std::string& name) { return *NoteSigner::Create(name, KeyOf(name)); }

}  // namespace

TEST_CASE("Verifier keys of the published vector read and print as themselves", "[note]") {
  CHECK(LogVerifier().ToVkey() == testing::kLogVkey);
  CHECK(LogVerifier().key_id() == 0xa1a51a8f);
  CHECK(WitnessVerifier().ToVkey() == testing::kWitnessVkey);
  CHECK(WitnessVerifier().key_id() == 0x825c2307);
  const auto log = NoteVerifier::FromVkey(testing::kLogVkey);
  REQUIRE_OK(log);
  CHECK(*log == LogVerifier());
  const auto witness = NoteVerifier::FromVkey(testing::kWitnessVkey);  // its base64 has a '+'
  REQUIRE_OK(witness);
  CHECK(witness->type() == KeyType::kCosignature);
  CHECK(*witness == WitnessVerifier());
}

TEST_CASE("The published checkpoint is a note signed by log and witness, byte for byte", "[note]") {
  const auto note = ParseNote(VectorCheckpoint());
  REQUIRE_OK(note);
  CHECK(note->text == testing::kCheckpointText);
  REQUIRE(note->signatures.size() == 2);
  CHECK(note->signatures[0] == LogSigner().Sign(note->text));
  CHECK(PrintNote(*note) == VectorCheckpoint());
  const std::vector<NoteVerifier> both = {LogVerifier(), WitnessVerifier()};
  const auto opened = OpenNote(VectorCheckpoint(), both);
  REQUIRE_OK(opened);
  CHECK(*opened == *note);
}

TEST_CASE("Malformed notes are refused with the reason", "[note]") {
  const auto [bytes, message] = GENERATE(table<std::string, std::string>({
      {"", "no blank line"},
      {"text\n", "no blank line"},
      {"text\n\n", "no signature line"},
      {"text\n\n\xe2\x80\x94 a AAAAAAA=", "does not end in a newline"},
      {"text\n\n- a AAAAAAA=\n", "does not begin with a dash"},
      {"text\n\n\xe2\x80\x94 aAAAAAAA=\n", "no space after the key name"},
      {"text\n\n\xe2\x80\x94  AAAAAAA=\n", "key name is empty"},
      {"text\n\n\xe2\x80\x94 a+b AAAAAAA=\n", "has a space, a control character or '+'"},
      {"text\n\n\xe2\x80\x94 a\xc2\xa0"
       "b AAAAAAA=\n",
       "has a space"},
      {"text\n\n\xe2\x80\x94 a AAAAAA==\n", "fewer than 5 bytes"},
      {"text\n\n\xe2\x80\x94 a \n", "fewer than 5 bytes"},
      {"text\n\n\xe2\x80\x94 a AAAAAAB=\n", "not canonical"},
      {"text\n\n\xe2\x80\x94 a AAAAAAA\n", "want a multiple of 4"},
      {"text\n\n\xe2\x80\x94 a AAAAAAA= \n", "multiple of 4"},
      {"te\rxt\n\n" + std::string(kLine), "control character 0x0d"},
      {"te\txt\n\n" + std::string(kLine), "control character 0x09"},
      {"te\x7fxt\n\n" + std::string(kLine), "control character 0x7f"},
      {std::string("te\0xt\n\n", 7) + kLine, "control character 0x00"},
      {"te\xffxt\n\n" + std::string(kLine), "not UTF-8"},
      {"te\xed\xa0\x80xt\n\n" + std::string(kLine), "not UTF-8"},
      {"te\xc0\xafxt\n\n" + std::string(kLine), "not UTF-8"},
      {std::string(kMaxNoteBytes, 'a'), "want at most 1048576"},
  }));
  const std::string padded = bytes.size() == kMaxNoteBytes ? bytes + "a" : bytes;
  const auto note = ParseNote(padded);
  REQUIRE_FALSE(note.ok());
  CHECK(note.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(note.status().message()), ContainsSubstring(message));
}

TEST_CASE("The text of a note may hold blank lines; the last one splits", "[note]") {
  const auto note = ParseNote("one\n\ntwo\n\n" + std::string(kLine));
  REQUIRE_OK(note);
  CHECK(note->text == "one\n\ntwo\n");
}

TEST_CASE("A note may carry 100 signature lines and no more", "[note]") {
  std::string bytes = "text\n\n";
  for (size_t i = 0; i < kMaxNoteSignatures; ++i) bytes += kLine;
  REQUIRE_OK(ParseNote(bytes));
  const auto more = ParseNote(bytes + kLine);
  CHECK(more.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(more.status().message()), ContainsSubstring("more than 100"));
}

TEST_CASE("Opening ignores unknown keys and refuses a bad signature by a known one", "[note]") {
  const NoteSigner known = SignerNamed("known"), other = SignerNamed("other");
  const std::string text = "text\n";
  const std::vector<NoteVerifier> verifiers = {known.verifier()};
  const auto opened = OpenNote(
      PrintNote({text, {other.Sign(text), known.Sign(text), known.Sign(text)}}), verifiers);
  REQUIRE_OK(opened);
  CHECK(opened->signatures == std::vector<NoteSignature>{known.Sign(text)});

  const auto none = OpenNote(PrintNote({text, {other.Sign(text)}}), verifiers);
  CHECK(none.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(std::string(none.status().message()),
             ContainsSubstring("no signature by any of the 1 keys"));

  const auto bad =
      OpenNote(PrintNote({text, {known.Sign(text), known.Sign("other\n")}}), verifiers);
  CHECK(bad.status().code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(std::string(bad.status().message()), ContainsSubstring("signature of known"));
  CHECK(OpenNote("text\n", verifiers).status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("A key checks only signatures that name it", "[note]") {
  const NoteSigner known = SignerNamed("known");
  NoteSignature signature = known.Sign("text\n");
  REQUIRE_OK(known.verifier().Verify("text\n", signature));
  signature.name = "another";
  CHECK(known.verifier().Verify("text\n", signature).code() == absl::StatusCode::kUnauthenticated);
  NoteSignature cosignature = ParseNote(VectorCheckpoint())->signatures[1];
  REQUIRE_OK(WitnessVerifier().Verify(testing::kCheckpointText, cosignature));
  cosignature.bytes.pop_back();
  const absl::Status cut = WitnessVerifier().Verify(testing::kCheckpointText, cosignature);
  CHECK(cut.code() == absl::StatusCode::kUnauthenticated);
  CHECK_THAT(std::string(cut.message()), ContainsSubstring("has 71 bytes, want 72"));
}

TEST_CASE("Malformed verifier keys are refused with the reason", "[note]") {
  const std::string vkey(testing::kLogVkey);
  const std::string key = vkey.substr(27);
  const auto [text, message] = GENERATE_COPY(table<std::string, std::string>({
      {"", "want NAME+KEYID+BASE64"},
      {"name+a1a51a8f", "want NAME+KEYID+BASE64"},
      {"fed.example/audit+A1A51A8F+" + key, "key ID that is not its key's"},
      {"fed.example/audit+a1a51a8e+" + key, "key ID that is not its key's"},
      {"fed.example/other+a1a51a8f+" + key, "key ID that is not its key's"},
      {"fed example+a1a51a8f+" + key, "has a space"},
      {"+a1a51a8f+" + key, "key name is empty"},
      {vkey.substr(0, vkey.size() - 1), "multiple of 4"},
      {"fed.example/audit+a1a51a8f+", "another type"},
      {"fed.example/audit+a1a51a8f+Aj3/", "another type"},
      {"fed.example/audit+a1a51a8f+AT3/", "has 2 bytes, want 32"},
      {"fed.example/audit+a1a51a8f+AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "small order"},
  }));
  const auto verifier = NoteVerifier::FromVkey(text);
  REQUIRE_FALSE(verifier.ok());
  CHECK(verifier.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(verifier.status().message()), ContainsSubstring(message));
}

TEST_CASE("Signers and verifiers refuse bad names", "[note]") {
  CHECK(NoteSigner::Create("a b", KeyOf("x")).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(NoteVerifier::Create("", KeyType::kNote, KeyOf("x").verify_key()).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(CheckKeyName("a\xff").code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace mutual::transparency
