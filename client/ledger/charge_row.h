// A charge's text in the ledger's database, and what its errors mean. Internal to client/ledger.
#pragma once

#include <exception>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "privacy/budget.h"

namespace mutual::client {

// The curve's doubles as they stand in memory, in hex. DATA_LOSS LEDGER_CORRUPT for another number
// of orders.
std::string CurveToHex(const privacy::RenyiCurve& curve);
absl::StatusOr<privacy::RenyiCurve> CurveFromHex(const std::string& hex);

// SOCI's exception as a status: DISK_FULL, LEDGER_CORRUPT or UNAVAILABLE.
absl::Status FromSoci(const std::exception& error);

}  // namespace mutual::client
