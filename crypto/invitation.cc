#include "crypto/invitation.h"

#include <algorithm>
#include <vector>

#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::crypto {
namespace {

constexpr char kPrefix[] = "mutual1-";
constexpr size_t kPrefixSize = 8;

absl::Status Malformed() {
  return WithCode(InvalidArgument("this is not a whole invitation code; copy it again, from "
                                  "\"mutual1-\" to its end"),
                  "INVITATION_MALFORMED");
}

std::string Checksum(const std::string& body) {
  return std::string(AsText(Sha256(body).bytes).substr(0, 4));
}

}  // namespace

std::string Invitation::ToCode() const {
  std::string body;
  AppendLengthPrefixed(address, &body);
  AppendLengthPrefixed(AsText(ca_fingerprint.bytes), &body);
  AppendLengthPrefixed(AsText(log_key), &body);
  AppendLengthPrefixed(secret, &body);
  std::string text = Base64Encode(AsBytes(body + Checksum(body)));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  while (!text.empty() && text.back() == '=') text.pop_back();
  return kPrefix + text;
}

absl::StatusOr<Invitation> Invitation::Parse(const std::string& code) {
  if (code.rfind(kPrefix, 0) != 0 || code.size() > 1000) return Malformed();
  std::string text = code.substr(kPrefixSize);
  if (text.find_first_of("+/=") != std::string::npos) return Malformed();
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  text.append((4 - text.size() % 4) % 4, '=');
  const absl::StatusOr<std::string> decoded = Base64Decode(text);
  if (!decoded.ok() || decoded->size() < 4) return Malformed();
  const std::string body = decoded->substr(0, decoded->size() - 4);
  if (Checksum(body) != decoded->substr(body.size())) return Malformed();
  std::vector<std::string> fields;
  for (size_t at = 0; at < body.size();) {
    if (body.size() - at < 4) return Malformed();
    size_t size = 0;
    for (size_t k = 0; k < 4; ++k) size = size << 8 | static_cast<uint8_t>(body[at + k]);
    at += 4;
    if (body.size() - at < size) return Malformed();
    fields.push_back(body.substr(at, size));
    at += size;
  }
  if (fields.size() != 4 || fields[1].size() != 32 || fields[2].size() != 32 ||
      fields[3].size() != 16) {
    return Malformed();
  }
  Invitation invitation;
  invitation.address = fields[0];
  std::copy(fields[1].begin(), fields[1].end(), invitation.ca_fingerprint.bytes.begin());
  std::copy(fields[2].begin(), fields[2].end(), invitation.log_key.begin());
  invitation.secret = fields[3];
  return invitation;
}

}  // namespace mutual::crypto
