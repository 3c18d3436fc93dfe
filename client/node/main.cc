#include <algorithm>
#include <thread>

#include "client/node/node_program.h"
#include "privacy/noise_stock.h"

int main(int argc, char** argv) {
  return mutual::client::RunNodeProgram(argc, argv, [](mutual::crypto::RandomSource& random) {
    const int threads = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
    return std::make_unique<mutual::privacy::NoiseStock>(random, threads);
  });
}
