#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/data/node_config.h"
#include "coordinator/enrolment/coordinator_config.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/promise.h"

namespace mutual {
namespace {

void Check(std::string_view bytes) {
  const auto coordinator = coordinator::ParseCoordinatorConfig(std::string(bytes));
  if (coordinator.ok()) {
    fuzz::Promise(coordinator->log.needed <= coordinator->log.witnesses.size(),
                  "a quorum needs no more witnesses than there are");
  }
  const fuzz::MemoryFile file(bytes);
  const auto node = client::LoadNodeConfig(file.path());
  if (!node.ok()) return;
  fuzz::Promise(node->slots > 0, "a node has places for members");
  for (const auto& [name, table] : node->tables) {
    fuzz::Promise(!table.file.empty(), "a table has a file");
  }
}

}  // namespace
}  // namespace mutual

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  mutual::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
