#include <cstdio>

#include <nlohmann/json.hpp>

#include "absl/strings/str_format.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/learning/trainer.h"
#include "client/node/home.h"
#include "client/node/print.h"
#include "client/node/round_guard.h"
#include "study/feature.h"
#include "study/model.h"
#include "study/result.h"
#include "tools/research/commands.h"

namespace mutual::research {
namespace {

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

void PrintPrivacy(const std::string& privacy_json) {
  const auto json = nlohmann::json::parse(privacy_json, nullptr, false);
  if (json.is_discarded()) return;
  std::printf(
      "\nWhat it cost in privacy, per member (chance of failure %g):\n"
      "  if everyone else colluded: %.3f (epsilon_node)\n"
      "  from what is published:    %.3f (epsilon_public)\n",
      json.value("delta", 0.0), json.value("epsilon_node", 0.0),
      json.value("epsilon_public", 0.0));
}

}  // namespace

absl::Status Results(const CommandOptions& options, const std::string& prefix,
                     const std::string& format) {
  MUTUAL_ASSIGN_OR_RETURN(const auto home, client::Home::Load(options.folder));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const client::Outcome outcome, OutcomeOf(*channel, prefix));
  MUTUAL_ASSIGN_OR_RETURN(const study::Result result, study::ResultFromJson(outcome.result_json));
  if (format == "json") {
    nlohmann::ordered_json json = {
        {"study", outcome.study.digest.ToHex()},
        {"title", outcome.study.title},
        {"result", nlohmann::ordered_json::parse(outcome.result_json, nullptr, false)},
        {"privacy", nlohmann::ordered_json::parse(outcome.privacy_json, nullptr, false)},
        {"model", HexEncode(AsBytes(outcome.model_digest))}};
    std::printf("%s\n", json.dump(2).c_str());
  } else if (format == "csv") {
    std::printf("%s", study::ToCsv(result).c_str());
  } else {
    std::printf("%s\n\n%s", outcome.study.title.c_str(), study::ToText(result).c_str());
    PrintPrivacy(outcome.privacy_json);
  }
  return absl::OkStatus();
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
  MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(study));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest,
                          Digest::FromHex(HexEncode(AsBytes(outcome.model_digest))));
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string bytes,
      channel->ResearchContent(digest, static_cast<uint64_t>(layout.parameter_count()) * 4));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<float> model, study::ParseModel(bytes, layout));
  MUTUAL_ASSIGN_OR_RETURN(
      const study::FeatureMap features,
      study::FeatureMap::Create(study.schema, std::get<study::TrainSpec>(study.recipe)));
  std::vector<std::pair<std::string, std::string>> metadata = {
      {"study", study.digest.ToHex()}, {"model", digest.ToHex()}, {"privacy", outcome.privacy_json}};
  const std::vector<std::string> inputs = features.Describe();
  for (size_t i = 0; i < inputs.size(); ++i) {
    metadata.emplace_back(absl::StrFormat("input.%d", i), inputs[i]);
  }
  const std::filesystem::path folder(output);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string stem = "model-" + study.digest.Short();
  const auto tensors = folder / (stem + ".safetensors");
  const auto script = folder / (stem + ".pt");
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(tensors, study::ToSafetensors(layout, model, metadata),
                                          FileMode::kPublic));
  MUTUAL_ASSIGN_OR_RETURN(const client::TrainerPtr trainer, client::LoadTrainer({"cpu", (options.folder / "scripts").string()}));
  MUTUAL_RETURN_IF_ERROR(trainer->ExportTorchScript(study, model, script.string()));
  client::Print(options.json, {{"safetensors", tensors.string()}, {"torchscript", script.string()}},
                "Wrote " + tensors.string() + " and " + script.string());
  return absl::OkStatus();
}

absl::Status DescribeScript(const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const client::TrainerPtr trainer, client::LoadTrainer({"cpu"}));
  MUTUAL_ASSIGN_OR_RETURN(const std::string lines, trainer->DescribeScript(path));
  std::printf("%s", lines.c_str());
  return absl::OkStatus();
}

}  // namespace mutual::research
