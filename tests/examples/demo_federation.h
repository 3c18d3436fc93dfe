// A demo's made-up data and what its studies find there: nodes' vectors summed, with the noise of
// every node, and finished. Masks change nothing in a sum and are left out.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "client/data/node_config.h"
#include "privacy/accountant.h"
#include "privacy/grid.h"
#include "study/plan/assumed_members.h"
#include "study/plan/dice.h"
#include "study/recipe.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::testing {

// The folder that `program` fills, made once and removed at the end.
class DemoFederation {
 public:
  // `tables`: [tables.…] sections of node.toml, with FILE for the branch's file.
  DemoFederation(const std::string& program, std::string tables) : tables_(std::move(tables)) {
    const std::string command =
        "'" + program + "' '" + (folder_.path() / "data").string() + "' > /dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "data")) {
      files_.insert(entry.path().string());
    }
  }

  const std::set<std::string>& files() const { return files_; }

  static std::string TextAt(const std::string& path) {
    std::ifstream file(std::string(MUTUAL_SOURCE_DIR) + "/examples/" + path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static absl::StatusOr<study::Study> Parse(const std::string& text) {
    return study::ParseStudy(text, [](double epsilon, double delta, double rate, uint64_t rounds) {
      return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
    });
  }
  static study::Study StudyAt(const std::string& path) {
    const auto study = Parse(TextAt(path));
    REQUIRE_OK(study);
    return *study;
  }

  // Standard deviation of one node's noise in the recipe's unit.
  double NodeNoise(const study::Study& study) const {
    const auto recipe = *study::MakeRecipe(study);
    const auto grid = privacy::MakeGrid(
        {recipe->dimension(), recipe->member_bound(), study.privacy.noise_multiplier,
         static_cast<int>(files_.size()), privacy::Rounding::kPerMember});
    REQUIRE_OK(grid);
    return static_cast<double>(grid->noise_stddev) / grid->scale;
  }

  // The rows of every member.
  study::MemberSample Sample(const study::Study& study) const {
    study::MemberSample sample;
    for (const std::string& file : files_) {
      for (auto& [member, rows] : RowsOf(file, study)) sample.push_back(std::move(rows));
    }
    return sample;
  }

  // What the study finds with the noise of every node, drawn from `seed`.
  study::Result Run(const study::Study& study, uint64_t seed) const {
    const auto recipe = *study::MakeRecipe(study);
    const double noise = NodeNoise(study);
    study::ReleasedSum sum{ExactSum(study), noise * std::sqrt(static_cast<double>(files_.size())),
                           static_cast<int>(files_.size())};
    study::Dice dice(seed);
    for (double& value : sum.values) value += sum.noise_stddev * dice.Normal();
    const auto result = recipe->Finish(sum);
    REQUIRE_OK(result);
    return *result;
  }

 private:
  std::map<std::string, std::vector<double>> RowsOf(const std::string& file,
                                                    const study::Study& study) const {
    const auto path = folder_.path() / "node.toml";
    std::string tables = tables_;
    tables.replace(tables.find("FILE"), 4, file);
    std::ofstream(path) << client::ExampleNodeToml("branch") << tables;
    const auto config = client::LoadNodeConfig(path);
    REQUIRE_OK(config);
    std::map<std::string, std::vector<double>> members;
    const auto report =
        client::ReadTable(config->tables.at(study.table), study.schema,
                          [&](const std::string& member, const std::vector<double>& row) {
                            members[member].insert(members[member].end(), row.begin(), row.end());
                          });
    REQUIRE_OK(report);
    REQUIRE(report->rows_rejected == 0);
    return members;
  }

  // The noiseless sum of all nodes; kept, because a demo's data never change.
  const std::vector<double>& ExactSum(const study::Study& study) const {
    std::vector<double>& sum = sums_[study.digest.ToHex()];
    if (!sum.empty()) return sum;
    const auto recipe = *study::MakeRecipe(study);
    sum.assign(recipe->dimension(), 0.0);
    std::vector<double> vector(recipe->dimension());
    for (const std::string& file : files_) {
      for (const auto& [member, rows] : RowsOf(file, study)) {
        REQUIRE_OK(recipe->MemberVector({rows, study.schema.columns.size()}, vector));
        for (size_t i = 0; i < vector.size(); ++i) sum[i] += vector[i];
      }
    }
    return sum;
  }

  mutable std::map<std::string, std::vector<double>> sums_;  // by study
  TemporaryFolder folder_;
  std::string tables_;
  std::set<std::string> files_;
};

// The estimate at a row (keys joined by " / ") of the table with that title; INFO and failure
// without.
inline study::Estimate EstimateOf(const study::Result& result, const std::string& title,
                                  const std::string& keys, const std::string& name) {
  for (const study::ResultTable& table : result.tables) {
    if (table.title != title) continue;
    for (const study::ResultRow& row : table.rows) {
      std::string joined;
      for (const std::string& key : row.keys) joined += (joined.empty() ? "" : " / ") + key;
      if (joined != keys) continue;
      for (const study::Estimate& estimate : row.estimates) {
        if (estimate.name == name) return estimate;
      }
    }
  }
  FAIL("no " << name << " of " << keys << " in " << title << "\n" << study::ToText(result));
  return {};
}

}  // namespace mutual::testing
