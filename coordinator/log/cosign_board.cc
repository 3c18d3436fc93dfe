#include "coordinator/log/cosign_board.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/time/clock.h"
#include "base/status.h"
#include "transparency/policy_change.h"

namespace mutual::coordinator {

namespace {
using transparency::AddCheckpointRequest;
constexpr std::chrono::seconds kGrace(2);  // for wanted witnesses, once the quorum is there
}  // namespace

// By names: TakeAnswer has verified every cosignature that is counted, and the log's writer does so
// again before it publishes.
bool CosignBoard::HasQuorum() const { return transparency::MeetsQuorum(*policy_, cosigned_); }

bool CosignBoard::HasWanted(const std::vector<WantedWitnesses>& wanted) const {
  return std::all_of(wanted.begin(), wanted.end(), [this](const WantedWitnesses& group) {
    const auto here =
        std::count_if(group.names.begin(), group.names.end(), [this](const auto& name) {
          mutex_.AssertHeld();  // by the caller, which the analysis does not see in here
          return cosigned_.count(name) > 0;
        });
    return static_cast<size_t>(here) >= group.count;
  });
}

// Fills in what the witness is asked, with a proof from where it stands.
absl::Status CosignBoard::Post(const transparency::CosignRequest& request, Place* place) {
  AddCheckpointRequest body;
  body.old_size = place->old_size;
  body.checkpoint = request.checkpoint;
  if (place->old_size == request.old_size) {
    body.proof = request.proof;
  } else {
    MUTUAL_ASSIGN_OR_RETURN(body.proof, request.prove(place->old_size));
  }
  place->body = PrintAddCheckpoint(body);
  place->asked.clear();
  place->is_stale = false;
  return absl::OkStatus();
}

// Answers those who said that they stand elsewhere. Proofs are made on the writer's thread.
absl::StatusOr<bool> CosignBoard::Refresh(const transparency::CosignRequest& request) {
  const absl::MutexLock lock(&mutex_);
  if (!std::exchange(has_stale_, false)) return false;
  for (auto& [name, place] : places_) {
    if (place.is_stale) MUTUAL_RETURN_IF_ERROR(Post(request, &place));
  }
  return true;
}

absl::StatusOr<std::vector<std::string>> CosignBoard::Collect(
    const transparency::CosignRequest& request, const transparency::Policy& policy,
    absl::Duration timeout, const std::vector<WantedWitnesses>& wanted) {
  MUTUAL_ASSIGN_OR_RETURN(transparency::Note note, transparency::ParseNote(request.checkpoint));
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Checkpoint checkpoint,
                          transparency::ParseCheckpoint(note.text));
  // However this ends, nobody may look at the caller's policy afterwards.
  const auto stop = absl::MakeCleanup([this] {
    const absl::MutexLock lock(&mutex_);
    policy_ = nullptr;
  });
  {
    const absl::MutexLock lock(&mutex_);
    policy_ = &policy;
    note_ = std::move(note);
    size_ = checkpoint.size;
    lines_.clear();
    cosigned_.clear();
    has_stale_ = is_rolled_back_ = false;
    if (HasQuorum()) return lines_;  // nobody need cosign
    for (const transparency::PolicyWitness& witness : policy.witnesses()) {
      Place& place = places_[witness.name];
      place.old_size = std::min(place.old_size == 0 ? request.old_size : place.old_size, size_);
      MUTUAL_RETURN_IF_ERROR(Post(request, &place));
    }
  }
  // A steady clock and short sleeps: the wall clock may jump, and absl's timed waits with it.
  const auto until = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(timeout);
  auto wait_for_wanted = std::chrono::steady_clock::time_point::max();
  wake_();
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      const bool in_time = std::chrono::steady_clock::now() < until;
      if (is_rolled_back_) {
        return WithCode(
            DataLoss("a witness has cosigned a larger tree than this log has: the storage "
                     "was set back. Restore the newest copy, or begin a new log"),
            "STORAGE_ROLLED_BACK");
      }
      if (HasQuorum()) {
        const auto now = std::chrono::steady_clock::now();
        wait_for_wanted = std::min(wait_for_wanted, now + kGrace);
        if (HasWanted(wanted) || now >= wait_for_wanted) return lines_;
      } else if (!in_time) {
        return Unavailable("%d of %d witnesses have cosigned, too few for the quorum",
                           lines_.size(), policy.witnesses().size());
      }
    }
    MUTUAL_ASSIGN_OR_RETURN(const bool refreshed, Refresh(request));
    if (refreshed) wake_();
    absl::SleepFor(absl::Milliseconds(1));
  }
}

std::optional<std::string> CosignBoard::RequestFor(const std::string& name) {
  const absl::MutexLock lock(&mutex_);
  const auto found = places_.find(name);
  if (policy_ == nullptr || found == places_.end() || !found->second.body) return std::nullopt;
  found->second.asked = *std::exchange(found->second.body, std::nullopt);
  return found->second.asked;
}

void CosignBoard::Reconnected(const std::string& name) {
  const absl::MutexLock lock(&mutex_);
  const auto found = places_.find(name);
  if (found == places_.end() || found->second.asked.empty()) return;
  found->second.body = found->second.asked;
}

void CosignBoard::TakeAnswer(const std::string& name, const transparency::WitnessAnswer& answer) {
  const absl::MutexLock lock(&mutex_);
  const auto found = places_.find(name);
  if (policy_ == nullptr || found == places_.end() || found->second.asked.empty()) return;
  Place& place = found->second;
  for (const transparency::PolicyWitness& witness : policy_->witnesses()) {
    if (witness.name != name) continue;
    const auto reply = ReadWitnessAnswer(answer, note_.text, witness.key);
    if (!reply.ok()) return;  // a witness that errs loses its own voice only
    place.asked.clear();
    if (reply->cosignature) {
      place.old_size = size_;
      cosigned_.insert(name);
      lines_.push_back(PrintSignatureLine(*reply->cosignature));
    } else if (reply->old_size && *reply->old_size > size_) {
      is_rolled_back_ = true;
    } else if (reply->old_size) {
      place.old_size = *reply->old_size;
      place.is_stale = has_stale_ = true;
    }
  }
}

}  // namespace mutual::coordinator
