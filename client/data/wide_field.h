// Fields that become many numbers: free text that the study may read, and images. Internal to
// client/data.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/data_source.h"

namespace mutual::client {

// Appends column.extra_count() numbers to `extras` and returns 0; NaN and zeros when `text` is a
// missing mark. An image is a file from the table's folder: PGM or PPM (binary, 8 bits), or item N
// of an IDX file as "FILE#N", N from 0. Pixels are scaled to [0, 1], channel by channel. The error
// names column and rule, never the text.
absl::StatusOr<double> ReadWideField(const TableConfig& config, const study::Column& column,
                                     const std::string& text, std::vector<double>* extras);

// The same for an image whose pixels stand in fields of their own: `text` has them, 0 to 255,
// separated by blanks.
absl::StatusOr<double> ReadPixels(const TableConfig& config, const study::Column& column,
                                  const std::string& text, std::vector<double>* extras);

}  // namespace mutual::client
