// Time that this thread has had a core: what others do on the machine does not count.
#pragma once

#include <time.h>

namespace mutual::bench {

inline double CoreSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace mutual::bench
