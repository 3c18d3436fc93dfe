// Makes the drivers' demo federation: 12 city branches, 667 drivers, one row per trip, before and after dynamic pricing.
// All made up, seeded, the same on every machine with the same standard library.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

namespace {

constexpr int kBranches = 12;
constexpr int kDrivers = 667;

struct Market {
  const char* period;
  double waiting;  // share of engaged minutes
  double rate;     // £ a minute
};
constexpr Market kBefore{"before", 0.66, 0.412};
constexpr Market kAfter{"after", 0.90, 0.365};

double Take(bool after, double fare, std::mt19937_64& random) {
  std::normal_distribution<double> fixed(0.25, 0.015), dynamic(0.0, 0.11);
  const double take = after ? 0.283 + 0.10 * (std::log(fare) - std::log(9.6)) + dynamic(random)
                            : fixed(random);
  return std::clamp(take, 0.0, 0.70);
}

void WriteTrip(const Market& market, double city, int member, std::mt19937_64& random,
               std::ofstream& file) {
  std::lognormal_distribution<double> minutes(std::log(21.5), 0.45), spread(0.0, 0.20);
  std::normal_distribution<double> wait(market.waiting, 0.15);
  const double engaged = std::clamp(minutes(random), 6.0, 120.0);
  const double waiting = std::max(0.0, engaged * wait(random));
  const double fare = (2.2 + market.rate * engaged) * spread(random) * (1 + city);
  const double pay = fare * (1 - Take(&market == &kAfter, fare, random));
  char line[160];
  std::snprintf(line, sizeof(line), "driver-%04d,%s,%.1f,%.1f,%.2f,%.2f,%.1f\n", member, market.period,
                engaged, waiting, fare, pay, engaged + waiting);
  file << line;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: mutual-demo-drivers FOLDER [SEED]\n"
                         "Writes FOLDER/branch-01.csv … branch-12.csv.\n");
    return 2;
  }
  std::mt19937_64 random(argc == 3 ? std::stoull(argv[2]) : 20261123);
  std::error_code error;
  std::filesystem::create_directories(argv[1], error);
  std::normal_distribution<double> city_effect(0.0, 0.08);
  std::lognormal_distribution<double> trips(std::log(110.0), 0.8);
  int member = 0;
  for (int branch = 0; branch < kBranches; ++branch) {
    const double city = city_effect(random);
    char name[32];
    std::snprintf(name, sizeof(name), "branch-%02d.csv", branch + 1);
    std::ofstream file(std::filesystem::path(argv[1]) / name);
    file << "member_ref,period,minutes_engaged,minutes_waiting,fare,driver_pay,minutes_logged_in\n";
    const int last = kDrivers * (branch + 1) / kBranches;
    for (; member < last; ++member) {
      const int count = std::clamp(static_cast<int>(trips(random)), 4, 2000);
      for (int trip = 0; trip < count; ++trip) {
        WriteTrip(trip % 2 == 0 ? kBefore : kAfter, city, member, random, file);
      }
    }
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s; is the disk full?\n", name);
      return 1;
    }
  }
  std::printf("%d drivers in %d branches written to %s\n", kDrivers, kBranches, argv[1]);
  return 0;
}
