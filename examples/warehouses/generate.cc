// Makes the warehouses' demo federation: 20 sites, 7,350 workers, one row per person and month, with
// quotas, hours and injuries. All made up, seeded, the same on every machine.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "study/plan/dice.h"

namespace {

using mutual::study::Dice;

constexpr int kSites = 20;
constexpr int kLargeSites = 8;
constexpr int kLargeWorkers = 560;  // of each large site
constexpr int kWorkers = 7350;
constexpr int kMonths = 12;

struct Site {
  int number;
  bool is_large;
  double quota;  // picks asked for, as a share of the industry's norm
};

// Events of a Poisson law with a small mean, by inversion.
int Poisson(double mean, Dice& dice) {
  double chance = std::exp(-mean), below = chance;
  const double u = dice.Uniform();
  int events = 0;
  while (u > below && events < 50) {
    ++events;
    chance *= mean / events;
    below += chance;
  }
  return events;
}

const char* BandOf(double tenure) {
  return tenure < 1 ? "under 1 month" : tenure < 6 ? "1 to 6 months" : "6 months and more";
}

void WriteMonth(const Site& site, int worker, double tenure, Dice& dice, std::ofstream& file) {
  const double hours = std::clamp(150 + 25 * dice.Normal(), 20.0, 230.0);
  const bool night = dice.Uniform() < 0.3;
  const double by_tenure = tenure < 1 ? 2.6 : tenure < 6 ? 1.4 : 1;
  const double rate = 3.1 / 200000 * std::exp(1.05 * (site.quota - 0.75) / 0.25 * 0.6) * by_tenure *
                      (night ? 1.2 : 1);
  char line[160];
  std::snprintf(line, sizeof(line), "W%05d,site-%02d,%s,%.3f,%s,%s,%.1f,%d\n", worker, site.number,
                site.is_large ? "large" : "other", site.quota, BandOf(tenure),
                night ? "night" : "day", hours, Poisson(rate * hours, dice));
  file << line;
}

bool WriteSite(const std::filesystem::path& folder, const Site& site, int first, int last,
               Dice& dice) {
  char name[32];
  std::snprintf(name, sizeof(name), "site-%02d.csv", site.number);
  std::ofstream file(folder / name);
  file << "worker,site,site_size,quota,tenure,shift,hours,injuries\n";
  for (int worker = first; worker < last; ++worker) {
    double tenure = -18 * std::log(dice.Uniform());
    for (int month = 0; month < kMonths; ++month) {
      WriteMonth(site, worker, tenure, dice, file);
      tenure += 1;
      // About one in eighteen leaves each month; who comes instead begins at 0.
      if (dice.Uniform() < 1.0 / 18) tenure = dice.Uniform();
    }
  }
  if (file.flush()) return true;
  std::fprintf(stderr, "cannot write %s; is the disk full?\n", name);
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr,
                 "usage: mutual-demo-warehouses FOLDER [SEED]\n"
                 "Writes FOLDER/site-01.csv … site-20.csv.\n");
    return 2;
  }
  Dice dice(argc == 3 ? std::stoull(argv[2]) : 20261128);
  std::error_code error;
  std::filesystem::create_directories(argv[1], error);
  int worker = 0;
  for (int i = 0; i < kSites; ++i) {
    const bool large = i < kLargeSites;
    const double quota = large ? 1.0 + 0.15 * dice.Normal() : 0.75 + 0.12 * dice.Normal();
    const int others = kWorkers - kLargeSites * kLargeWorkers;
    const int last = large ? kLargeWorkers * (i + 1)
                           : kLargeSites * kLargeWorkers + others * (i + 1 - kLargeSites) /
                                                               (kSites - kLargeSites);
    if (!WriteSite(argv[1], {i + 1, large, quota}, worker, last, dice)) return 1;
    worker = last;
  }
  std::printf("%d workers at %d sites written to %s\n", kWorkers, kSites, argv[1]);
  return 0;
}
