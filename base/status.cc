#include "base/status.h"

#include "absl/strings/cord.h"

namespace mutual {
namespace {
constexpr char kCodeUrl[] = "mutual/code";
}  // namespace

absl::Status WithCode(absl::Status status, const std::string& code) {
  if (!status.ok()) status.SetPayload(kCodeUrl, absl::Cord(code));
  return status;
}

std::string ErrorCode(const absl::Status& status) {
  const auto payload = status.GetPayload(kCodeUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

absl::Status Annotate(const absl::Status& status, const std::string& context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), context + ": " + std::string(status.message()));
  status.ForEachPayload([&](auto url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

std::string Describe(const absl::Status& status) {
  const std::string code = ErrorCode(status);
  std::string text(status.message());
  if (!code.empty()) text += " [" + code + "]";
  return text;
}

}  // namespace mutual
