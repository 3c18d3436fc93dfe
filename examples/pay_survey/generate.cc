// Makes the pay survey's demo federation: 40 branches, 10,147 members, answers as LimeSurvey exports
// them with codes instead of words. All made up, seeded, the same on every machine.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "study/plan/dice.h"

namespace {

using mutual::study::Dice;

constexpr size_t kBranches = 40;
constexpr int kMembers = 10147;
constexpr double kFloor = 11.44;  // the minimum wage
constexpr std::array<double, 5> kMedian = {12.9, 15.9, 20.6, 27.2, 38.5};
constexpr std::array<double, 5> kGap = {0.012, 0.02, 0.03, 0.055, 0.10};
constexpr std::array<double, 5> kMen = {0.165, 0.28, 0.275, 0.17, 0.11};
constexpr std::array<double, 5> kWomen = {0.195, 0.31, 0.28, 0.145, 0.07};
constexpr std::array<double, 5> kPartTime = {1.5, 1.2, 0.9, 0.6, 0.4};  // part-timers are graded lower

size_t GradeOf(bool woman, bool part_time, Dice& dice) {
  std::array<double, 5> chance = woman ? kWomen : kMen;
  double total = 0;
  for (size_t g = 0; g < chance.size(); ++g) {
    if (part_time) chance[g] *= kPartTime[g];
    total += chance[g];
  }
  double left = dice.Uniform() * total;
  size_t grade = 0;
  while (grade + 1 < chance.size() && left > chance[grade]) left -= chance[grade++];
  return grade;
}

void WriteAnswer(int member, Dice& dice, std::ofstream& file) {
  const bool woman = dice.Uniform() < 0.5;
  const bool part_time = dice.Uniform() < (woman ? 0.38 : 0.12);
  const size_t grade = GradeOf(woman, part_time, dice);
  double pay = kMedian[grade] * std::exp(0.13 * dice.Normal());
  if (woman) pay *= 1 - kGap[grade];
  // SEX: 1 man, 2 woman; GRADE: A1 to A5; PT: Y or N; GROUP: an equation of the survey, MF, MP, WF, WP.
  char line[160];
  std::snprintf(line, sizeof(line),
                "\"%d\",\"2026-10-01 12:00:00\",\"4\",\"en\",\"T%05d\",\"%d\",\"A%d\",\"%s\","
                "\"%.2f\",\"%c%c\"\n",
                member + 1, member + 1, woman ? 2 : 1, static_cast<int>(grade) + 1,
                part_time ? "Y" : "N", std::max(kFloor, pay), woman ? 'W' : 'M',
                part_time ? 'P' : 'F');
  file << line;
}

// Sizes that spread like a bell on a logarithmic scale and add up to kMembers.
std::array<int, kBranches + 1> Borders(Dice& dice) {
  std::array<double, kBranches + 1> running{};
  for (size_t i = 0; i < kBranches; ++i) {
    running[i + 1] = running[i] + std::exp(0.5 * dice.Normal());
  }
  std::array<int, kBranches + 1> borders{};
  for (size_t i = 0; i <= kBranches; ++i) {
    borders[i] = static_cast<int>(std::lround(kMembers * running[i] / running[kBranches]));
  }
  return borders;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr,
                 "usage: mutual-demo-pay-survey FOLDER [SEED]\n"
                 "Writes FOLDER/branch-01.csv … branch-40.csv.\n");
    return 2;
  }
  Dice dice(argc == 3 ? std::stoull(argv[2]) : 20261128);
  std::error_code error;
  std::filesystem::create_directories(argv[1], error);
  const auto borders = Borders(dice);
  for (size_t branch = 0; branch < kBranches; ++branch) {
    char name[32];
    std::snprintf(name, sizeof(name), "branch-%02d.csv", static_cast<int>(branch) + 1);
    std::ofstream file(std::filesystem::path(argv[1]) / name);
    file << "\"id\",\"submitdate\",\"lastpage\",\"startlanguage\",\"token\",\"SEX\",\"GRADE\","
            "\"PT\",\"PAY\",\"GROUP\"\n";
    for (int member = borders[branch]; member < borders[branch + 1]; ++member) {
      WriteAnswer(member, dice, file);
    }
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write %s; is the disk full?\n", name);
      return 1;
    }
  }
  std::printf("%d answers from %d branches written to %s\n", kMembers,
              static_cast<int>(kBranches), argv[1]);
  return 0;
}
