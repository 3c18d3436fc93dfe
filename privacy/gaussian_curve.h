// The Gaussian mechanism's exact privacy curve (Balle and Wang 2018), and the normal tail it needs.
#pragma once

namespace mutual::privacy {

// P(N(0,1) > t), with relative accuracy for t >= 0.
double NormalTail(double t);

// The smallest delta at `epsilon` >= 0 of one Gaussian release whose sensitivity over standard
// deviation is `mu` > 0. Rounds of z, T times, without sampling, are one release of mu = √T/z.
double GaussianDelta(double mu, double epsilon);

// The smallest epsilon >= 0 with GaussianDelta(mu, epsilon) <= `delta` in (0, 1), rounded up by
// 1e-9 relative.
double GaussianEpsilon(double mu, double delta);

}  // namespace mutual::privacy
