#include "tools/simulate/misdeed.h"

#include <array>
#include <charconv>
#include <utility>

#include "base/status.h"
#include "study/plan/dice.h"
#include "tools/simulate/seeded_stream.h"

namespace mutual::simulate {
namespace {

constexpr std::array kKinds = {std::pair(Misdeed::kWrongLength, "wrong-length"),
                               std::pair(Misdeed::kBadDigest, "bad-digest"),
                               std::pair(Misdeed::kTwice, "twice"),
                               std::pair(Misdeed::kLate, "late"),
                               std::pair(Misdeed::kForged, "forged"),
                               std::pair(Misdeed::kBadKeys, "bad-keys"),
                               std::pair(Misdeed::kLyingScrutineer, "lying-scrutineer"),
                               std::pair(Misdeed::kSilentScrutineer, "silent-scrutineer")};

constexpr int kSteps = 6;  // slow answers come at so many instants, a quarter of the round apart

}  // namespace

std::string NameOf(Misdeed kind) {
  for (const auto& [one, name] : kKinds) {
    if (one == kind) return name;
  }
  return "none";
}

bool IsScrutineers(Misdeed kind) {
  return kind == Misdeed::kLyingScrutineer || kind == Misdeed::kSilentScrutineer;
}

absl::StatusOr<Misdeeds> ParseMisdeeds(const std::string& text) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  int count = 0;
  if (colon != std::string::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, count);
    if (error != std::errc() || stop != end) count = 0;
  }
  std::string known;
  for (const auto& [kind, kind_name] : kKinds) {
    if (name == kind_name && count > 0 && count <= 1000) return Misdeeds{kind, count};
    known += std::string(known.empty() ? "" : ", ") + kind_name;
  }
  return WithCode(InvalidArgument("byzantine is \"%s\", want KIND:COUNT such as wrong-length:2; "
                                  "kinds are %s",
                                  text, known),
                  "SIMULATE_BYZANTINE");
}

std::optional<absl::Duration> DelayOf(const Reliability& reliability, const std::string& name,
                                      uint64_t round, absl::Duration deadline) {
  study::Dice dice(SeedFor(reliability.seed, name + " in round " + std::to_string(round)));
  if (dice.Uniform() < reliability.drop_out) return std::nullopt;
  if (dice.Uniform() >= reliability.slow) return absl::ZeroDuration();
  const auto step = static_cast<int64_t>(dice.Word() % kSteps) + 1;
  return deadline / 4 * step;
}

}  // namespace mutual::simulate
