#include "bench/federation.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/status.h"
#include "client/node/round_guard.h"
#include "client/node/statements.h"
#include "crypto/random.h"

namespace mutual::bench {
namespace {

namespace fs = std::filesystem;

// A port that was free a moment ago; 0 when there is none.
uint16_t FreePort() {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const bool bound = ::bind(file, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(file);
  return bound ? ntohs(address.sin_port) : uint16_t{0};
}

absl::StatusOr<std::vector<std::string>> LinesOf(const std::vector<std::string>& command,
                                                 const std::string& output) {
  MUTUAL_ASSIGN_OR_RETURN(Process process, Process::Start(command, output));
  MUTUAL_RETURN_IF_ERROR(process.Wait());
  std::vector<std::string> lines;
  std::ifstream file(output);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// One member with one row, and limits that no benchmark reaches.
client::NodeConfig ConfigOf(const fs::path& table) {
  client::NodeConfig config;
  client::TableConfig rows;
  rows.file = table.string();
  config.tables["rows"] = rows;
  config.policy = {1e-6, 1e6, 1e6, 1e6, 1e6, {3, 4, 6, 8, 12, 20, 32, 64}};
  config.slots = 64;
  return config;
}

absl::Status Accept(Member& member, const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(const client::TrustReply shown, member.channel->GetTrust());
  MUTUAL_RETURN_IF_ERROR(client::Follow(*member.trust, shown));
  MUTUAL_ASSIGN_OR_RETURN(
      const client::AnswerRecord record,
      client::MakeAnswer(*member.home, *member.trust, study, {true, SystemClock().Now()}));
  MUTUAL_RETURN_IF_ERROR(member.ledger->RecordAnswer(record));
  return member.channel->AnswerStudy(record.entry).status();
}

// The researcher's signed propose entry.
absl::StatusOr<std::string> ProposeEntry(const client::Home& home, client::Channel& channel,
                                         const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(const client::TrustReply shown, channel.ResearchTrust(""));
  MUTUAL_ASSIGN_OR_RETURN(const auto trust,
                          client::Trust::Open(home.folder(), home.origin(), home.log_key()));
  MUTUAL_RETURN_IF_ERROR(client::Follow(*trust, shown));
  return client::ProposeEntry(home, *trust, study, SystemClock().Now());
}

}  // namespace

absl::StatusOr<fs::path> RoomFor(uint64_t bytes, const std::string& parent) {
  std::error_code error;
  const fs::path where = parent.empty() ? fs::temp_directory_path(error) : fs::path(parent);
  const fs::space_info space = fs::space(where, error);
  if (error)
    return NotFound("the folder %s cannot be used; choose another with --dir", where.string());
  if (space.available < bytes) {
    return Unavailable("%s has %d MB free, this needs %d MB; choose another folder with --dir",
                       where.string(), space.available >> 20, bytes >> 20);
  }
  return where / absl::StrFormat("mutual-bench.%d", ::getpid());
}

absl::StatusOr<std::unique_ptr<Federation>> Federation::Begin(const fs::path& folder, int nodes) {
  std::unique_ptr<Federation> federation(new Federation(folder));
  std::error_code error;
  if (!fs::create_directories(folder, error)) {
    return Unavailable("cannot create %s; choose another folder with --dir", folder.string());
  }
  MUTUAL_RETURN_IF_ERROR(federation->StartCoordinator());
  MUTUAL_RETURN_IF_ERROR(federation->Enrol(nodes));
  return federation;
}

Federation::~Federation() {
  members_.clear();
  coordinator_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

absl::Status Federation::StartCoordinator() {
  const std::string program = ProgramFolder() + "/mutual-coordinator";
  const std::string output = (folder_ / "output.txt").string();
  port_ = FreePort();
  const std::string address = absl::StrFormat("127.0.0.1:%d", port_);
  MUTUAL_RETURN_IF_ERROR(
      LinesOf({program, "init", coordinator_folder(), "--listen", address, "--address", address},
              output)
          .status());
  MUTUAL_ASSIGN_OR_RETURN(Process process,
                          Process::Start({program, "serve", "--dir", coordinator_folder()},
                                         (folder_ / "coordinator.log").string()));
  coordinator_.emplace(std::move(process));
  return coordinator_->WaitFor("Serving");
}

absl::Status Federation::Enrol(int nodes) {
  crypto::SystemRandom random;
  const std::string output = (folder_ / "output.txt").string();
  const auto invite = [&](const char* role, int count) {
    return LinesOf({ProgramFolder() + "/mutual-coordinator", "invite", "--dir",
                    coordinator_folder(), "--role", role, "--count", std::to_string(count)},
                   output);
  };
  MUTUAL_ASSIGN_OR_RETURN(const auto code, invite("researcher", 1));
  MUTUAL_RETURN_IF_ERROR(client::Home::Join(
      {folder_ / "researcher", code.at(0), "researcher", "researcher", ""}, random));
  MUTUAL_ASSIGN_OR_RETURN(researcher_, client::Home::Load(folder_ / "researcher"));
  std::ofstream(folder_ / "rows.csv") << "member,x,y\nm1,0.5,0.5\n";
  MUTUAL_ASSIGN_OR_RETURN(const auto codes, invite("node", nodes));
  for (size_t i = 0; i < codes.size(); ++i) {
    MUTUAL_RETURN_IF_ERROR(AddMember(absl::StrFormat("node-%02d", i + 1), codes[i]));
  }
  return absl::OkStatus();
}

absl::Status Federation::AddMember(const std::string& name, const std::string& code) {
  crypto::SystemRandom random;
  const fs::path folder = folder_ / name;
  MUTUAL_RETURN_IF_ERROR(client::Home::Join({folder, code, name, "node", ""}, random));
  Member member;
  MUTUAL_ASSIGN_OR_RETURN(member.home, client::Home::Load(folder));
  MUTUAL_ASSIGN_OR_RETURN(member.ledger, client::Ledger::Open((folder / "ledger.sqlite").string()));
  MUTUAL_ASSIGN_OR_RETURN(
      member.trust, client::Trust::Open(folder, member.home->origin(), member.home->log_key()));
  member.config = ConfigOf(folder_ / "rows.csv");
  MUTUAL_RETURN_IF_ERROR(member.ledger->SetSlotCount(member.config.slots));
  MUTUAL_ASSIGN_OR_RETURN(member.channel, member.home->Connect());
  MUTUAL_ASSIGN_OR_RETURN(member.witness, ServingWitness::Start(*member.home));
  member.masks = std::make_unique<client::MaskKeys>(folder);
  MUTUAL_ASSIGN_OR_RETURN(member.desk,
                          ServingDesk::Start(*member.home, member.trust.get(), member.masks.get()));
  members_.push_back(std::move(member));
  return absl::OkStatus();
}

absl::StatusOr<study::Study> Federation::Propose(const std::string& text) {
  MUTUAL_ASSIGN_OR_RETURN(study::Study study, study::ParseStudy(text, client::SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(const auto channel, researcher_->Connect());
  MUTUAL_ASSIGN_OR_RETURN(const std::string entry, ProposeEntry(*researcher_, *channel, study));
  MUTUAL_RETURN_IF_ERROR(channel->Propose(text, entry).status());
  for (Member& member : members_) MUTUAL_RETURN_IF_ERROR(Accept(member, study));
  return study;
}

uint64_t Federation::KeptBytes() const {
  uint64_t total = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(coordinator_folder(), ignored)) {
    const auto size = entry.is_regular_file(ignored) ? entry.file_size(ignored) : 0;
    if (!ignored) total += size;
  }
  return total;
}

}  // namespace mutual::bench
