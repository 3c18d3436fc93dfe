// Every check that mutual-audit makes: its stable ID, what it says, and what it does not prove.
//
// docs/AUDIT.md lists the same table; a test compares them.
#pragma once

#include <span>
#include <string_view>

namespace mutual::audit {

// What a failed check means.
enum class Gravity {
  kProof,  // bytes, signatures or proofs are wrong: exit code 1
  kRule,   // the log is intact, but what it records breaks a rule: exit code 4
};

struct Check {
  const char* id;
  Gravity gravity;
  const char* sentence;
  const char* not_proved;
};

// In the order in which they are printed.
std::span<const Check> Checks();
// `id` must be one of Checks(); anything else ends the program.
const Check& FindCheck(std::string_view id);
// The position in Checks().
size_t CheckOrder(const Check& check);

}  // namespace mutual::audit
