// What a fuzz target checks: a broken promise ends the program, so that libFuzzer keeps the input.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace mutual::fuzz {

inline void Promise(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %s\n", what);
  std::abort();
}

}  // namespace mutual::fuzz
