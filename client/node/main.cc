#include "client/node/node_program.h"
#include "privacy/discrete_gaussian.h"

int main(int argc, char** argv) {
  return mutual::client::RunNodeProgram(argc, argv, [](mutual::crypto::RandomSource& random) {
    return std::make_unique<mutual::privacy::DiscreteGaussian>(random, 1);
  });
}
