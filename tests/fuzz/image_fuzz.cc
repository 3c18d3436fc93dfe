#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/data/image_file.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

// PGM and PPM by the number of channels; with the first byte odd, an item of an IDX file.
void Check(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto how = static_cast<uint8_t>(bytes[0]);
  const fuzz::MemoryFile file(bytes.substr(1));
  study::Column column;
  column.name = "scan";
  column.type = study::ColumnType::kImage;
  column.width = 3;
  column.height = 2;
  column.channels = (how & 2) != 0 ? 3 : 1;
  const std::string item = (how & 1) != 0 ? "#" + std::to_string(how >> 2) : "";
  const auto image = client::ReadImage(file.folder(), column, file.name() + item);
  if (!image.ok()) return;
  fuzz::Promise(image->size() == column.extra_count(), "an image has its pixels");
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
