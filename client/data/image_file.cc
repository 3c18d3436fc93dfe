#include "client/data/image_file.h"

#include <array>
#include <charconv>
#include <fstream>

#include "base/status.h"

namespace mutual::client {
namespace {

constexpr uint8_t kUnsignedByte = 0x08;  // of an IDX file's magic number

absl::Status Unusable(const study::Column& column, const std::string& rule) {
  return InvalidArgument("column \"%s\": %s", column.name, rule);
}

std::string Sides(const study::Column& column) {
  return std::to_string(column.width) + " by " + std::to_string(column.height) + " with " +
         std::to_string(column.channels) + " channels";
}

absl::StatusOr<std::vector<uint8_t>> ReadBytes(std::ifstream& file, const study::Column& column) {
  std::vector<uint8_t> bytes(column.extra_count());
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) return Unusable(column, "an image file ends too early");
  if (column.channels == 1) return bytes;
  const size_t pixels = bytes.size() / static_cast<size_t>(column.channels);
  std::vector<uint8_t> planes(bytes.size());
  for (size_t i = 0; i < bytes.size(); ++i) {
    planes[i % static_cast<size_t>(column.channels) * pixels +
           i / static_cast<size_t>(column.channels)] = bytes[i];
  }
  return planes;
}

// A number of a PGM or PPM head and the blank behind it; comments are skipped. -1 when there is
// none.
int HeadNumber(std::ifstream& file) {
  char c = 0;
  while (file.get(c) && (c == '#' || std::isspace(static_cast<unsigned char>(c)) != 0)) {
    if (c != '#') continue;
    while (file.get(c) && c != '\n') continue;
  }
  int value = 0, digits = 0;
  for (; file && c >= '0' && c <= '9' && digits < 6; file.get(c), ++digits) {
    value = 10 * value + (c - '0');
  }
  return digits == 0 ? -1 : value;
}

absl::StatusOr<std::vector<uint8_t>> ReadPortable(std::ifstream& file,
                                                  const study::Column& column) {
  std::array<char, 2> magic{};
  file.read(magic.data(), 2);
  const char wanted = column.channels == 1 ? '5' : '6';
  if (magic[0] != 'P' || magic[1] != wanted || (column.channels != 1 && column.channels != 3)) {
    return Unusable(column, "an image file is no binary PGM (one channel) or PPM (three)");
  }
  const int width = HeadNumber(file), height = HeadNumber(file), most = HeadNumber(file);
  if (width != column.width || height != column.height || most != 255) {
    return Unusable(column, "an image is not " + Sides(column) + " of 8 bits");
  }
  return ReadBytes(file, column);
}

absl::StatusOr<std::vector<uint8_t>> ReadIdxItem(std::ifstream& file, const study::Column& column,
                                                 uint64_t item) {
  std::array<uint8_t, 4> word{};
  const auto next = [&] {
    file.read(reinterpret_cast<char*>(word.data()), 4);
    return uint64_t{word[0]} << 24 | uint64_t{word[1]} << 16 | uint64_t{word[2]} << 8 | word[3];
  };
  const uint64_t magic = next();
  const uint64_t dimensions = column.channels == 1 ? 3 : 4;
  if (!file || magic != (uint64_t{kUnsignedByte} << 8 | dimensions)) {
    return Unusable(column, "an image file is no IDX file of bytes");
  }
  const uint64_t count = next(), height = next(), width = next();
  const uint64_t channels = column.channels == 1 ? 1 : next();
  if (!file || height != static_cast<uint64_t>(column.height) ||
      width != static_cast<uint64_t>(column.width) ||
      channels != static_cast<uint64_t>(column.channels)) {
    return Unusable(column, "the images of an IDX file are not " + Sides(column));
  }
  if (item >= count) return Unusable(column, "an IDX file has fewer images than the table names");
  file.seekg(static_cast<std::streamoff>(item * column.extra_count()), std::ios::cur);
  return ReadBytes(file, column);
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> ReadImage(const std::filesystem::path& folder,
                                               const study::Column& column,
                                               const std::string& name) {
  const size_t mark = name.rfind('#');
  std::ifstream file(folder / name.substr(0, mark), std::ios::binary);
  if (!file) return Unusable(column, "an image file cannot be opened");
  if (mark == std::string::npos) return ReadPortable(file, column);
  uint64_t item = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + mark + 1, end, item);
  if (error != std::errc() || stop != end)
    return Unusable(column, "want FILE#N with N the image's number");
  return ReadIdxItem(file, column, item);
}

}  // namespace mutual::client
