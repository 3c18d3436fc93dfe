// The command line of `mutual-node`. The noise is a parameter so that a test build can run the same
// program without it; nothing in a study file or configuration can reach that.
#pragma once

#include <functional>
#include <memory>

#include "crypto/random.h"
#include "privacy/noise.h"

namespace mutual::client {

using NoiseFactory =
    std::function<std::unique_ptr<privacy::NoiseSource>(crypto::RandomSource&)>;

// Exit codes: 0 done, 1 failed or refused, 2 usage.
int RunNodeProgram(int argc, char** argv, const NoiseFactory& make_noise);

}  // namespace mutual::client
