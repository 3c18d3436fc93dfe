// Tables of wages whose values the grid holds exactly, and simulations of them.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "study/result.h"
#include "tests/support/study_text.h"
#include "tests/support/temporary_folder.h"
#include "tools/simulate/report.h"
#include "tools/simulate/simulation.h"

namespace mutual::testing {

// Organisations, each with a table of its own. The study's four scrutineers come first.
class SimulatedPay {
 public:
  explicit SimulatedPay(const std::string& study = MeanStudyText())
      : names_({"north", "south", "west", "east", "hill", "mill", "quay"}) {
    request.study_file = (folder_.path() / "study.toml").string();
    std::ofstream(request.study_file) << study;
    request.has_noise = false;
    for (size_t i = 0; i < names_.size(); ++i) WriteTable(i);
  }

  // `left_out` organisations, the last ones, count for nothing.
  double PooledMean(size_t left_out) const {
    double sum = 0, count = 0;
    for (size_t i = 0; i + left_out < wages_.size(); ++i) {
      for (const double wage : wages_[i]) {
        sum += wage;
        ++count;
      }
    }
    return sum / count;
  }
  const std::vector<std::vector<double>>& wages() const { return wages_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

  absl::StatusOr<simulate::SimulationReport> Run() const {
    char name[] = "test";
    char* arguments[] = {name, nullptr};
    char** argv = arguments;
    int argc = 1;
    const auto ranks = simulate::Ranks::Begin(&argc, &argv);
    return simulate::Simulate(request, *ranks);
  }

  simulate::SimulationRequest request;

 private:
  // 20 to 32 members with one of five wages between the bounds of the study.
  void WriteTable(size_t index) {
    const std::string path = (folder_.path() / (names_[index] + ".csv")).string();
    std::ofstream file(path);
    file << "who,wage\n";
    std::vector<double>& wages = wages_.emplace_back();
    for (size_t m = 0; m < 20 + 2 * index; ++m) {
      wages.push_back(34 + 13.0 * static_cast<double>((m * m + index) % 5) - 26);
      file << "m" << m << "," << wages.back() << "\n";
    }
    request.data.files.push_back(path);
  }

  TemporaryFolder folder_;
  std::vector<std::string> names_;
  std::vector<std::vector<double>> wages_;
};

// The figure `name` of a row of the first repeat's result.
inline double FigureOf(const simulate::SimulationReport& report, const std::string& name,
                       const std::string& keys) {
  const auto result = study::ResultFromJson(report.repeats.at(0)["result"].dump());
  if (!result.ok()) return -1;
  for (const study::ResultTable& table : result->tables) {
    for (const study::ResultRow& row : table.rows) {
      for (const study::Estimate& estimate : row.estimates) {
        const bool is_row = keys.empty() || (!row.keys.empty() && row.keys[0] == keys);
        if (estimate.name == name && is_row) return estimate.value;
      }
    }
  }
  return -1;
}

}  // namespace mutual::testing
