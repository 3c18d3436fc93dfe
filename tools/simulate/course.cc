#include "tools/simulate/course.h"

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/status.h"
#include "study/recipe.h"
#include "tools/simulate/in_process_channel.h"
#include "tools/simulate/work_pool.h"
#include "transparency/checkpoint.h"
#include "transparency/proof.h"
#include "transparency/signed_entry.h"

namespace mutual::simulate {
namespace {

constexpr int kMostIdle = 20;
constexpr size_t kMostThreads = 256;          // most of them wait for the log
constexpr uint64_t kMostBytes = 512'000'000;  // of vectors being made

absl::StatusOr<uint64_t> SizeOf(const std::string& checkpoint) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Note note, transparency::ParseNote(checkpoint));
  MUTUAL_ASSIGN_OR_RETURN(const auto parsed, transparency::ParseCheckpoint(note.text));
  return parsed.size;
}

absl::Duration Second() { return absl::Seconds(1); }

}  // namespace

// Contributions wait for the log together: one batch, with its cosignatures, serves many.
size_t Course::Threads() const {
  const auto recipe = study::MakeRecipe(*parts_.study);
  const uint64_t bytes = recipe.ok() ? (*recipe)->dimension() * 40 : kMostBytes;
  return std::clamp<size_t>(static_cast<size_t>(kMostBytes / std::max<uint64_t>(bytes, 1)), 2,
                            kMostThreads);
}

absl::StatusOr<StudyOutcome> Course::Run() {
  begun_ = parts_.clock->Now();
  coordinator::FederationCore& core = parts_.coordinator->core();
  while (true) {
    MUTUAL_RETURN_IF_ERROR(parts_.coordinator->Settle());
    MUTUAL_ASSIGN_OR_RETURN(const coordinator::StudyView view, core.Study(parts_.study->digest));
    const bool is_joining = view.record.state == "proposed";
    const bool is_over = view.record.state == "finished" || view.record.state == "abandoned";
    const auto rounds = static_cast<double>(std::max<uint64_t>(view.rounds, 1));
    parts_.progress(is_over ? 1 : static_cast<double>(view.round) / rounds);
    MUTUAL_ASSIGN_OR_RETURN(const bool has_duties, DoDuties(is_joining));
    MUTUAL_ASSIGN_OR_RETURN(const bool has_sent, SendKept());
    MUTUAL_ASSIGN_OR_RETURN(const bool has_taken_part, TakeParts());
    if (has_duties || has_sent || has_taken_part) {
      idle_ = 0;
      continue;
    }
    if (is_over) {
      Conclude(view);
      return outcome_;
    }
    MUTUAL_RETURN_IF_ERROR(MoveClock(is_joining));
  }
}

absl::StatusOr<bool> Course::DoDuties(bool is_joining) {
  std::vector<VirtualNode*> asked;
  const auto& scrutineers = parts_.study->scrutineers.organisations;
  for (const auto& node : *parts_.nodes) {
    const bool is_scrutineer =
        std::find(scrutineers.begin(), scrutineers.end(), node->name()) != scrutineers.end();
    if (is_joining || is_scrutineer) asked.push_back(node.get());
  }
  std::atomic<bool> any = false;
  MUTUAL_RETURN_IF_ERROR(ForEach(asked.size(), kMostThreads, [&](size_t i) -> absl::Status {
    const auto duties = DutiesOf(parts_.coordinator->core(), asked[i]->name());
    MUTUAL_ASSIGN_OR_RETURN(const bool did, asked[i]->DoDuties(duties));
    if (did) any = true;
    return absl::OkStatus();
  }));
  return any.load();
}

absl::Status Course::BeginRound(const std::string& receipt) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Proof proof, transparency::ParseProof(receipt));
  MUTUAL_ASSIGN_OR_RETURN(const auto start,
                          transparency::ParseSignedEntry(proof.entry.value_or("")));
  CountTooLate();
  receipt_ = receipt;
  MUTUAL_ASSIGN_OR_RETURN(round_, start.entry.Integer("round"));
  MUTUAL_ASSIGN_OR_RETURN(deadline_, start.entry.Time("deadline"));
  RoundOutcome& outcome = outcome_.rounds.emplace_back();
  for (const auto& node : *parts_.nodes) {
    const auto delay =
        DelayOf(parts_.reliability, node->name(), round_, parts_.study->cohort.deadline);
    if (!delay) ++outcome.missed;
    parts_of_round_.push_back(
        {delay ? std::optional(parts_.clock->Now() + *delay) : std::nullopt, false});
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Course::TakeParts() {
  coordinator::FederationCore& core = parts_.coordinator->core();
  auto& nodes = *parts_.nodes;
  for (const auto& node : nodes) {
    const std::vector<std::string> notices = core.NoticesFor(node->name());
    if (notices.empty()) continue;
    if (notices[0] != receipt_) MUTUAL_RETURN_IF_ERROR(BeginRound(notices[0]));
    break;
  }
  std::vector<size_t> due;
  for (size_t i = 0; i < parts_of_round_.size(); ++i) {
    Part& part = parts_of_round_[i];
    if (part.done || !part.at || *part.at > parts_.clock->Now()) continue;
    part.done = true;
    due.push_back(i);
  }
  // Whoever comes twice comes before the others: the last answer of all would end the round.
  const auto others = std::stable_partition(
      due.begin(), due.end(), [&](size_t i) { return nodes[i]->misdeed() == Misdeed::kTwice; });
  const std::span<const size_t> all = due;
  const auto twice = static_cast<size_t>(others - due.begin());
  MUTUAL_RETURN_IF_ERROR(TakePartsOf(all.first(twice)));
  MUTUAL_RETURN_IF_ERROR(TakePartsOf(all.subspan(twice)));
  return !due.empty();
}

absl::Status Course::TakePartsOf(std::span<const size_t> due) {
  coordinator::FederationCore& core = parts_.coordinator->core();
  std::mutex mutex;
  return ForEach(due.size(), Threads(), [&](size_t i) -> absl::Status {
    VirtualNode& node = *(*parts_.nodes)[due[i]];
    // A new ledger forgot nothing of what others wrote a moment ago.
    if (round_ == 1) {
      MUTUAL_ASSIGN_OR_RETURN(const uint64_t size, SizeOf(core.log().checkpoint()));
      MUTUAL_RETURN_IF_ERROR(node.ReadyForRounds(size));
    }
    const absl::Status taken = node.TakePart(receipt_);
    std::string code = node.misbehaving().TakeDeclined();
    if (taken.ok() && code.empty()) return absl::OkStatus();
    if (absl::IsInternal(taken)) return taken;
    if (code.empty()) code = ErrorCode(taken);
    const std::lock_guard<std::mutex> lock(mutex);
    ++outcome_.rounds.back().lost[code.empty() ? NameOf(node.misdeed()) : code];
    return absl::OkStatus();
  });
}

// What organisations kept back goes out when its round is over.
absl::StatusOr<bool> Course::SendKept() {
  bool any = false;
  for (const auto& node : *parts_.nodes) {
    const bool is_open = !parts_.coordinator->core().NoticesFor(node->name()).empty();
    if (!node->misbehaving().has_kept() || is_open) continue;
    any = true;
    node->misbehaving().SendKept().IgnoreError();  // noted by the channel
  }
  return any;
}

// To the next instant at which something is due.
absl::Status Course::MoveClock(bool is_joining) {
  if (++idle_ > kMostIdle) {
    return WithCode(Internal("the simulation stands still in round %d", round_), "SIMULATE_STUCK");
  }
  const absl::Time now = parts_.clock->Now();
  const study::CohortSpec& cohort = parts_.study->cohort;
  absl::Time next = now + cohort.deadline + Second();  // a tally's end
  if (is_joining) {
    next = idle_ == 1 ? begun_ + cohort.join_window + Second() : now + cohort.deadline + Second();
  } else if (now <= deadline_) {
    next = deadline_ + Second();
    for (const Part& part : parts_of_round_) {
      if (part.at && !part.done) next = std::min(next, *part.at);
    }
  } else {
    // Those who are too late try all the same.
    for (const Part& part : parts_of_round_) {
      if (part.at && !part.done) next = std::min(next, *part.at);
    }
  }
  parts_.clock->MoveTo(std::max(next, now));
  return absl::OkStatus();
}

// Of the round that is over: who would have answered now, or later.
void Course::CountTooLate() {
  for (const Part& part : parts_of_round_) {
    if (part.at && !part.done) ++outcome_.rounds.back().lost["too-late"];
  }
  parts_of_round_.clear();
}

void Course::Conclude(const coordinator::StudyView& view) {
  CountTooLate();
  outcome_.state = view.record.state;
  outcome_.reason = view.record.reason;
  outcome_.result_json = view.record.result_json;
  outcome_.privacy_json = view.record.privacy_json;
  outcome_.model = view.record.model;
  outcome_.duration = parts_.clock->Now() - begun_;
  coordinator::PublicLog& log = parts_.coordinator->core().log();
  const std::string study = transparency::PrintStudy(parts_.study->digest);
  for (size_t r = 0; r < outcome_.rounds.size(); ++r) {
    const auto close = log.Find("close/" + study + "/" + std::to_string(r + 1));
    if (!close) continue;
    const auto entry = transparency::ParseSignedEntry(close->bytes);
    if (!entry.ok()) continue;
    const auto counted = entry->entry.Integers("contribution");
    if (counted.ok()) outcome_.rounds[r].counted = counted->size();
  }
  for (const auto& node : *parts_.nodes) {
    for (const std::string& code : node->misbehaving().refusals()) ++outcome_.refusals[code];
  }
}

}  // namespace mutual::simulate
