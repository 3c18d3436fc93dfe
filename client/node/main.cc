#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "client/node/node_program.h"
#include "privacy/noise_stock.h"

int main(int argc, char** argv) {
  const int result =
      mutual::client::RunNodeProgram(argc, argv, [](mutual::crypto::RandomSource& random) {
        const int threads =
            static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
        return std::make_unique<mutual::privacy::NoiseStock>(random, threads);
      });
  // Everything is stored and joined. gRPC's own threads may still be connecting, and the end of static
  // objects waits for them without limit.
  std::fflush(nullptr);
  std::_Exit(result);
}
