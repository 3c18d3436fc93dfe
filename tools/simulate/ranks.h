// Several processes, perhaps on several machines, that simulate together (MPI).
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace mutual::simulate {

// One process alone unless mpirun started it and this build has MPI. One object a program; used by
// the main thread only.
class Ranks {
 public:
  static std::unique_ptr<Ranks> Begin(int* argc, char*** argv);
  virtual ~Ranks() = default;
  virtual int rank() const = 0;  // from 0
  virtual int size() const = 0;
  // Everybody's texts, in the order of ranks, at rank 0; nothing elsewhere. Every rank calls it.
  virtual std::vector<std::string> Gather(const std::vector<std::string>& own) = 0;
};

}  // namespace mutual::simulate
