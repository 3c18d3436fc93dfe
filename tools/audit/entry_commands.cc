// Commands that show entries: show, list, export.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/status.h"
#include "tools/audit/commands.h"

namespace mutual::audit {
namespace {

using Json = nlohmann::ordered_json;

struct Opened {
  Findings findings;
  AuditedLog log;
};

// A log whose right edge leads to its checkpoint, whoever signed that.
absl::StatusOr<std::unique_ptr<Opened>> OpenForReading(const CommandOptions& options) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string source, SourceOf(options, ""));
  MUTUAL_ASSIGN_OR_RETURN(const auto policy, TrustOf(options));
  auto opened = std::make_unique<Opened>();
  MUTUAL_ASSIGN_OR_RETURN(opened->log,
                          OpenLog(source, policy ? &*policy : nullptr, &opened->findings));
  if (opened->log.reader == nullptr) {
    return DataLoss("the log's tiles do not lead to its checkpoint; run: mutual-audit verify %s",
                    source);
  }
  return opened;
}

Json JsonOf(uint64_t index, std::string_view bytes) {
  Json json = {{"index", index}, {"leaf", transparency::LeafHash(bytes).ToHex()}};
  const auto entry = transparency::ParseSignedEntry(bytes);
  if (entry.ok()) {
    json["type"] = entry->entry.type();
    json["version"] = entry->entry.version();
    json["log"] = entry->entry.log();
    Json fields = Json::array();
    for (const auto& field : entry->entry.fields()) fields.push_back({field.key, field.value});
    json["fields"] = std::move(fields);
    Json signers = Json::array();
    for (const auto& signature : entry->note.signatures) signers.push_back(signature.name);
    json["signers"] = std::move(signers);
  }
  json["bytes"] = Base64Encode(AsBytes(bytes));
  return json;
}

std::string LineOf(const transparency::Entry& entry) {
  std::string line = absl::StrFormat("%-13s", entry.type());
  for (const char* const key : {"study", "round", "node", "researcher", "title", "code"}) {
    const auto value = entry.Text(key);
    if (!value.ok()) continue;
    line += std::string(key) == "study" ? "  " + value->substr(7, 12) + "…" : "  " + *value;
  }
  return line;
}

// Goes through all entries; OK or what went wrong.
int ForEachEntry(const CommandOptions& options, const transparency::LogReader::Visitor& visit) {
  const auto opened = OpenForReading(options);
  if (!opened.ok()) return Refuse(opened.status());
  transparency::LogReader& reader = *(*opened)->log.reader;
  const absl::Status read = reader.ForEach(0, reader.tree().size, visit);
  if (!read.ok()) return Refuse(read);
  return (*opened)->findings.exit_code();
}

}  // namespace

int RunShow(const CommandOptions& options, uint64_t index) {
  const auto opened = OpenForReading(options);
  if (!opened.ok()) return Refuse(opened.status());
  const auto bytes = (*opened)->log.reader->Entry(index);
  if (!bytes.ok()) return Refuse(bytes.status());
  if (options.json) {
    std::fputs(
        (JsonOf(index, *bytes).dump(2, ' ', false, Json::error_handler_t::replace) + "\n").c_str(),
        stdout);
  } else if (transparency::ParseNote(*bytes).ok()) {
    // A note has no control characters that could fool a terminal.
    std::fputs(bytes->c_str(), stdout);
  } else {
    std::fputs((HexEncode(AsBytes(*bytes)) + "\n").c_str(), stdout);
  }
  const Findings& findings = (*opened)->findings;
  if (findings.exit_code() != kVerified) {
    std::fprintf(stderr, "mutual-audit: entry %s leads to the root, but: %s\n",
                 Grouped(index).c_str(), findings.Conclusion().c_str());
  }
  return findings.exit_code();
}

int RunList(const CommandOptions& options, const std::string& type) {
  return ForEachEntry(options, [&](uint64_t index, std::string_view bytes) {
    const auto entry = transparency::ParseSignedEntry(bytes);
    if (!type.empty() && (!entry.ok() || entry->entry.type() != type)) return absl::OkStatus();
    std::printf("%9s  %s\n", Grouped(index).c_str(),
                entry.ok() ? LineOf(entry->entry).c_str() : "no entry");
    return absl::OkStatus();
  });
}

int RunExport(const CommandOptions& options) {
  return ForEachEntry(options, [](uint64_t index, std::string_view bytes) {
    std::puts(JsonOf(index, bytes).dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    return absl::OkStatus();
  });
}

}  // namespace mutual::audit
