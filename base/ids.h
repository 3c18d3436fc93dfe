// Identifiers: names of organisations and 32-byte digests.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace mutual {

// A SHA-256 value: the identity of a study, model, contribution or result.
struct Digest {
  std::array<uint8_t, 32> bytes{};

  std::string ToHex() const;                                       // 64 lowercase digits
  std::string Short() const { return ToHex().substr(0, 12); }      // for people only
  static absl::StatusOr<Digest> FromHex(const std::string& hex);   // lowercase only
  auto operator<=>(const Digest&) const = default;
};

// The pseudonym of an organisation and of the node it runs, e.g. "north-07":
// 1 to 40 of [a-z0-9-], beginning with a letter.
class NodeId {
 public:
  static absl::StatusOr<NodeId> Parse(const std::string& name);
  const std::string& name() const { return name_; }
  auto operator<=>(const NodeId&) const = default;

 private:
  explicit NodeId(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

}  // namespace mutual
