#include "transparency/entry_bundle.h"

#include "base/encoding.h"
#include "base/status.h"

namespace mutual::transparency {

absl::StatusOr<std::string> PrintBundle(std::span<const std::string> entries) {
  std::string bytes;
  for (const std::string& entry : entries) {
    if (entry.size() > kMaxEntrySize) {
      return InvalidArgument(
          "an entry has %d bytes, want at most %d; put long content into the "
          "content store and log its digest",
          entry.size(), kMaxEntrySize);
    }
    bytes.push_back(static_cast<char>(entry.size() >> 8));
    bytes.push_back(static_cast<char>(entry.size() & 0xff));
    bytes += entry;
  }
  return bytes;
}

absl::StatusOr<std::vector<std::string>> ParseBundle(std::string_view bytes, uint64_t count) {
  std::vector<std::string> entries;
  for (uint64_t i = 0; i < count; ++i) {
    if (bytes.size() < 2) {
      return InvalidArgument("a bundle ends after %d entries, want %d", i, count);
    }
    const auto prefix = AsBytes(bytes.substr(0, 2));
    const size_t size = static_cast<size_t>(prefix[0]) << 8 | prefix[1];
    bytes.remove_prefix(2);
    if (bytes.size() < size) {
      return InvalidArgument("entry %d of a bundle has %d bytes left, want %d", i, bytes.size(),
                             size);
    }
    entries.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (bytes.empty()) return entries;
  return InvalidArgument("a bundle has %d bytes after its %d entries, want none", bytes.size(),
                         count);
}

}  // namespace mutual::transparency
