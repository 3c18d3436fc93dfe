// `mutual simulate`: the program mutual-simulate beside this one, which links what nodes and the
// coordinator do.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/status.h"
#include "tools/research/commands.h"

namespace mutual::research {

absl::Status Simulate(char** arguments) {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  const std::filesystem::path self(
      std::string(buffer.data(), size < 0 ? 0 : static_cast<size_t>(size)));
  const std::string program = (self.parent_path() / "mutual-simulate").string();
  ::execv(program.c_str(), arguments);
  return WithCode(NotFound("%s cannot be started (%s); install it beside this program", program,
                           std::strerror(errno)),
                  "SIMULATE_MISSING");
}

}  // namespace mutual::research
