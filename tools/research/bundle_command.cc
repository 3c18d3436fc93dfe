// `mutual bundle`: everything that a release says, and what proves it, in one folder.
#include <cstdio>
#include <map>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/node/home.h"
#include "crypto/digest.h"
#include "study/page/dictionary.h"
#include "study/recipe.h"
#include "tools/research/commands.h"
#include "tools/research/release_facts.h"

namespace mutual::research {
namespace {

using Json = nlohmann::ordered_json;
using Files = std::map<std::string, std::string>;  // by name within the bundle

Json SchemaJson(const study::Study& study) {
  Json columns = Json::array();
  for (const study::Column& column : study.schema.columns) {
    Json json = {{"name", column.name}, {"unit", column.unit}, {"definition", column.definition}};
    if (column.type == study::ColumnType::kCategory) {
      json["categories"] = column.categories;
    } else if (column.type != study::ColumnType::kText) {
      json["lower"] = column.lower;
      json["upper"] = column.upper;
    }
    columns.push_back(std::move(json));
  }
  return columns;
}

// What a user of the result or model must know: docs/BUNDLE_FORMAT.md.
Json Passport(const ReleaseFacts& facts, const client::Outcome& outcome,
              const std::vector<std::string>& inputs) {
  const study::Study& study = facts.study;
  Json json = {{"version", 1},
               {"study", study.digest.ToHex()},
               {"title", study.title},
               {"recipe", std::string(study::KindName(study.recipe))},
               {"rounds", study.rounds()},
               {"licence", study.licence},
               {"contact", study.contact},
               {"privacy",
                {{"unit", "one member with all their rows"},
                 {"delta", facts.delta},
                 {"epsilon_node", facts.epsilon_node},
                 {"epsilon_public", facts.epsilon_public},
                 {"noise_multiplier", study.privacy.noise_multiplier},
                 {"sampling_rate", study.privacy.sampling_rate},
                 {"max_rows", study.privacy.max_rows}}},
               {"schema", SchemaJson(study)},
               {"organisations", facts.organisations}};
  Json limits = {
      "Values outside a column's bounds were clamped to them.",
      "Figures are of the members of these organisations, not of all workers.",
      "Members of several of these organisations are protected less, once for each.",
      "What is true of a group can be learned from the figures, whoever took part."};
  if (study.cost().local_steps > 0) json["privacy"]["local_steps"] = study.cost().local_steps;
  if (!outcome.model_digest.empty()) {
    limits.push_back("A model may be wrong for members unlike those it was trained on.");
    json["model"] = {{"sha256", HexEncode(AsBytes(outcome.model_digest))}, {"inputs", inputs}};
  }
  json["limits"] = limits;
  return json;
}

absl::Status WriteFiles(const std::filesystem::path& folder, Files files) {
  std::string manifest;  // the format of sha256sum
  for (const auto& [name, bytes] : files) {
    manifest += crypto::Sha256(bytes).ToHex() + "  " + name + "\n";
  }
  files["MANIFEST"] = manifest;
  std::error_code error;
  std::filesystem::create_directories(folder / "receipts", error);
  for (const auto& [name, bytes] : files) {
    MUTUAL_RETURN_IF_ERROR(WriteFileDurably(folder / name, bytes, FileMode::kPublic));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteBundle(const CommandOptions& options, const std::string& prefix,
                         const std::string& output) {
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const client::Outcome outcome, OutcomeOf(*channel, prefix));
  MUTUAL_ASSIGN_OR_RETURN(const ReleaseFacts facts, FactsOf(outcome));
  const std::filesystem::path folder =
      output.empty() ? "bundle-" + facts.study.digest.Short() : output;
  if (std::filesystem::exists(folder) && !std::filesystem::is_empty(folder)) {
    return WithCode(FailedPrecondition("%s is not empty; name another folder with -o, so that no "
                                       "bundle mixes with another",
                                       folder.string()),
                    "BUNDLE_FOLDER");
  }
  Files files = {{"study.toml", facts.study.text},
                 {"result.json", outcome.result_json},
                 {"result.csv", study::ToDefinedCsv(facts.result)},
                 {"result.html", study::ToHtml(facts.page())}};
  std::vector<std::string> inputs;
  if (!outcome.model_digest.empty()) {
    MUTUAL_ASSIGN_OR_RETURN(FetchedModel model, FetchModel(*channel, outcome, facts.study));
    files["model.f32"] = std::move(model.bytes);
    files["model.safetensors"] = std::move(model.safetensors);
    inputs = std::move(model.inputs);
  }
  files["passport.json"] = Passport(facts, outcome, inputs).dump(2) + "\n";
  for (const NamedReceipt& receipt : facts.receipts) {
    files["receipts/" + receipt.name] = receipt.bytes;
  }
  MUTUAL_RETURN_IF_ERROR(WriteFiles(folder, files));
  if (options.json) {
    std::printf("%s\n", Json{{"folder", folder.string()}, {"files", files.size() + 1}}.dump().c_str());
  } else {
    std::printf("Wrote %d files to %s. Anybody can check them, offline, with:\n  mutual-audit --policy "
                "mutual-audit.policy verify-bundle %s\n",
                static_cast<int>(files.size()) + 1, folder.c_str(), folder.c_str());
  }
  return absl::OkStatus();
}

}  // namespace mutual::research
