#include "coordinator/enrolment/audit_config.h"

#include <string>

#include "base/status.h"
#include "base/toml.h"

namespace mutual::coordinator {

absl::StatusOr<std::optional<uint64_t>> KeepRoundsOf(std::string_view toml) {
  const toml::parse_result parsed = toml::parse(toml);
  if (!parsed) {
    return InvalidArgument("coordinator.toml, line %d: %s", parsed.error().source().begin.line,
                           std::string(parsed.error().description()));
  }
  const auto value = parsed.table()["audit"]["keep_rounds"];
  if (!value) return std::nullopt;
  const auto rounds = value.value_exact<int64_t>();
  if (rounds && *rounds >= 0) return static_cast<uint64_t>(*rounds);
  return InvalidArgument(
      "coordinator.toml: [audit] keep_rounds is no whole number of 0 or more; write how many "
      "finished "
      "rounds to keep for replays, or leave it out to keep the newest, up to 2 GB");
}

}  // namespace mutual::coordinator
