#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/status.h"
#include "client/learning/trainer.h"

namespace mutual::client {
namespace {

constexpr char kFile[] = "libmutual-learning.so";

std::filesystem::path ProgramFolder() {
  std::array<char, 4096> buffer{};
  const ssize_t size = ::readlink("/proc/self/exe", buffer.data(), buffer.size() - 1);
  return std::filesystem::path(
             std::string(buffer.data(), size < 0 ? 0u : static_cast<size_t>(size)))
      .parent_path();
}

}  // namespace

absl::StatusOr<TrainerPtr> LoadTrainer(const TrainerOptions& options) {
  // libgomp's threads must not spin: on a shared machine they would starve everything else.
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  std::vector<std::string> places;
  if (const char* const chosen = std::getenv("MUTUAL_LEARNING")) places.push_back(chosen);
  places.push_back((ProgramFolder() / ".." / "lib" / kFile).string());
  places.push_back((ProgramFolder() / kFile).string());
  std::string reason;
  for (const std::string& place : places) {
    void* const module = ::dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (module == nullptr) {
      reason = ::dlerror();
      continue;
    }
    using Create = Trainer* (*)(const TrainerOptions*);
    using Destroy = void (*)(Trainer*);
    const auto create = reinterpret_cast<Create>(::dlsym(module, "MutualCreateTrainer"));
    const auto destroy = reinterpret_cast<Destroy>(::dlsym(module, "MutualDestroyTrainer"));
    if (create != nullptr && destroy != nullptr) {
      TrainerPtr trainer(create(&options), {destroy});
      if (trainer != nullptr) return trainer;
      return WithCode(
          InvalidArgument("LibTorch has no device \"%s\"; want cpu, or cuda where a CUDA build of "
                          "LibTorch finds one",
                          options.device),
          "DEVICE_MISSING");
    }
    reason = place + " is not a learning module of this version";
  }
  return WithCode(
      NotFound("training needs %s and LibTorch (package libtorch-dev): %s", kFile, reason),
      "LEARNING_MISSING");
}

}  // namespace mutual::client
