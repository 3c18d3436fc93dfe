// One field of a table: encoding, numbers, categories. Internal to client/data.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/data/data_source.h"

namespace mutual::client {

// UTF-8 of Latin-1 bytes.
std::string Latin1ToUtf8(const std::string& text);
// Without blanks at both ends.
std::string Trimmed(const std::string& text);

// Whether `text` is one of the table's marks for "not known".
bool IsMissing(const TableConfig& config, const std::string& text);

// The value of `text` in `column`: NaN when it is a missing mark, unless the study lists it (or what
// node.toml turns it into) as a category. The error names column and rule, never the text.
absl::StatusOr<double> ReadField(const TableConfig& config, const study::Column& column,
                                 const std::string& text);

}  // namespace mutual::client
