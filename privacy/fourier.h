// Fourier transforms of real sequences (FFTW, double precision), with a bound on their error.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>

namespace mutual::privacy {

// The smallest length >= `least` whose only prime factors are 2, 3, 5 and 7.
size_t FastLength(size_t least);

// Transforms of one length. Holds one real and one complex buffer. Not thread-safe; several
// objects may be used at once.
class RealFourier {
 public:
  explicit RealFourier(size_t length);  // length >= 1
  ~RealFourier();
  RealFourier(const RealFourier&) = delete;
  RealFourier& operator=(const RealFourier&) = delete;

  std::span<double> real();                       // `length` values
  std::span<std::complex<double>> frequencies();  // ⌊length/2⌋ + 1 values
  // real -> frequencies, Σ x_j e^{−2πi jk/n}. The contents of `real` are lost.
  void Forward();
  // frequencies -> real, divided by the length. The contents of `frequencies` are lost.
  void Inverse();

  // Every value of a transform of x errs by at most this times Σ|x_j| (before the division).
  double error() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mutual::privacy
