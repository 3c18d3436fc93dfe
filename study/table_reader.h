// Typed values of a TOML table; remembers every key nobody asked for. Internal to study/.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "study/study_file.h"
#include "study/text.h"
#include "study/toml_document.h"

namespace mutual::study {

// Numbers from `least` to `most`; the ends count unless they are open.
struct Range {
  double least;
  double most;
  bool least_open = false;
  bool most_open = false;

  bool Holds(double value) const;
  std::string Words() const;  // "above 0 and at most 1"
};
inline constexpr Range kAnyNumber{-1e300, 1e300};

// Where a reader reports to, what its table is called, and the code of a value out of its range.
struct ReaderContext {
  std::string name;
  std::string range_code;
  std::vector<Problem>* problems;
};

// Reads one table; reports missing, mistyped and unknown keys as problems, each once. A value that
// was reported reads as nothing, zero or empty. The table outlives the reader. Not thread-safe.
class TableReader {
 public:
  TableReader(const TomlValue& table, ReaderContext context);
  // Reports keys that were never read.
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  bool Has(const std::string& key) const;
  int line() const { return table_.line; }
  int LineOf(const std::string& key) const;               // of the key, else of the table
  int LineOf(const std::string& key, size_t item) const;  // of an element of its list
  std::string Text(const std::string& key);               // required, not empty, one line
  std::string Paragraphs(const std::string& key);         // required, not empty
  std::string OptionalText(const std::string& key);       // one line
  std::optional<double> Number(const std::string& key, const Range& range);  // required
  std::optional<double> OptionalNumber(const std::string& key, const Range& range);
  int Integer(const std::string& key, const Range& range);  // required; 0 when reported
  std::optional<absl::CivilDay> Date(const std::string& key);
  absl::Duration Duration(const std::string& key);         // "30s", "10m", "48h"; 0 when reported
  std::vector<std::string> Texts(const std::string& key);  // required, one line each
  std::vector<double> Numbers(const std::string& key);     // required, finite
  const TomlValue* Table(const std::string& key);          // required
  const TomlValue* TableOrTables(const std::string& key);  // required: [key] or [[key]]
  std::vector<const TomlValue*> Tables(const std::string& key);  // optional [[key]]
  void Report(int line, const std::string& code, const std::string& message);
  // Unknown keys are not reported: what may stand here is not known.
  void AllowAnyKey() { any_key_ = true; }
  std::vector<Problem>* problems() { return context_.problems; }

 private:
  const TomlValue* Find(const std::string& key, const std::string& wanted);
  const TomlValue* FindArray(const std::string& key, const std::string& wanted);
  std::string ReadText(const std::string& key, TextShape shape);
  std::optional<double> ReadNumber(const std::string& key, const Range& range);
  void Mistyped(const std::string& key, const std::string& wanted);
  const TomlValue& table_;
  ReaderContext context_;
  std::set<std::string> read_;
  bool any_key_ = false;
};

}  // namespace mutual::study
