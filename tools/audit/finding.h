// What an audit found: verdicts by check, and the exit code that follows from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "tools/audit/check.h"

namespace mutual::audit {

enum class Verdict {
  kPass,
  kFail,
  kSkip,      // could not check: exit code 3 when nothing failed
  kNotAsked,  // printed as skip, changes no exit code
};

enum ExitCode {
  kVerified = 0,
  kWrong = 1,
  kUsage = 2,
  kUnchecked = 3,
  kRuleBroken = 4,
};

struct Finding {
  const Check* check = nullptr;
  Verdict verdict = Verdict::kPass;
  std::string sentence;
  std::optional<uint64_t> index;  // of the entry concerned
};

// Collects findings. Of one check at most kMaxKept failures and
// as many skips are kept and the rest counted, so that
// a hostile log cannot fill memory. Not thread-safe.
class Findings {
 public:
  static constexpr uint64_t kMaxKept = 20;

  void Pass(std::string_view id, std::string sentence);
  void Fail(std::string_view id, std::string sentence, std::optional<uint64_t> index = {});
  void Skip(std::string_view id, std::string sentence);
  void NotAsked(std::string_view id, std::string sentence);
  // Fail for evidence (DATA_LOSS, UNAUTHENTICATED, …); Skip where nothing could be read
  // (NOT_FOUND, UNAVAILABLE, PERMISSION of files, …).
  void Judge(std::string_view id, const absl::Status& status, std::optional<uint64_t> index = {});

  // One more case of the check was looked at; PassRest says how many.
  void Count(std::string_view id) { ++counted_[std::string(id)]; }
  uint64_t counted(std::string_view id) const;
  // A pass for every check of `ids` that has no finding yet.
  void PassRest(const std::vector<std::string_view>& ids);

  // Sorted by check, then by index.
  std::vector<Finding> Sorted() const;
  bool Has(std::string_view id, Verdict verdict) const;
  uint64_t failures() const { return failures_; }
  // Failures and skips of the check that are counted but not kept.
  uint64_t unkept(std::string_view id) const;
  ExitCode exit_code() const;
  // "1 rule broken. The log itself is intact." and the like.
  std::string Conclusion() const;

 private:
  void Add(std::string_view id, Verdict verdict, Finding finding);
  std::vector<Finding> findings_;
  std::map<std::string, uint64_t> counted_;
  std::map<std::pair<std::string, Verdict>, uint64_t> limited_;  // failures and skips
  uint64_t failures_ = 0;
  bool has_wrong_ = false, has_broken_ = false, has_skip_ = false;
};

// "18,342".
std::string Grouped(uint64_t number);

}  // namespace mutual::audit
