#include "tools/audit/watch.h"

#include "base/file.h"
#include "base/status.h"
#include "tools/audit/print.h"
#include "tools/audit/source.h"

namespace mutual::audit {
namespace {

constexpr char kAlarm[] = ".alarm";

absl::StatusOr<std::string> ReadOrEmpty(const std::string& file) {
  absl::StatusOr<std::string> text = ReadFile(file, transparency::kMaxNoteBytes);
  if (absl::IsNotFound(text.status())) return std::string();
  return text;
}

}  // namespace

absl::StatusOr<std::string> WatchState::Newest() const { return ReadOrEmpty(file_); }
absl::StatusOr<std::string> WatchState::Alarm() const { return ReadOrEmpty(file_ + kAlarm); }

absl::Status WatchState::Remember(const std::string& checkpoint) const {
  return WriteFileDurably(file_, checkpoint, FileMode::kPublic);
}

absl::Status WatchState::Raise(const std::string& text) const {
  MUTUAL_ASSIGN_OR_RETURN(const std::string stands, Alarm());
  if (!stands.empty()) return absl::OkStatus();
  return WriteFileDurably(file_ + kAlarm, text, FileMode::kPublic);
}

absl::StatusOr<Look> LookAt(const std::string& source, const transparency::Policy* policy,
                            const WatchState& state) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string newest, state.Newest());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Fetch fetch, OpenSource(source));
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, fetch("checkpoint"));
  Look look;
  if (bytes == newest) return look;
  MUTUAL_ASSIGN_OR_RETURN(look.done, Verify({source, policy, newest, {}}));
  const Findings& findings = look.done->findings;
  const ExitCode code = findings.exit_code();
  if (code == kWrong || code == kRuleBroken) {
    look.is_alarm = true;
    MUTUAL_RETURN_IF_ERROR(
        state.Raise(ToText({"watch", look.done->headline, "", &findings}) + "\n" + bytes));
  }
  // What cannot be linked to the state must not replace it.
  const bool is_linked = newest.empty() || findings.Has("APPEND", Verdict::kPass);
  if (code == kWrong || !is_linked || !findings.Has("TREE", Verdict::kPass)) return look;
  MUTUAL_RETURN_IF_ERROR(state.Remember(look.done->log->head.bytes));
  return look;
}

}  // namespace mutual::audit
