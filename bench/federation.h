// A federation for a benchmark: the real coordinator as a process of its own, nodes enrolled over
// its real services.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/process.h"
#include "bench/serving_desk.h"
#include "bench/serving_witness.h"
#include "client/data/node_config.h"
#include "client/ledger/ledger.h"
#include "client/node/home.h"
#include "client/node/trust.h"
#include "study/study_file.h"

namespace mutual::bench {

// One organisation's node: keys, certificate, ledger, trust and a connection of its own. Its
// witness has another connection, and cosigns from the enrolment on.
struct Member {
  std::unique_ptr<client::Home> home;
  std::unique_ptr<client::Ledger> ledger;
  std::unique_ptr<client::Trust> trust;
  std::unique_ptr<client::Channel> channel;
  client::NodeConfig config;
  std::unique_ptr<ServingWitness> witness;
  std::unique_ptr<client::MaskKeys> masks;
  std::unique_ptr<ServingDesk> desk;
};

// Everything is in one new folder, removed on destruction. Not thread-safe; different members may
// be used by different threads.
class Federation {
 public:
  // `folder` must not exist.
  static absl::StatusOr<std::unique_ptr<Federation>> Begin(const std::filesystem::path& folder,
                                                           int nodes);
  ~Federation();
  // Proposes the study, which makes the nodes the log's witnesses, and accepts it for every node;
  // its first round opens.
  absl::StatusOr<study::Study> Propose(const std::string& text);
  std::vector<Member>& members() { return members_; }
  const Process& coordinator() const { return *coordinator_; }
  uint16_t port() const { return port_; }
  // Bytes of all files below the coordinator's folder.
  uint64_t KeptBytes() const;

 private:
  explicit Federation(std::filesystem::path folder) : folder_(std::move(folder)) {}
  absl::Status StartCoordinator();
  absl::Status Enrol(int nodes);
  absl::Status AddMember(const std::string& name, const std::string& code);
  std::string coordinator_folder() const { return (folder_ / "coordinator").string(); }

  std::filesystem::path folder_;
  uint16_t port_ = 0;
  std::optional<Process> coordinator_;
  std::unique_ptr<client::Home> researcher_;
  std::vector<Member> members_;
};

// A new name below `parent` (the system's folder for temporary files when empty). UNAVAILABLE when
// less than `bytes` are free there.
absl::StatusOr<std::filesystem::path> RoomFor(uint64_t bytes, const std::string& parent);

}  // namespace mutual::bench
