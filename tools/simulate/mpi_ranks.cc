// Built with MPI: what mpirun started is one of its ranks, what a person started stands alone.
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <numeric>

#include "tools/simulate/ranks.h"

namespace mutual::simulate {
namespace {

class OneRank final : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::vector<std::string> Gather(const std::vector<std::string>& own) override { return own; }
};

// Texts one after the other, each after its length.
std::string Packed(const std::vector<std::string>& texts) {
  std::string packed;
  for (const std::string& text : texts) {
    const uint64_t size = text.size();
    packed.append(reinterpret_cast<const char*>(&size), sizeof size);
    packed += text;
  }
  return packed;
}

std::vector<std::string> Unpacked(const std::string& packed) {
  std::vector<std::string> texts;
  for (size_t at = 0; at + sizeof(uint64_t) <= packed.size();) {
    uint64_t size = 0;
    std::memcpy(&size, packed.data() + at, sizeof size);
    texts.push_back(packed.substr(at + sizeof size, size));
    at += sizeof size + size;
  }
  return texts;
}

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
  }
  ~MpiRanks() override { MPI_Finalize(); }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::vector<std::string> Gather(const std::vector<std::string>& own) override {
    const std::string packed = Packed(own);
    const int bytes = static_cast<int>(packed.size());
    std::vector<int> sizes(static_cast<size_t>(size_)), starts(static_cast<size_t>(size_));
    MPI_Gather(&bytes, 1, MPI_INT, sizes.data(), 1, MPI_INT, 0, MPI_COMM_WORLD);
    if (rank_ == 0) std::exclusive_scan(sizes.begin(), sizes.end(), starts.begin(), 0);
    const size_t total =
        rank_ == 0 ? static_cast<size_t>(starts.back()) + static_cast<size_t>(sizes.back()) : 0;
    std::string all(total, '\0');
    MPI_Gatherv(packed.data(), bytes, MPI_CHAR, all.data(), sizes.data(), starts.data(), MPI_CHAR,
                0, MPI_COMM_WORLD);
    return Unpacked(all);
  }

 private:
  int rank_ = 0, size_ = 1;
};

}  // namespace

std::unique_ptr<Ranks> Ranks::Begin(int* argc, char*** argv) {
  const bool launched = std::getenv("OMPI_COMM_WORLD_SIZE") != nullptr ||
                        std::getenv("PMI_SIZE") != nullptr || std::getenv("PMIX_RANK") != nullptr;
  if (!launched) return std::make_unique<OneRank>();
  int provided = 0;
  if (MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS ||
      provided < MPI_THREAD_FUNNELED) {
    return std::make_unique<OneRank>();
  }
  return std::make_unique<MpiRanks>();
}

}  // namespace mutual::simulate
