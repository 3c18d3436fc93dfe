// TOML with line numbers: reads typed values and remembers every key nobody asked for.
// Internal to study/. toml++ itself is included by toml_reader.cc only.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "study/study_file.h"

namespace mutual::study {

// A table of a parsed file; never defined, a name for toml++'s own.
struct TomlTable;

// A parsed file. Immutable; thread-safe.
class TomlFile {
 public:
  // nullptr, and a NOT_TOML problem with its line, when `text` is not TOML.
  static std::unique_ptr<TomlFile> Parse(std::string_view text, std::vector<Problem>* problems);
  ~TomlFile();
  const TomlTable& root() const;

 private:
  struct State;
  explicit TomlFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Reads one table; reports missing, mistyped and unknown keys as problems. The table and the
// problems outlive it. Not thread-safe.
class TableReader {
 public:
  TableReader(const TomlTable& table, std::string name, std::vector<Problem>* problems);
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
  // Required: a list of lists.
  std::vector<std::vector<double>> NumberLists(const std::string& key);
  bool IsList(const std::string& key) const;
  const TomlTable* Table(const std::string& key);        // required
  std::vector<const TomlTable*> Tables(const std::string& key);  // optional [[key]]
  void Report(int line, const std::string& code, const std::string& message);
  // As Report, on the line of `key`.
  void ReportAt(const std::string& key, const std::string& code, const std::string& message);
  void IgnoreOtherKeys() { ignore_others_ = true; }  // after a mistake that hides their meaning
  int line() const;
  const std::string& name() const { return name_; }

 private:
  // False when the key is absent; `wanted` is reported as missing unless empty.
  bool Find(const std::string& key, const std::string& wanted);
  void Mistyped(const std::string& key, const std::string& wanted);
  const TomlTable& table_;
  std::string name_;
  std::vector<Problem>* problems_;
  std::set<std::string> read_;
  bool ignore_others_ = false;
};

}  // namespace mutual::study
