#include "transparency/signed_entry.h"

#include <string>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/sample_entry.h"

namespace mutual::transparency {
namespace {

using testing::KeyOf;
using testing::SampleFields;
using testing::TextOf;

NoteSigner SignerNamed(const std::string& name) { return *NoteSigner::Create(name, KeyOf(name)); }

Entry Sample(const std::string& type) {
  return *Entry::Parse(TextOf(type, SampleFields(*FindEntryType(type))));
}
Entry WithBody(const std::string& type, const std::string& body) {
  std::vector<EntryField> fields = SampleFields(*FindEntryType(type));
  for (EntryField& field : fields) {
    if (field.key == "body") field.value = body;
  }
  return *Entry::Parse(TextOf(type, fields));
}

// CheckSigners of `entry` signed by `names`, all of whose keys are known.
absl::Status CheckSignedBy(const Entry& entry, const std::vector<std::string>& names) {
  std::vector<NoteSigner> signers;
  std::vector<const NoteSigner*> pointers;
  std::vector<NoteVerifier> known;
  for (const std::string& name : names) signers.push_back(SignerNamed(name));
  for (const NoteSigner& signer : signers) {
    pointers.push_back(&signer);
    known.push_back(signer.verifier());
  }
  return CheckSigners(*SignEntry(entry, pointers), known);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("A signed entry reads and prints as itself", "[entry]") {
  const NoteSigner node = SignerNamed("node/north-07");
  const std::vector<const NoteSigner*> signers = {&node};
  const auto signed_entry = SignEntry(Sample("contribution"), signers);
  REQUIRE_OK(signed_entry);
  const std::string bytes = signed_entry->ToBytes();
  const auto again = ParseSignedEntry(bytes);
  REQUIRE_OK(again);
  CHECK(again->ToBytes() == bytes);
  CHECK(again->entry.text() == Sample("contribution").text());
  CHECK(again->note.signatures[0].name == "node/north-07");
}

TEST_CASE("Bytes that are no note, no entry or too long are refused", "[entry]") {
  using Code = absl::StatusCode;
  CHECK(ParseSignedEntry("x").status().code() == Code::kInvalidArgument);
  CHECK(ParseSignedEntry(testing::VectorCheckpoint()).status().code() == Code::kInvalidArgument);
  const auto large = ParseSignedEntry(std::string(kMaxEntryBytes + 1, 'a'));
  CHECK_THAT(std::string(large.status().message()), ContainsSubstring("want at most 65535"));
  CHECK(SignEntry(Sample("contribution"), {}).status().code() == Code::kInvalidArgument);
}

TEST_CASE("Every type is accepted from those who must sign it", "[entry]") {
  for (const EntryType& type : EntryTypes()) {
    INFO(type.name);
    Names names = {"coordinator", "node/north-07", "researcher/north-07", "officer/north-07/a",
                   "officer/north-07/b"};
    REQUIRE_OK(CheckSignedBy(Sample(type.name), names));
    const absl::Status status = CheckSignedBy(Sample(type.name), {"node/stranger"});
    CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  }
}

TEST_CASE("The signer that is missing is named", "[entry]") {
  struct Case {
    std::string type;
    Names names;
    std::string message;  // empty: accepted
  };
  const std::vector<Case> cases = {
      {"contribution", {"node/north-07"}, ""},
      {"contribution", {"coordinator"}, "not signed by node/north-07"},
      {"close", {"coordinator"}, ""},
      {"close", {"node/north-07"}, "not signed by coordinator"},
      {"enrol", {"coordinator"}, "not signed by node/north-07"},
      {"enrol", {"node/north-07"}, "not signed by coordinator"},
      {"propose", {"researcher/north-07"}, ""},
      {"propose", {"node/north-07"}, "not signed by researcher/north-07"},
      {"mandate", {"officer/north-07/a"}, "by 1 officers of north-07, want two"},
      {"mandate", {"officer/north-07/a", "officer/north-07/a"}, "by 1 officers"},
      {"mandate", {"officer/south-02/a", "officer/south-02/b"}, "by 0 officers"},
      {"mandate", {"node/north-07"}, "by 0 officers"},
      {"software", {"node/north-07"}, ""},
      {"software", {"coordinator"}, "not signed by node/north-07"},
  };
  for (const Case& one : cases) {
    const absl::Status status = CheckSignedBy(Sample(one.type), one.names);
    INFO(one.type << ": " << status.ToString());
    CHECK(status.ok() == one.message.empty());
    if (!status.ok()) CHECK(status.code() == absl::StatusCode::kPermissionDenied);
    CHECK_THAT(std::string(status.message()), ContainsSubstring(one.message));
  }
}

TEST_CASE("One key under two officers' names is one officer", "[entry]") {
  const NoteSigner a = *NoteSigner::Create("officer/north-07/a", KeyOf("same"));
  const NoteSigner b = *NoteSigner::Create("officer/north-07/b", KeyOf("same"));
  const std::vector<const NoteSigner*> signers = {&a, &b};
  const std::vector<NoteVerifier> known = {a.verifier(), b.verifier()};
  const absl::Status status = CheckSigners(*SignEntry(Sample("mandate"), signers), known);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("by 1 officers"));
}

TEST_CASE("An operator's mandate is signed by the node", "[entry]") {
  const std::string type = GENERATE("mandate", "objection", "withdraw");
  REQUIRE_OK(CheckSignedBy(WithBody(type, "operator"), {"node/north-07"}));
  CHECK(CheckSignedBy(WithBody(type, "operator"), {"officer/north-07/a", "officer/north-07/b"})
            .code() == absl::StatusCode::kPermissionDenied);
}

TEST_CASE("A new key does not vouch for itself", "[entry]") {
  const NoteSigner old_key = SignerNamed("node/north-07");
  const NoteSigner new_key = *NoteSigner::Create("node/north-07", KeyOf("new"));
  const std::vector<NoteVerifier> known = {old_key.verifier(), new_key.verifier()};
  const std::vector<const NoteSigner*> new_only = {&new_key}, both = {&old_key, &new_key};
  const absl::Status status = CheckSigners(*SignEntry(Sample("key-rotation"), new_only), known);
  CHECK(status.code() == absl::StatusCode::kPermissionDenied);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("not signed by the old key"));
  REQUIRE_OK(CheckSigners(*SignEntry(Sample("key-rotation"), both), known));
}

TEST_CASE("Software and keys of the coordinator are signed by it", "[entry]") {
  EntryWriter writer("software", "fed.example/audit");
  writer.Text("program", "mutual-coordinator")
      .Text("version", "0.2.0")
      .Text("sha256", std::string(64, 'a'));
  writer.Text("time", "2026-11-23T10:31:07Z");
  REQUIRE_OK(CheckSignedBy(*writer.Finish(), {"coordinator"}));
  CHECK_FALSE(CheckSignedBy(*writer.Finish(), {"node/north-07"}).ok());
}

TEST_CASE("Signatures are verified, and unknown types are not vouched for", "[entry]") {
  const NoteSigner node = SignerNamed("node/north-07");
  const std::vector<const NoteSigner*> signers = {&node};
  const std::vector<NoteVerifier> known = {node.verifier()};
  SignedEntry signed_entry = *SignEntry(Sample("contribution"), signers);
  REQUIRE_OK(CheckSigners(signed_entry, known));
  CHECK(CheckSigners(signed_entry, {}).code() == absl::StatusCode::kUnauthenticated);
  signed_entry.note.signatures[0].bytes[0] ^= 1;
  CHECK(CheckSigners(signed_entry, known).code() == absl::StatusCode::kUnauthenticated);
  const Entry future = *Entry::Parse("fed.example/mutual/dance@v1\nlog fed.example/audit\n");
  const absl::Status status = CheckSigners(*SignEntry(future, signers), known);
  CHECK(status.code() == absl::StatusCode::kFailedPrecondition);
  CHECK_THAT(std::string(status.message()), ContainsSubstring("dance@v1 are not understood"));
}

}  // namespace mutual::transparency
