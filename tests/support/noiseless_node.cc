// `mutual-node` without noise, for tests that compare a federation's result with the pooled one.
// Built with the tests only and never installed; no study file, option or configuration of the real
// program reaches this.
#include "client/node/node_program.h"

namespace {

class NoNoise final : public mutual::privacy::NoiseSource {
 public:
  void AddNoise(int64_t, std::span<int64_t>) override {}
};

}  // namespace

int main(int argc, char** argv) {
  return mutual::client::RunNodeProgram(
      argc, argv, [](mutual::crypto::RandomSource&) { return std::make_unique<NoNoise>(); });
}
