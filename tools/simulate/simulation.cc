#include "tools/simulate/simulation.h"

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <thread>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "client/node/round_guard.h"
#include "tools/simulate/scratch_folder.h"
#include "tools/simulate/seeded_stream.h"
#include "tools/simulate/virtual_federation.h"
#include "tools/simulate/work_pool.h"

namespace mutual::simulate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr uint64_t kStudyBytes = 1 << 20;
constexpr int kMostRepeats = 100'000;

absl::Status CheckRequest(const SimulationRequest& request) {
  std::error_code error;
  if (!request.out.empty() && fs::exists(request.out, error)) {
    return WithCode(
        AlreadyExists("%s is there already; choose a new folder", request.out.string()),
        "SIMULATE_OUT");
  }
  const auto is_share = [](double share) { return share >= 0 && share < 1; };
  if (request.repeats >= 1 && request.repeats <= kMostRepeats && is_share(request.drop_out) &&
      is_share(request.slow) && request.jobs >= 0) {
    return absl::OkStatus();
  }
  return WithCode(
      InvalidArgument("--repeat is %d (want 1 to %d), --drop-out %g and --slow %g (want 0 "
                      "to below 1), --jobs %d (want 1 or more)",
                      request.repeats, kMostRepeats, request.drop_out, request.slow, request.jobs),
      "SIMULATE_OPTIONS");
}

// The study as `propose` would take it.
absl::StatusOr<study::Study> ReadStudy(const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kStudyBytes));
  const study::LintResult lint = study::Lint(text, absl::Now(), client::SolveNoise);
  if (lint.study) return *lint.study;
  std::string all;
  for (const study::Problem& problem : lint.problems) {
    all += absl::StrFormat("\n  %s:%d: %s", path, problem.line, problem.message);
  }
  return WithCode(InvalidArgument("the study has problems:%s", all), "STUDY_INVALID");
}

absl::Status CopyTo(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to.parent_path(), error);
  fs::copy(from, to, fs::copy_options::recursive | fs::copy_options::overwrite_existing, error);
  return error ? Unavailable("cannot copy to %s: %s", to.string(), error.message())
               : absl::OkStatus();
}

absl::Status KeepFiles(const VirtualFederation& federation, const study::Study& study,
                       const fs::path& out) {
  MUTUAL_RETURN_IF_ERROR(CopyTo(federation.log_folder(), out / "log"));
  MUTUAL_RETURN_IF_ERROR(CopyTo(federation.content_folder(), out / "content"));
  MUTUAL_RETURN_IF_ERROR(CopyTo(federation.policy_file(), out / "mutual-audit.policy"));
  return WriteFileDurably(out / "study.toml", study.text, FileMode::kPublic);
}

// Everything that one repeat needs, shared by all of them.
struct Shared {
  const SimulationRequest* request;
  const study::Study* study;
  const Cast* cast;
  fs::path scratch;
  absl::Time start;
  Progress* progress;
};

absl::StatusOr<Json> RunRepeat(const Shared& shared, size_t number, size_t part) {
  const SimulationRequest& request = *shared.request;
  MUTUAL_ASSIGN_OR_RETURN(const ScratchFolder folder, ScratchFolder::Create(shared.scratch));
  const bool keeps = number == 0 && !request.out.empty();
  static std::mutex mutex;
  const auto say = [&request, number](const std::string& line) {
    if (!request.is_chatty) return;
    const std::lock_guard<std::mutex> lock(mutex);
    std::fprintf(stderr, "%d: %s\n", static_cast<int>(number) + 1, line.c_str());
  };
  MUTUAL_ASSIGN_OR_RETURN(
      const auto federation,
      VirtualFederation::Found({shared.study, shared.cast, folder.path() / "federation",
                                SeedFor(request.seed, "repeat " + std::to_string(number)),
                                shared.start, request.has_noise, keeps, request.misdeeds,
                                request.drop_out, request.slow,
                                [&](double share) { shared.progress->Set(part, share); }, say}));
  MUTUAL_ASSIGN_OR_RETURN(const StudyOutcome outcome, federation->Run());
  if (keeps) MUTUAL_RETURN_IF_ERROR(KeepFiles(*federation, *shared.study, request.out));
  return ToJson(outcome);
}

Json CodesJson(const std::map<std::string, uint64_t>& codes) {
  Json json = Json::object();
  for (const auto& [code, count] : codes) json[code] = count;
  return json;
}

// JSON of this rank's repeats: number r of `size` belongs to rank r modulo `size`.
absl::StatusOr<std::vector<std::string>> RunOwn(const Shared& shared, const Ranks& ranks) {
  std::vector<size_t> own;
  for (int i = ranks.rank(); i < shared.request->repeats; i += ranks.size()) {
    own.push_back(static_cast<size_t>(i));
  }
  std::vector<std::string> found(own.size());
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const size_t jobs = shared.request->jobs > 0 ? static_cast<size_t>(shared.request->jobs) : cores;
  MUTUAL_RETURN_IF_ERROR(ForEach(own.size(), jobs, [&](size_t i) -> absl::Status {
    MUTUAL_ASSIGN_OR_RETURN(const Json json, RunRepeat(shared, own[i], i));
    found[i] = json.dump();
    return absl::OkStatus();
  }));
  return found;
}

}  // namespace

Json ToJson(const StudyOutcome& outcome) {
  Json rounds = Json::array();
  for (const RoundOutcome& round : outcome.rounds) {
    rounds.push_back(
        {{"counted", round.counted}, {"missed", round.missed}, {"lost", CodesJson(round.lost)}});
  }
  const auto parsed = [](const std::string& text) {
    return text.empty() ? Json(nullptr) : Json::parse(text, nullptr, false);
  };
  return {{"state", outcome.state},
          {"reason", outcome.reason},
          {"rounds", rounds},
          {"refusals", CodesJson(outcome.refusals)},
          {"virtual_seconds", absl::ToInt64Seconds(outcome.duration)},
          {"model", outcome.model},
          {"result", parsed(outcome.result_json)},
          {"privacy", parsed(outcome.privacy_json)}};
}

absl::StatusOr<SimulationReport> Simulate(const SimulationRequest& request, Ranks& ranks) {
  SimulationReport report;
  absl::StatusOr<std::vector<std::string>> own = std::vector<std::string>();
  // Whatever goes wrong here, every rank comes to Gather.
  const auto run = [&]() -> absl::Status {
    MUTUAL_RETURN_IF_ERROR(CheckRequest(request));
    MUTUAL_ASSIGN_OR_RETURN(report.study, ReadStudy(request.study_file));
    MUTUAL_ASSIGN_OR_RETURN(const ScratchFolder scratch, ScratchFolder::Create(request.scratch));
    MUTUAL_ASSIGN_OR_RETURN(const Cast cast,
                            Cast::Create(report.study, request.data, scratch.path() / "parts"));
    report.organisations = cast.roles().size();
    for (const Role& role : cast.roles()) report.members += role.members;
    const auto parts = static_cast<size_t>((request.repeats - 1 - ranks.rank()) / ranks.size() + 1);
    Progress progress(std::max<size_t>(parts, 1), request.shows_progress && ranks.rank() == 0);
    own = RunOwn({&request, &report.study, &cast, scratch.path(), absl::Now(), &progress}, ranks);
    return own.status();
  };
  const absl::Status status = run();
  std::vector<std::string> sent = {std::to_string(ranks.rank()),
                                   status.ok() ? "" : Describe(status)};
  if (status.ok()) sent.insert(sent.end(), own->begin(), own->end());
  const std::vector<std::string> all = ranks.Gather(sent);
  MUTUAL_RETURN_IF_ERROR(status);
  report.repeats.resize(ranks.rank() == 0 ? static_cast<size_t>(request.repeats) : 0);
  for (size_t at = 0; at < all.size();) {
    const auto rank = static_cast<size_t>(std::stoi(all[at]));
    if (!all[at + 1].empty()) return Unavailable("rank %d: %s", rank, all[at + 1]);
    at += 2;
    for (size_t i = rank; i < report.repeats.size(); i += static_cast<size_t>(ranks.size())) {
      report.repeats[i] = Json::parse(all[at++], nullptr, false);
    }
  }
  return report;
}

}  // namespace mutual::simulate
