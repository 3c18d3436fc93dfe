#include "tools/audit/study_replay.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <vector>

#include "absl/strings/str_format.h"
#include "aggregation/masking/trust_bound.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "tools/audit/rules.h"
#include "transparency/signed_entry.h"

namespace mutual::audit {
namespace {

constexpr uint64_t kMaxStudyBytes = uint64_t{1} << 20;
constexpr uint64_t kMaxModelBytes = uint64_t{1} << 28;
constexpr size_t kBlock = size_t{1} << 20;

absl::Status CheckFile(const std::filesystem::path& path, const Digest& want) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return NotFound("%s is missing; copy it from the coordinator's content folder", path.string());
  }
  crypto::Sha256Stream hash;
  std::string block(kBlock, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(kBlock)) || file.gcount() > 0) {
    hash.Update(std::string_view(block.data(), static_cast<size_t>(file.gcount())));
  }
  if (hash.Finish() == want) return absl::OkStatus();
  return WithCode(DataLoss("%s has another SHA-256 than its name", path.string()),
                  "CONTENT_CORRUPT");
}

// The replay of one study; each step reports and says whether the next makes sense.
class Rerun {
 public:
  Rerun(const ReplayRequest& request, Findings* findings)
      : request_(request), study_(*request.study), findings_(*findings) {}

  void Run() {
    if (!ReadStudy()) return;
    for (const Round& round : study_.rounds) {
      if (round.number > request_.round || !round.release || !ReplayRound(round)) break;
      last_ = round.number;
    }
    if (last_ != request_.round) {
      return findings_.Skip("REPLAY", absl::StrFormat("round %d was not reached or not released; "
                                                      "the last replayed is %d",
                                                      request_.round, last_));
    }
    findings_.Pass("REPLAY", absl::StrFormat("%s: rounds 1 to %d recomputed",
                                             ShortStudy(study_.digest), last_));
    findings_.PassRest(
        {"REPLAY-FILES", "REPLAY-SUM", "REPLAY-RESULT", "REPLAY-MODEL", "REPLAY-CLIP"});
  }

 private:
  std::string PathOf(const Digest& digest) const {
    const std::string hex = digest.ToHex();
    const std::filesystem::path sharded = request_.folder / hex.substr(0, 2) / hex.substr(2);
    std::error_code error;
    return (std::filesystem::exists(sharded, error) ? sharded : request_.folder / hex).string();
  }

  bool ReadStudy() {
    const bool is_named = !request_.study_file.empty();
    const auto text =
        ReadFile(is_named ? request_.study_file.string() : PathOf(study_.digest), kMaxStudyBytes);
    if (!text.ok()) {
      findings_.Skip("REPLAY-STUDY",
                     "the study file is needed (--study-file FILE): " + Describe(text.status()));
      return false;
    }
    if (crypto::Sha256(*text) != study_.digest) {
      findings_.Fail("REPLAY-STUDY", "the study file has another SHA-256 than was proposed");
      return false;
    }
    auto begun = Recomputation::Begin(*text);
    if (!begun.ok()) {
      findings_.Skip("REPLAY-STUDY", Describe(begun.status()));
      return false;
    }
    rerun_.emplace(*std::move(begun));
    if (!(rerun_->Terms() == study_.terms)) {
      findings_.Fail("REPLAY-STUDY", "the proposal says otherwise than the study file: " +
                                         DifferenceOf(rerun_->Terms(), study_.terms));
      return false;
    }
    const auto& elected = rerun_->study().scrutineers;
    if (study_.masks.is_masked() &&
        (elected.organisations != study_.masks.scrutineers ||
         static_cast<uint64_t>(elected.threshold) != study_.masks.threshold)) {
      findings_.Fail(
          "REPLAY-STUDY",
          "the proposal names other scrutineers, or another threshold, than the study file");
      return false;
    }
    if (const auto start = rerun_->NamedStart(); start && !ReadStart(*start)) return false;
    findings_.Pass("REPLAY-STUDY", FindCheck("REPLAY-STUDY").sentence);
    if (!study_.rounds.empty()) {
      Compare("REPLAY-MODEL", study_.rounds[0], rerun_->StartModel(), study_.rounds[0].model_before,
              "starts at the model");
    }
    return true;
  }

  // The published model that the study begins from.
  bool ReadStart(const Digest& digest) {
    const auto bytes = ReadFile(PathOf(digest), kMaxModelBytes);
    absl::Status status = bytes.status();
    if (status.ok()) status = CheckFile(PathOf(digest), digest);
    if (status.ok()) status = rerun_->BeginAt(*bytes);
    if (!status.ok()) findings_.Judge("REPLAY-FILES", status);
    return status.ok();
  }

  // The paths of the round's files, checked; nothing when one is missing or wrong.
  std::optional<RoundFiles> FilesOf(const Round& round) {
    RoundFiles files{static_cast<int>(round.roster_size), study_.masks.is_masked(), {}, {}};
    const std::set<uint64_t> counted(round.counted.begin(), round.counted.end());
    std::vector<Digest> digests;
    for (const uint64_t index : counted) {
      const auto found = request_.kept->contributions().find(index);
      if (found == request_.kept->contributions().end()) {
        findings_.Fail("REPLAY-FILES",
                       absl::StrFormat("entry %s, which close %s counts, is no contribution",
                                       Grouped(index), Grouped(*round.close)),
                       index);
        return std::nullopt;
      }
      files.contributions.push_back(PathOf(found->second));
      digests.push_back(found->second);
    }
    const auto classes = request_.kept->ClassSums(study_.masks, round);
    if (!classes.ok()) {
      findings_.Judge("REPLAY-FILES", classes.status());
      return std::nullopt;
    }
    for (const Digest& digest : *classes) {
      files.class_sums.push_back(PathOf(digest));
      digests.push_back(digest);
    }
    if (!AreKept(round, digests)) return std::nullopt;
    return files;
  }

  // Whether all files of the round are there, with the bytes that their names promise.
  bool AreKept(const Round& round, const std::vector<Digest>& digests) {
    std::vector<Digest> gone;
    for (const Digest& digest : digests) {
      findings_.Count("REPLAY-FILES");
      std::error_code error;
      if (!std::filesystem::exists(PathOf(digest), error)) {
        gone.push_back(digest);
        continue;
      }
      const absl::Status status = CheckFile(PathOf(digest), digest);
      if (status.ok()) continue;
      findings_.Judge("REPLAY-FILES", status, round.release);
      return false;
    }
    if (gone.empty()) return true;
    findings_.Skip(
        "REPLAY-FILES",
        absl::StrFormat("%s: the bytes of %d of the %d files of round %d are gone, of %s… first; a "
                        "coordinator keeps the newest rounds only ([audit] keep_rounds), and the "
                        "digests for ever. An older copy of its content folder may have them",
                        ShortStudy(study_.digest), gone.size(), digests.size(), round.number,
                        gone.front().Short()));
    return false;
  }

  bool Compare(const char* id, const Round& round, const std::optional<Digest>& recomputed,
               const std::optional<Digest>& logged, const char* what) {
    if (!recomputed && !logged) return true;
    findings_.Count(id);
    if (recomputed == logged) return true;
    findings_.Fail(id,
                   absl::StrFormat("%s: round %d %s %s…, recomputed %s…", ShortStudy(study_.digest),
                                   round.number, what, logged ? logged->Short() : "none",
                                   recomputed ? recomputed->Short() : "none"),
                   round.release ? *round.release : round.start);
    return false;
  }

  // A clip that adapts follows from the sums before.
  bool HasClip(const Round& round) {
    findings_.Count("REPLAY-CLIP");
    if (round.gradient_clip == rerun_->clip()) return true;
    const auto words = [](const std::optional<double>& clip) {
      return clip ? FormatDouble(*clip) : "none";
    };
    findings_.Fail("REPLAY-CLIP",
                   absl::StrFormat("%s: round %d was started with the clip %s, recomputed %s",
                                   ShortStudy(study_.digest), round.number,
                                   words(round.gradient_clip), words(rerun_->clip())),
                   round.start);
    return false;
  }

  bool ReplayRound(const Round& round) {
    if (!HasClip(round)) return false;
    const std::optional<RoundFiles> files = FilesOf(round);
    if (!files) return false;
    const auto output = rerun_->Next(*files);
    if (!output.ok()) {
      findings_.Judge("REPLAY-SUM", output.status(), round.release);
      return false;
    }
    // All three are compared, so that the report says how far the difference goes.
    const bool same_sum = Compare("REPLAY-SUM", round, output->sum, round.sum, "released the sum");
    const bool same_result =
        Compare("REPLAY-RESULT", round, output->result, round.result, "released the result");
    const bool same_model =
        Compare("REPLAY-MODEL", round, output->model, round.model_after, "released the model");
    return same_sum && same_result && same_model;
  }

  const ReplayRequest& request_;
  const StudyHistory& study_;
  Findings& findings_;
  std::optional<Recomputation> rerun_;
  uint64_t last_ = 0;
};

}  // namespace

void KeptFiles::Take(uint64_t index, std::string_view bytes) {
  const auto entry = transparency::ParseSignedEntry(bytes);
  if (!entry.ok() || !entry->entry.understood()) return;
  const std::string& type = entry->entry.type();
  if (type != "contribution" && type != "tally") return;
  const Located at{index, &*entry};
  if (at.Hash("study") != study_) return;
  if (type == "contribution") {
    contributions_[index] = at.Hash("sha256");
    return;
  }
  const auto sums = entry->entry.ClassHashes("class-sum");
  if (!sums.ok()) return;
  for (const auto& sum : *sums) tallies_[index][sum.mask_class] = sum.hash;
}

absl::StatusOr<std::vector<Digest>> KeptFiles::ClassSums(const MaskHistory& masks,
                                                         const Round& round) const {
  std::vector<Digest> sums;
  if (!masks.is_masked()) return sums;
  const std::set<uint64_t> named(round.rests_on.begin(), round.rests_on.end());
  for (uint32_t c = 0; c < masks.classes->size(); ++c) {
    std::map<Digest, uint32_t> votes;
    for (const uint64_t index : named) {
      const auto tally = tallies_.find(index);
      if (tally == tallies_.end()) continue;
      const auto sum = tally->second.find(c);
      if (sum != tally->second.end()) ++votes[sum->second];
    }
    const uint32_t majority = aggregation::masking::HolderMajority(masks.classes->threshold());
    const auto agreed = std::find_if(votes.begin(), votes.end(), [majority](const auto& vote) {
      return vote.second >= majority;
    });
    if (agreed == votes.end()) {
      return DataLoss("the tallies of round %d hold no majority for the sum of mask class %d",
                      round.number, c);
    }
    sums.push_back(agreed->first);
  }
  return sums;
}

void ReplayStudy(const ReplayRequest& request, Findings* findings) {
  Rerun(request, findings).Run();
}

}  // namespace mutual::audit
