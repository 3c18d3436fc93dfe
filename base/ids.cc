#include "base/ids.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/status.h"

namespace mutual {

std::string Digest::ToHex() const { return HexEncode(bytes); }

absl::StatusOr<Digest> Digest::FromHex(const std::string& hex) {
  if (hex.size() != 64) {
    return InvalidArgument("digest has %d characters, want 64 hexadecimal digits", hex.size());
  }
  MUTUAL_ASSIGN_OR_RETURN(const std::string raw, HexDecode(hex));
  Digest digest;
  std::copy(raw.begin(), raw.end(), digest.bytes.begin());
  return digest;
}

absl::StatusOr<NodeId> NodeId::Parse(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.empty() || name.size() > 40 || name[0] < 'a' || name[0] > 'z' ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    return InvalidArgument(
        "organisation name is \"%s\", want 1 to 40 of a-z, 0-9 and '-', beginning with a letter",
        name.substr(0, 60));
  }
  return NodeId(name);
}

}  // namespace mutual
