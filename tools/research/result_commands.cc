#include <cstdio>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/learning/trainer.h"
#include "client/node/home.h"
#include "client/node/print.h"
#include "client/node/round_guard.h"
#include "study/feature.h"
#include "study/model.h"
#include "study/page/dictionary.h"
#include "study/page/result_page.h"
#include "study/result.h"
#include "tools/research/commands.h"
#include "tools/research/release_facts.h"

namespace mutual::research {
namespace {

void PrintPrivacy(const std::string& privacy_json) {
  const auto json = nlohmann::json::parse(privacy_json, nullptr, false);
  if (json.is_discarded()) return;
  std::printf(
      "\nWhat it cost in privacy, per member (chance of failure %g):\n"
      "  if everyone else colluded: %.3f (epsilon_node)\n"
      "  from what is published:    %.3f (epsilon_public)\n",
      json.value("delta", 0.0), json.value("epsilon_node", 0.0),
      json.value("epsilon_public", 0.0));
  if (!json.contains("epsilon_node_pld")) return;
  std::printf("  by the tighter accountant: %.3f and %.3f (privacy-loss distributions)\n",
              json.value("epsilon_node_pld", 0.0), json.value("epsilon_public_pld", 0.0));
  for (const auto& line : json.value("assumptions", nlohmann::json::array())) {
    if (line.is_string()) std::printf("  %s\n", line.get<std::string>().c_str());
  }
}

nlohmann::ordered_json TermsJson(const std::vector<study::Term>& terms) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const study::Term& term : terms) {
    json.push_back({{"name", term.name}, {"unit", term.unit}, {"meaning", term.meaning}});
  }
  return json;
}

}  // namespace

absl::StatusOr<client::Outcome> OutcomeOf(client::Channel& channel, const std::string& prefix) {
  MUTUAL_ASSIGN_OR_RETURN(const client::StudySummary found, FindStudy(channel, prefix));
  MUTUAL_ASSIGN_OR_RETURN(client::Outcome outcome, channel.GetOutcome(found.digest));
  if (outcome.study.state != client::StudyState::kFinished) {
    return WithCode(FailedPrecondition("the study is %s, round %d of %d; follow it with: mutual "
                                       "watch %s",
                                       client::StateName(outcome.study.state), outcome.study.round,
                                       outcome.study.rounds, found.digest.Short()),
                    "STUDY_NOT_FINISHED");
  }
  return outcome;
}

absl::Status Results(const CommandOptions& options, const std::string& prefix,
                     const std::string& format) {
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const client::Outcome outcome, OutcomeOf(*channel, prefix));
  MUTUAL_ASSIGN_OR_RETURN(const ReleaseFacts facts, FactsOf(outcome));
  if (format == "json") {
    nlohmann::ordered_json json = {
        {"study", outcome.study.digest.ToHex()},
        {"title", outcome.study.title},
        {"result", nlohmann::ordered_json::parse(outcome.result_json, nullptr, false)},
        {"privacy", nlohmann::ordered_json::parse(outcome.privacy_json, nullptr, false)},
        {"model", HexEncode(AsBytes(outcome.model_digest))},
        {"organisations", facts.organisations},
        {"dictionary",
         {{"estimates", TermsJson(study::EstimatesOf(facts.result))},
          {"columns", TermsJson(study::ColumnsOf(facts.study))}}}};
    std::printf("%s\n", json.dump(2).c_str());
  } else if (format == "csv") {
    std::printf("%s", study::ToDefinedCsv(facts.result).c_str());
  } else if (format == "html") {
    std::printf("%s", study::ToHtml(facts.page()).c_str());
  } else {
    std::printf("%s\n\n%s", outcome.study.title.c_str(), study::ToText(facts.result).c_str());
    PrintPrivacy(outcome.privacy_json);
  }
  return absl::OkStatus();
}

// One of the study's published models, by the hexadecimal digits of its digest.
static absl::StatusOr<FetchedModel> FetchOne(client::Channel& channel,
                                             const client::Outcome& outcome,
                                             const study::Study& study, const std::string& hex) {
  FetchedModel fetched;
  MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(study));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, Digest::FromHex(hex));
  MUTUAL_ASSIGN_OR_RETURN(
      fetched.bytes,
      channel.ResearchContent(digest, static_cast<uint64_t>(layout.parameter_count()) * 4));
  MUTUAL_ASSIGN_OR_RETURN(fetched.parameters, study::ParseModel(fetched.bytes, layout));
  MUTUAL_ASSIGN_OR_RETURN(
      const study::FeatureMap features,
      study::FeatureMap::Create(study.schema, std::get<study::TrainSpec>(study.recipe)));
  fetched.inputs = features.Describe();
  std::vector<std::pair<std::string, std::string>> metadata = {{"study", study.digest.ToHex()},
                                                               {"model", digest.ToHex()},
                                                               {"privacy", outcome.privacy_json}};
  for (size_t i = 0; i < fetched.inputs.size(); ++i) {
    metadata.emplace_back(absl::StrFormat("input.%d", i), fetched.inputs[i]);
  }
  fetched.safetensors = study::ToSafetensors(layout, fetched.parameters, metadata);
  return fetched;
}

absl::StatusOr<FetchedModel> FetchModel(client::Channel& channel, const client::Outcome& outcome,
                                        const study::Study& study) {
  return FetchOne(channel, outcome, study, HexEncode(AsBytes(outcome.model_digest)));
}

absl::Status Fetch(const CommandOptions& options, const std::string& prefix,
                   const std::string& output) {
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const client::Outcome outcome, OutcomeOf(*channel, prefix));
  if (outcome.model_digest.empty()) {
    return WithCode(FailedPrecondition("this study trained no model; read it with: mutual results"),
                    "NO_MODEL");
  }
  MUTUAL_ASSIGN_OR_RETURN(const study::Study study,
                          study::ParseStudy(outcome.study.text, client::SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(const study::Result result, study::ResultFromJson(outcome.result_json));
  std::vector<study::FurtherModel> models = {{"", HexEncode(AsBytes(outcome.model_digest))}};
  models.insert(models.end(), result.further_models.begin(), result.further_models.end());
  std::error_code error;
  std::filesystem::create_directories(output, error);
  MUTUAL_ASSIGN_OR_RETURN(const client::TrainerPtr trainer, client::LoadTrainer({"cpu", (options.folder / "scripts").string()}));
  nlohmann::ordered_json json;
  std::string lines;
  for (const study::FurtherModel& model : models) {
    MUTUAL_ASSIGN_OR_RETURN(const FetchedModel fetched,
                            FetchOne(*channel, outcome, study, model.digest));
    std::string stem = "model-" + study.digest.Short();
    if (!model.name.empty()) stem += "-" + absl::StrReplaceAll(model.name, {{" ", "-"}});
    const std::string tensors = (std::filesystem::path(output) / (stem + ".safetensors")).string();
    const std::string script = (std::filesystem::path(output) / (stem + ".pt")).string();
    MUTUAL_RETURN_IF_ERROR(WriteFileDurably(tensors, fetched.safetensors, FileMode::kPublic));
    MUTUAL_RETURN_IF_ERROR(trainer->ExportTorchScript(study, fetched.parameters, script));
    const nlohmann::ordered_json paths = {{"safetensors", tensors}, {"torchscript", script}};
    if (model.name.empty()) {
      json = paths;
    } else {
      json["further"][model.name] = paths;
    }
    lines += (lines.empty() ? "Wrote " : "\nWrote ") + tensors + " and " + script;
  }
  client::Print(options.json, json, lines);
  return absl::OkStatus();
}

absl::Status DescribeScript(const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const client::TrainerPtr trainer, client::LoadTrainer({"cpu"}));
  MUTUAL_ASSIGN_OR_RETURN(const std::string lines, trainer->DescribeScript(path));
  std::printf("%s", lines.c_str());
  return absl::OkStatus();
}

}  // namespace mutual::research
