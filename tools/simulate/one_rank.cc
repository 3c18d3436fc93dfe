// Built without MPI: one process.
#include "tools/simulate/ranks.h"

namespace mutual::simulate {
namespace {

class OneRank final : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::vector<std::string> Gather(const std::vector<std::string>& own) override { return own; }
};

}  // namespace

std::unique_ptr<Ranks> Ranks::Begin(int*, char***) { return std::make_unique<OneRank>(); }

}  // namespace mutual::simulate
