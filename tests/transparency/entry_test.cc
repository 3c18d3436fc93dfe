#include "transparency/entry.h"

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/sample_entry.h"
#include "transparency/entry_rules.h"

namespace mutual::transparency {
namespace {

using testing::SampleFields;
using testing::SampleOf;
using testing::TextOf;
using testing::VkeyOf;

const std::string kHeadLines = "fed.example/mutual/contribution@v1\nlog fed.example/audit\n";

std::string Contribution() {
  return TextOf("contribution", SampleFields(*FindEntryType("contribution")));
}

// The sample of `type` with the value of `key` replaced, or the line dropped when `value` is empty.
std::string Changed(const std::string& type, const std::string& key, const std::string& value) {
  std::vector<EntryField> fields = SampleFields(*FindEntryType(type));
  for (EntryField& field : fields) {
    if (field.key == key) field.value = value;
  }
  std::erase_if(fields, [](const EntryField& field) { return field.value.empty(); });
  return TextOf(type, fields);
}

}  // namespace

TEST_CASE("An entry gives its parts by name and kind", "[entry]") {
  const auto entry = Entry::Parse(Contribution());
  REQUIRE_OK(entry);
  CHECK(entry->federation() == "fed.example");
  CHECK(entry->log() == "fed.example/audit");
  CHECK(entry->type() == "contribution");
  CHECK(entry->version() == 1);
  CHECK(*entry->Text("node") == "north-07");
  CHECK(*entry->Integer("round") == 12);
  CHECK(entry->Hash("sha256")->ToHex() == std::string(64, 'a'));
  CHECK(entry->Hash("study")->ToHex() == std::string(64, 'a'));
  CHECK(FormatUtc(*entry->Time("time")) == "2026-11-23T10:31:07Z");
  CHECK(entry->Head("seen")->size == 3);
  CHECK(entry->Has("node"));
  CHECK_FALSE(entry->Has("model"));
}

TEST_CASE("Repeated lines come as lists", "[entry]") {
  const auto parse = [](const char* type) {
    return *Entry::Parse(TextOf(type, SampleFields(*FindEntryType(type))));
  };
  CHECK(*parse("close").Integers("contribution") == std::vector<uint64_t>{12, 12});
  CHECK(parse("masks").ClassHashes("commit")->size() == 2);
  CHECK(parse("masks").SealedHashes("sealed")->size() == 2);
  CHECK(parse("enrol").Keys("officer-key")->size() == 2);
  CHECK(parse("dispute").Texts("about") == std::vector<std::string>{"north-07", "north-07"});
  CHECK(parse("close").Integers("nothing")->empty());
  CHECK(*parse("round-start").Real("noise-multiplier") == 1e-6);
  CHECK(parse("genesis").Key("log-key")->ToVkey() == testing::kLogVkey);
}

TEST_CASE("Getters name what is missing, repeated or of another kind", "[entry]") {
  const Entry close = *Entry::Parse(TextOf("close", SampleFields(*FindEntryType("close"))));
  CHECK(close.Integer("node").status().code() == absl::StatusCode::kNotFound);
  CHECK_THAT(std::string(close.Integer("node").status().message()),
             ContainsSubstring("no line \"node\""));
  CHECK(close.Integer("contribution").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(close.Integer("contribution").status().message()),
             ContainsSubstring("2 lines"));
  CHECK(close.Integer("study").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.Hash("round").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.Time("round").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.Key("round").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.Head("round").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.Real("time").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.Keys("contribution").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.ClassHashes("contribution").status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(close.SealedHashes("contribution").status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("Malformed entries are refused with the line and the reason", "[entry]") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"", "has 0 lines"},
      {"fed.example/mutual/x@v1\n", "has 1 lines"},
      {kHeadLines.substr(0, kHeadLines.size() - 1), "does not end in a newline"},
      {"contribution@v1\nlog fed.example/audit\n", "line 1: found \"contribution@v1\""},
      {"fed.example/mutual/contribution\nlog fed.example/audit\n",
       "want FEDERATION/mutual/TYPE@vVERSION"},
      {"fed@v1/mutual/contribution\nlog fed.example/audit\n",
       "want FEDERATION/mutual/TYPE@vVERSION"},
      {"fed.example/mutual/@v1\nlog fed.example/audit\n", "line 1: the value is empty"},
      {"fed.example/mutual/Big@v1\nlog fed.example/audit\n", "a word of a-z"},
      {"fed.example/mutual/x@v01\nlog fed.example/audit\n", "whole number"},
      {"fed.example/mutual/x@v\nlog fed.example/audit\n", "whole number"},
      {"/mutual/x@v1\nlog /audit\n", "key name is empty"},
      {"f d/mutual/x@v1\nlog f d/audit\n", "has a space"},
      {"fed.example/mutual/x@v1\nseen fed.example/audit\n",
       "line 2: found the key \"seen\", want log"},
      {"fed.example/mutual/x@v1\nlog\n", "line 2: found \"log\""},
      {"fed.example/mutual/x@v1\nlog other.example/audit\n",
       "is not one of the federation fed.example"},
      {"fed.example/mutual/x@v1\nlog fed.example/a/b\n", "is not one of the federation"},
      {"fed.example/mutual/x@v1\nlog fed.example/\n", "is not one of the federation"},
      {kHeadLines + "\n", "line 3: found \"\""},
      {kHeadLines + "Key value\n", "line 3: found \"Key value\""},
      {kHeadLines + "key\n", "want a key of a-z"},
      {kHeadLines + "key \n", "line 3: the value is empty"},
      {kHeadLines + "key  value\n", "white space"},
      {kHeadLines + "key value \n", "white space"},
      {kHeadLines + "key e\xcc\x81\n", "normal form C"},
      {kHeadLines + "key va\tlue\n", "control character 0x09"},
      {kHeadLines + "key \xff\n", "not UTF-8"},
      {std::string(kMaxEntryBytes + 1, 'a'), "has 65536 bytes"},
  }));
  const auto entry = Entry::Parse(text);
  REQUIRE_FALSE(entry.ok());
  CHECK(entry.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(entry.status().message()), ContainsSubstring(message));
}

TEST_CASE("A type or version of the future is kept and said not to be understood", "[entry]") {
  const std::string type = GENERATE("dance@v1", "contribution@v2", "contribution@v0");
  const std::string text =
      "fed.example/mutual/" + type + "\nlog fed.example/audit\nstep left\nstep right\n";
  const auto entry = Entry::Parse(text);
  REQUIRE_OK(entry);
  CHECK_FALSE(entry->understood());
  CHECK(entry->definition() == nullptr);
  CHECK(entry->text() == text);
  CHECK(entry->Texts("step") == std::vector<std::string>{"left", "right"});
}

TEST_CASE("Lines that contradict one another are refused", "[entry]") {
  const std::string other = VkeyOf("node/south-02", KeyType::kNote);
  const auto [text, message] = GENERATE_COPY(table<std::string, std::string>({
      {Changed("enrol", "node", ""), "names no node and no researcher"},
      {Changed("revoke", "node", ""), "names no node and no researcher"},
      {Changed("enrol", "identity-key", other), "want node/north-07 of type 1"},
      {Changed("enrol", "witness-key", VkeyOf("witness/north-07", KeyType::kNote)), "of type 4"},
      {Changed("enrol", "witness-key", VkeyOf("witness/x", KeyType::kCosignature)),
       "want witness/north-07"},
      {Changed("enrol", "officer-key", other), "want officer/north-07/NAME"},
      {Changed("enrol", "officer-key", VkeyOf("officer/north-07/", KeyType::kNote)),
       "want officer/north-07/NAME"},
      {Changed("key-rotation", "new-key", other), "line new-key holds a key named node/south-02"},
      {Changed("key-rotation", "new-key", VkeyOf("node/north-07", KeyType::kNote)),
       "is the old key"},
      {Changed("genesis", "policy", "quorum none"), "policy line 2: a second quorum line"},
      {Changed("genesis", "policy", "# nothing"), "has no quorum line"},
      {Changed("policy", "policy", "log x"), "policy of the policy entry"},
      {Changed("genesis", "log-key", other), "line log-key holds a key named node/south-02"},
      {Changed("genesis", "coordinator-key", other), "want coordinator of type 1"},
  }));
  const auto entry = Entry::Parse(text);
  REQUIRE_FALSE(entry.ok());
  CHECK(entry.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(entry.status().message()), ContainsSubstring(message));
}

TEST_CASE("A node and a researcher are never named together", "[entry]") {
  const std::string type = GENERATE("enrol", "revoke", "software", "key-rotation");
  std::vector<EntryField> fields = SampleFields(*FindEntryType(type));
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].key != "node") continue;
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(i) + 1, {"researcher", "rosa"});
    break;
  }
  const auto entry = Entry::Parse(TextOf(type, fields));
  CHECK_THAT(std::string(entry.status().message()),
             ContainsSubstring("names a node and a researcher"));
}

TEST_CASE("What a node signs names the checkpoint it verified", "[entry]") {
  const std::string type = GENERATE("software", "key-rotation", "mandate", "objection", "withdraw");
  std::vector<EntryField> fields = SampleFields(*FindEntryType(type));
  for (EntryField& field : fields) {
    if (field.key == "body") field.value = "operator";
  }
  REQUIRE_OK(Entry::Parse(TextOf(type, fields)));
  std::erase_if(fields, [](const EntryField& field) { return field.key == "seen"; });
  const auto entry = Entry::Parse(TextOf(type, fields));
  CHECK_THAT(std::string(entry.status().message()), ContainsSubstring("has no line \"seen\""));
}

TEST_CASE("Local steps are 2 to 1000, wherever they are named", "[entry]") {
  for (const char* const type : {"propose", "round-start", "release"}) {
    for (const char* const steps : {"0", "1", "2", "1000", "1001", "18446744073709551615"}) {
      std::vector<EntryField> fields = SampleFields(*FindEntryType(type));
      for (EntryField& field : fields) {
        if (field.key == "local-steps") field.value = steps;
      }
      const auto entry = Entry::Parse(TextOf(type, fields));
      INFO(type << " " << steps);
      const bool is_sound = std::string(steps) == "2" || std::string(steps) == "1000";
      CHECK(entry.ok() == is_sound);
      if (!is_sound) {
        CHECK_THAT(std::string(entry.status().message()), ContainsSubstring("want 2 to 1000"));
      }
    }
  }
}

TEST_CASE("A study abandoned before its first round has no round-start, a round has one",
          "[entry]") {
  const std::vector<EntryField> of_round = SampleFields(*FindEntryType("abandon"));
  std::vector<EntryField> fields = of_round;
  std::erase_if(fields, [](const EntryField& field) { return field.key == "round-start"; });
  CHECK_THAT(std::string(Entry::Parse(TextOf("abandon", fields)).status().message()),
             ContainsSubstring("has no line round-start"));
  for (EntryField& field : fields) {
    if (field.key == "round") field.value = "0";
  }
  REQUIRE_OK(Entry::Parse(TextOf("abandon", fields)));
  fields = of_round;
  for (EntryField& field : fields) {
    if (field.key == "round") field.value = "0";
  }
  CHECK_THAT(std::string(Entry::Parse(TextOf("abandon", fields)).status().message()),
             ContainsSubstring("leave it out"));
}

TEST_CASE("A researcher enrols with an identity key only", "[entry]") {
  EntryWriter writer("enrol", "fed.example/audit");
  writer.Text("researcher", "rosa")
      .Text("role", "researcher")
      .Text("time", SampleOf(ValueKind::kTime));
  writer.Text("identity-key", VkeyOf("researcher/rosa", KeyType::kNote));
  REQUIRE_OK(writer.Finish());
  writer.Text("witness-key", VkeyOf("witness/rosa", KeyType::kCosignature));
  CHECK_THAT(std::string(writer.Finish().status().message()),
             ContainsSubstring("no witness or officer key"));
}

TEST_CASE("The policy of genesis is a policy of the log itself", "[entry]") {
  const Entry genesis = *Entry::Parse(TextOf("genesis", SampleFields(*FindEntryType("genesis"))));
  const auto policy = PolicyOf(genesis);
  REQUIRE_OK(policy);
  CHECK(policy->quorum() == "none");
  CHECK(PolicyOf(*Entry::Parse(Contribution())).status().code() ==
        absl::StatusCode::kInvalidArgument);
  std::string text = genesis.text();
  text.replace(text.find("policy log "), 11 + testing::kLogVkey.size(), "policy # none");
  CHECK_THAT(std::string(Entry::Parse(text).status().message()),
             ContainsSubstring("does not list the log"));
}

TEST_CASE("A writer puts lines into the type's order and lets none be smuggled in", "[entry]") {
  EntryWriter writer("contribution", "fed.example/audit");
  absl::Time time;
  REQUIRE(ParseUtc("2026-11-23T10:31:07Z", &time));
  const Digest hash = *Digest::FromHex(std::string(64, 'a'));
  writer.Time("time", time).Integer("round", 12).Hash("sha256", hash).Text("node", "north-07");
  writer.Study(hash).Integer("vector-len", 12).Head("seen", *ParseHead(SampleOf(ValueKind::kHead)));
  const auto entry = writer.Finish();
  REQUIRE_OK(entry);
  CHECK(entry->text() == Contribution());

  EntryWriter smuggler("abandon", "fed.example/audit");
  smuggler.Study(hash).Integer("round", 1).Integer("round-start", 1).Text("code", "X");
  smuggler.Text("reason", "so\ntime 2026-11-23T10:31:07Z");
  CHECK_THAT(std::string(smuggler.Finish().status().message()), ContainsSubstring("has a newline"));
  CHECK_THAT(std::string(EntryWriter("dance", "a/b").Finish().status().message()),
             ContainsSubstring("no type of entry"));
  CHECK_FALSE(EntryWriter("abandon", "no-slash").Finish().ok());
}

TEST_CASE("Reals, keys and mask values are written in their one spelling", "[entry]") {
  EntryWriter masks("masks", "fed.example/audit");
  for (const EntryField& field : SampleFields(*FindEntryType("masks"))) {
    if (field.key == "commit") {
      masks.Class("commit", *ParseClassHash(field.value));
    } else if (field.key == "sealed") {
      masks.Sealed("sealed", *ParseSealedHash(field.value));
    } else {
      masks.Text(field.key, field.value);
    }
  }
  REQUIRE_OK(masks.Finish());
  EntryWriter rotation("key-rotation", "fed.example/audit");
  const NoteVerifier next =
      *NoteVerifier::Create(testing::kOrigin, KeyType::kNote, testing::KeyOf("next").verify_key());
  rotation.Text("purpose", "log").Key("old-key", testing::LogVerifier());
  rotation.Key("new-key", next).Text("time", SampleOf(ValueKind::kTime));
  REQUIRE_OK(rotation.Finish());
  EntryWriter mandate("mandate", "fed.example/audit");
  for (const EntryField& field : SampleFields(*FindEntryType("mandate"))) {
    if (field.key == "max-epsilon-node") {
      mandate.Real(field.key, 0.1);
    } else {
      mandate.Text(field.key, field.value);
    }
  }
  CHECK(*mandate.Finish()->Text("max-epsilon-node") == "0.1");
}

}  // namespace mutual::transparency
