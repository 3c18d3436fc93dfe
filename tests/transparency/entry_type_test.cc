#include "transparency/entry_type.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/sample_entry.h"
#include "transparency/entry.h"

namespace mutual::transparency {
namespace {

using testing::SampleFields;
using testing::TextOf;

absl::StatusOr<Entry> ParseFields(const EntryType& type, const std::vector<EntryField>& fields) {
  return Entry::Parse(TextOf(type.name, fields));
}

std::string PresenceText(const FieldType& field) {
  return std::vector<std::string>{"1", "0-1", "1-n", "0-n"}[static_cast<size_t>(field.presence)];
}

}  // namespace

TEST_CASE("Every type the design names is there, once", "[entry]") {
  std::set<std::string> names;
  for (const EntryType& type : EntryTypes()) CHECK(names.insert(type.name).second);
  CHECK(names == std::set<std::string>{"genesis",  "policy",     "enrol",        "leave",
                                       "revoke",   "propose",    "mandate",      "objection",
                                       "masks",    "scrutineer", "keys-ok",      "close",
                                       "tally",    "release",    "round-start",  "dispute",
                                       "abandon",  "withdraw",   "contribution", "peer",
                                       "software", "incident",   "key-rotation"});
  CHECK(FindEntryType("genesis")->name == std::string("genesis"));
  CHECK(FindEntryType("nothing") == nullptr);
  CHECK(FieldIndex(*FindEntryType("close"), "nothing") == -1);
}

TEST_CASE("A complete entry of every type reads, prints and is understood", "[entry]") {
  for (const EntryType& type : EntryTypes()) {
    INFO(type.name);
    const auto entry = ParseFields(type, SampleFields(type));
    REQUIRE_OK(entry);
    CHECK(entry->understood());
    CHECK(entry->text() == TextOf(type.name, SampleFields(type)));
    EntryWriter writer(type.name, "fed.example/audit");
    for (const EntryField& field : SampleFields(type)) writer.Text(field.key, field.value);
    const auto written = writer.Finish();
    REQUIRE_OK(written);
    CHECK(written->text() == entry->text());
  }
}

TEST_CASE("A required line that is missing is named, in every type", "[entry]") {
  for (const EntryType& type : EntryTypes()) {
    for (const FieldType& field : type.fields) {
      if (!field.required()) continue;
      INFO(type.name << " without " << field.key);
      std::vector<EntryField> fields = SampleFields(type);
      std::erase_if(fields, [&](const EntryField& f) { return f.key == field.key; });
      const auto entry = ParseFields(type, fields);
      CHECK(entry.status().code() == absl::StatusCode::kInvalidArgument);
      CHECK_THAT(std::string(entry.status().message()),
                 ContainsSubstring("no line \"" + std::string(field.key) + "\""));
    }
  }
}

TEST_CASE("A line out of order, twice, of no type or of another kind is refused, in every type",
          "[entry]") {
  for (const EntryType& type : EntryTypes()) {
    const std::vector<EntryField> good = SampleFields(type);
    for (size_t i = 0; i < good.size(); ++i) {
      INFO(type.name << " at " << good[i].key);
      const FieldType& field = type.fields[static_cast<size_t>(FieldIndex(type, good[i].key))];
      std::vector<EntryField> fields = good;
      fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(i), good[i]);
      if (!field.repeated()) {
        CHECK_THAT(std::string(ParseFields(type, fields).status().message()),
                   ContainsSubstring("twice"));
      }
      fields = good;
      if (i > 0 && good[i - 1].key != good[i].key) {
        std::swap(fields[i - 1], fields[i]);
        CHECK(ParseFields(type, fields).status().code() == absl::StatusCode::kInvalidArgument);
      }
      fields = good;
      fields[i].key = "no-such-key";
      CHECK_THAT(std::string(ParseFields(type, fields).status().message()),
                 ContainsSubstring("is no key of the type"));
      fields = good;
      fields[i].value = "\xe2\x9c\x93";  // a tick: text, and of no other kind
      if (field.kind != ValueKind::kText || good[i].key == "policy") {
        if (field.kind != ValueKind::kOrigin) CHECK_FALSE(ParseFields(type, fields).ok());
      }
    }
  }
}

TEST_CASE("Optional lines may be left out, in every type", "[entry]") {
  for (const EntryType& type : EntryTypes()) {
    INFO(type.name);
    std::vector<EntryField> fields;
    for (const EntryField& field : SampleFields(type)) {
      const FieldType& line = type.fields[static_cast<size_t>(FieldIndex(type, field.key))];
      const bool kept = field.key == "node" || field.key == "seen" ||
                        field.key == "round-start";  // see entry_rules.h
      if (line.required() || kept) fields.push_back(field);
    }
    REQUIRE_OK(ParseFields(type, fields));
  }
}

TEST_CASE("docs/LOG_FORMAT.md lists every type with its keys, kinds and presence", "[entry]") {
  std::ifstream file(std::string(MUTUAL_SOURCE_DIR) + "/docs/LOG_FORMAT.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const EntryType& type : EntryTypes()) {
    std::string row = "| " + std::string(type.name) + " |";
    size_t count = 0;
    for (const FieldType& field : type.fields) {
      row += (count++ == 0 ? " " : ", ") + std::string("`") + field.key + "` " + NameOf(field.kind);
      if (field.presence != Presence::kOne) row += " " + PresenceText(field);
    }
    INFO(row);
    CHECK(page.str().find(row + " |\n") != std::string::npos);
  }
}

}  // namespace mutual::transparency
