#include "tools/research/federation_size.h"

#include <charconv>
#include <cmath>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "base/status.h"
#include "study/plan/dice.h"

namespace mutual::research {
namespace {

constexpr int kMostNodes = 1000;
constexpr double kMostMembers = 1e7;

absl::Status Wrong(const std::string& text) {
  return WithCode(InvalidArgument("members is \"%s\", want 250 (with --nodes), a list such as "
                                  "120,80,300, or lognormal:MEDIAN:SIGMA (with --nodes); at most "
                                  "1,000 organisations of 1 to 10,000,000",
                                  text),
                  "PLAN_MEMBERS");
}

bool ReadNumber(const std::string& text, double* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(*value);
}

absl::StatusOr<std::vector<double>> Numbers(const std::vector<std::string>& parts) {
  std::vector<double> members;
  for (const std::string& part : parts) {
    const std::string text(absl::StripAsciiWhitespace(part));
    if (text.empty()) continue;
    double value = 0;
    if (!ReadNumber(text, &value) || value < 1 || value > kMostMembers) return Wrong(text);
    members.push_back(value);
  }
  if (members.empty() || members.size() > kMostNodes) return Wrong("");
  return members;
}

}  // namespace

absl::StatusOr<std::vector<double>> ParseMembers(const std::string& members, int nodes) {
  const std::vector<std::string> law = absl::StrSplit(members, ':');
  if (law[0] == "lognormal") {
    double median = 0, sigma = 0;
    if (law.size() != 3 || !ReadNumber(law[1], &median) || !ReadNumber(law[2], &sigma) ||
        median < 1 || median > kMostMembers || sigma < 0 || sigma > 3 || nodes < 1 ||
        nodes > kMostNodes) {
      return Wrong(members);
    }
    study::Dice dice(1);
    std::vector<double> sizes;
    for (int i = 0; i < nodes; ++i) {
      sizes.push_back(std::max(1.0, std::round(median * std::exp(sigma * dice.Normal()))));
    }
    return sizes;
  }
  MUTUAL_ASSIGN_OR_RETURN(std::vector<double> sizes, Numbers(absl::StrSplit(members, ',')));
  if (sizes.size() > 1) return sizes;
  if (nodes < 1 || nodes > kMostNodes) return Wrong(members);
  return std::vector<double>(static_cast<size_t>(nodes), sizes[0]);
}

absl::StatusOr<std::vector<double>> ReadMembers(const std::string& path) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 20));
  return Numbers(absl::StrSplit(text, '\n'));
}

}  // namespace mutual::research
