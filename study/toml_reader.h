// TOML with line numbers: reads typed values and remembers every key nobody asked for. Internal to study/.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "study/study_file.h"

namespace mutual::study {

// Reads one table; reports missing, mistyped and unknown keys as problems. The table outlives it.
class TableReader {
 public:
  TableReader(const toml::table& table, std::string name, std::vector<Problem>* problems);
  // Reports keys that were never read.
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  bool Has(const std::string& key) const;
  int LineOf(const std::string& key) const;
  std::string Text(const std::string& key);                // required, not empty
  std::string OptionalText(const std::string& key);
  double Number(const std::string& key);                   // required; integer or float
  std::optional<double> OptionalNumber(const std::string& key);
  int Integer(const std::string& key);                     // required, 0 … 2^30
  absl::CivilDay Date(const std::string& key);
  absl::Duration Duration(const std::string& key);         // "30s", "10m", "48h"
  std::vector<std::string> Texts(const std::string& key);  // required
  std::vector<double> Numbers(const std::string& key);     // required
  const toml::table* Table(const std::string& key);        // required
  std::vector<const toml::table*> Tables(const std::string& key);  // optional [[key]]
  void Report(int line, const std::string& code, const std::string& message);
  int line() const;
  const std::string& name() const { return name_; }

 private:
  const toml::node* Find(const std::string& key, bool required, const std::string& wanted);
  void Mistyped(const std::string& key, const std::string& wanted);
  const toml::table& table_;
  std::string name_;
  std::vector<Problem>* problems_;
  std::set<std::string> read_;
};

}  // namespace mutual::study
