#include "client/ledger/charge_row.h"

#include <cstring>

#include "absl/strings/match.h"
#include "base/encoding.h"
#include "base/status.h"

namespace mutual::client {

std::string CurveToHex(const privacy::RenyiCurve& curve) {
  return HexEncode({reinterpret_cast<const uint8_t*>(curve.data()), curve.size() * sizeof(double)});
}

absl::StatusOr<privacy::RenyiCurve> CurveFromHex(const std::string& hex) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, HexDecode(hex));
  privacy::RenyiCurve curve(privacy::RenyiOrders().size());
  if (bytes.size() != curve.size() * sizeof(double)) {
    return WithCode(DataLoss("the ledger was written with other Renyi orders; use the program "
                             "version that wrote it"),
                    "LEDGER_CORRUPT");
  }
  std::memcpy(curve.data(), bytes.data(), bytes.size());
  return curve;
}

absl::Status FromSoci(const std::exception& error) {
  const std::string text = error.what();
  if (absl::StrContains(text, "disk is full")) {
    return WithCode(Unavailable("the ledger's disk is full; free some space, nothing was sent"),
                    "DISK_FULL");
  }
  if (absl::StrContains(text, "malformed") || absl::StrContains(text, "not a database") ||
      absl::StrContains(text, "corrupt")) {
    return WithCode(DataLoss("the ledger is damaged; restore it from a backup and never delete it: "
                             "it holds what your members have spent"),
                    "LEDGER_CORRUPT");
  }
  return Unavailable("the ledger cannot be used now: %s", text);
}

}  // namespace mutual::client
