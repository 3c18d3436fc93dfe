#include "privacy/fourier.h"

#include <fftw3.h>

#include <cmath>

#include "absl/base/attributes.h"
#include "absl/base/const_init.h"
#include "absl/synchronization/mutex.h"

namespace mutual::privacy {
namespace {

// FFTW's planner is shared by the whole process; only executing a plan is thread-safe.
ABSL_CONST_INIT absl::Mutex planner_mutex(absl::kConstInit);

// One stage of a transform multiplies by a rounded root of unity (or a radix's constants) and
// adds; a value is a sum of all inputs, each through log2(n) stages at most. 16 units of the last
// place a stage are several times what the operations of any of FFTW's radices add up to.
constexpr double kStageError = 16 * 0x1p-53;

}  // namespace

size_t FastLength(size_t least) {
  for (size_t length = least;; ++length) {
    size_t rest = length;
    for (const size_t prime : {2U, 3U, 5U, 7U}) {
      while (rest > 1 && rest % prime == 0) rest /= prime;
    }
    if (rest <= 1 && length > 0) return length;
  }
}

struct RealFourier::State {
  size_t length;
  double* real;
  fftw_complex* frequencies;
  fftw_plan forward, inverse;
};

RealFourier::RealFourier(size_t length) : state_(std::make_unique<State>()) {
  const int n = static_cast<int>(length);
  state_->length = length;
  state_->real = fftw_alloc_real(length);
  state_->frequencies = fftw_alloc_complex(length / 2 + 1);
  const absl::MutexLock lock(&planner_mutex);
  state_->forward = fftw_plan_dft_r2c_1d(n, state_->real, state_->frequencies, FFTW_ESTIMATE);
  state_->inverse = fftw_plan_dft_c2r_1d(n, state_->frequencies, state_->real, FFTW_ESTIMATE);
}

RealFourier::~RealFourier() {
  const absl::MutexLock lock(&planner_mutex);
  fftw_destroy_plan(state_->forward);
  fftw_destroy_plan(state_->inverse);
  fftw_free(state_->real);
  fftw_free(state_->frequencies);
}

std::span<double> RealFourier::real() { return {state_->real, state_->length}; }

std::span<std::complex<double>> RealFourier::frequencies() {
  // fftw_complex and std::complex<double> have the same bytes (C++ [complex.numbers]).
  return {reinterpret_cast<std::complex<double>*>(state_->frequencies), state_->length / 2 + 1};
}

void RealFourier::Forward() { fftw_execute(state_->forward); }

void RealFourier::Inverse() {
  fftw_execute(state_->inverse);
  const auto n = static_cast<double>(state_->length);
  for (double& value : real()) value /= n;
}

double RealFourier::error() const {
  return kStageError * (1 + std::log2(static_cast<double>(state_->length)));
}

}  // namespace mutual::privacy
