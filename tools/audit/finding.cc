#include "tools/audit/finding.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace mutual::audit {

void Findings::Add(std::string_view id, Verdict verdict, Finding finding) {
  finding.check = &FindCheck(id);
  finding.verdict = verdict;
  if (verdict == Verdict::kFail) {
    (finding.check->gravity == Gravity::kProof ? has_wrong_ : has_broken_) = true;
    ++failures_;
  }
  if (verdict == Verdict::kSkip) has_skip_ = true;
  const bool is_limited = verdict == Verdict::kFail || verdict == Verdict::kSkip;
  if (is_limited && ++limited_[{std::string(id), verdict}] > kMaxKept) return;
  findings_.push_back(std::move(finding));
}

void Findings::Pass(std::string_view id, std::string sentence) {
  Add(id, Verdict::kPass, {nullptr, Verdict::kPass, std::move(sentence), {}});
}
void Findings::Fail(std::string_view id, std::string sentence, std::optional<uint64_t> index) {
  Add(id, Verdict::kFail, {nullptr, Verdict::kFail, std::move(sentence), index});
}
void Findings::Skip(std::string_view id, std::string sentence) {
  Add(id, Verdict::kSkip, {nullptr, Verdict::kSkip, std::move(sentence), {}});
}
void Findings::NotAsked(std::string_view id, std::string sentence) {
  Add(id, Verdict::kNotAsked, {nullptr, Verdict::kNotAsked, std::move(sentence), {}});
}

void Findings::Judge(std::string_view id, const absl::Status& status,
                     std::optional<uint64_t> index) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return;
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kFailedPrecondition:
      return Skip(id, Describe(status));
    default:
      return Fail(id, Describe(status), index);
  }
}

uint64_t Findings::counted(std::string_view id) const {
  const auto found = counted_.find(std::string(id));
  return found == counted_.end() ? 0 : found->second;
}

uint64_t Findings::unkept(std::string_view id) const {
  uint64_t unkept = 0;
  for (const Verdict verdict : {Verdict::kFail, Verdict::kSkip}) {
    const auto found = limited_.find({std::string(id), verdict});
    if (found != limited_.end() && found->second > kMaxKept) unkept += found->second - kMaxKept;
  }
  return unkept;
}

void Findings::PassRest(const std::vector<std::string_view>& ids) {
  for (const std::string_view id : ids) {
    const bool named = std::any_of(findings_.begin(), findings_.end(),
                                   [&](const Finding& finding) { return id == finding.check->id; });
    if (named) continue;
    const uint64_t count = counted(id);
    Pass(id, count == 0
                 ? "nothing of that kind stands in the log"
                 : absl::StrFormat("%s (%s looked at)", FindCheck(id).sentence, Grouped(count)));
  }
}

std::vector<Finding> Findings::Sorted() const {
  std::vector<Finding> sorted = findings_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Finding& a, const Finding& b) {
    if (a.check != b.check) return CheckOrder(*a.check) < CheckOrder(*b.check);
    return a.index < b.index;
  });
  return sorted;
}

bool Findings::Has(std::string_view id, Verdict verdict) const {
  return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& finding) {
    return id == finding.check->id && finding.verdict == verdict;
  });
}

ExitCode Findings::exit_code() const {
  if (has_wrong_) return kWrong;
  if (has_broken_) return kRuleBroken;
  return has_skip_ ? kUnchecked : kVerified;
}

std::string Findings::Conclusion() const {
  switch (exit_code()) {
    case kWrong:
      return absl::StrFormat("%d %s wrong. Keep these files as evidence.", failures_,
                             failures_ == 1 ? "thing is" : "things are");
    case kRuleBroken:
      return absl::StrFormat("%d %s broken. The log itself is intact.", failures_,
                             failures_ == 1 ? "rule" : "rules");
    case kUnchecked:
      return "Nothing wrong was found, but not everything could be checked.";
    default:
      return "Verified: everything that was asked holds.";
  }
}

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

}  // namespace mutual::audit
