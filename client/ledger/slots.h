// Members' places in the ledger's database. Internal to client/ledger.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <soci/soci.h>

namespace mutual::client {

// Slots of `members`, assigning free ones at random; all in the caller's transaction. An empty result means that
// not enough slots are free. Member references are kept only as HMAC-SHA256 under `key`.
std::vector<uint64_t> AssignSlots(soci::session& database, const std::string& key,
                                  uint64_t slot_count, const std::vector<std::string>& members);

}  // namespace mutual::client
