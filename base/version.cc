#include "base/version.h"

namespace mutual {

std::string Version() { return MUTUAL_VERSION; }

}  // namespace mutual
