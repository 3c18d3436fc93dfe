#include "client/ledger/slots.h"

#include <map>
#include <set>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/random.h"

namespace mutual::client {
namespace {

// Uniform below `bound`, by rejection.
uint64_t Below(uint64_t bound, crypto::RandomSource& random) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = random.NextUint64();
  while (value >= limit) value = random.NextUint64();
  return value % bound;
}

}  // namespace

std::vector<uint64_t> AssignSlots(soci::session& database, const std::string& key,
                                  uint64_t slot_count, const std::vector<std::string>& members) {
  std::map<std::string, uint64_t> taken;
  std::set<uint64_t> used;
  {
    std::string name;
    long long slot = 0;
    soci::statement read = (database.prepare << "SELECT member, slot FROM slots",
                            soci::into(name), soci::into(slot));
    read.execute();
    while (read.fetch()) {
      taken[name] = static_cast<uint64_t>(slot);
      used.insert(static_cast<uint64_t>(slot));
    }
  }
  std::vector<std::string> hashes;
  std::set<std::string> fresh;
  for (const std::string& member : members) {
    hashes.push_back(crypto::HmacSha256(AsBytes(key), AsBytes(member)).ToHex());
    if (taken.count(hashes.back()) == 0) fresh.insert(hashes.back());
  }
  if (used.size() + fresh.size() > slot_count) return {};
  std::vector<uint64_t> free;
  for (uint64_t slot = 0; !fresh.empty() && slot < slot_count; ++slot) {
    if (used.count(slot) == 0) free.push_back(slot);
  }
  crypto::SystemRandom system;
  crypto::FastRandom random(system);
  for (const std::string& hash : fresh) {
    const uint64_t pick = Below(free.size(), random);
    const auto slot = static_cast<long long>(free[pick]);
    free[pick] = free.back();
    free.pop_back();
    database << "INSERT INTO slots (member, slot) VALUES (:m, :s)", soci::use(hash, "m"),
        soci::use(slot, "s");
    taken[hash] = static_cast<uint64_t>(slot);
  }
  std::vector<uint64_t> slots;
  for (const std::string& hash : hashes) slots.push_back(taken[hash]);
  return slots;
}

}  // namespace mutual::client
