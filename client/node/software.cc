#include "client/node/software.h"

#include "base/file.h"
#include "base/status.h"
#include "base/version.h"
#include "crypto/own_program.h"

namespace mutual::client {
namespace {

constexpr uint64_t kSmall = 1 << 20;

}  // namespace

absl::Status DeclareSoftware(const SoftwareParts& parts) {
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, crypto::DigestOfOwnProgram());
  const std::filesystem::path path = parts.home->folder() / "software";
  const std::string line = digest.ToHex() + " " + Version() + "\n";
  if (ReadFile(path, kSmall).value_or("") == line) return absl::OkStatus();
  const bool is_node = parts.home->role() == "node";
  transparency::EntryWriter writer("software", parts.home->origin());
  writer.Head("seen", parts.trust->seen())
      .Text(is_node ? "node" : "researcher", parts.home->organisation())
      .Text("program", is_node ? "mutual-node" : "mutual")
      .Text("version", Version())
      .Hash("sha256", digest)
      .Time("time", parts.clock->Now());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(const std::string signed_entry, parts.home->SignEntry(entry));
  MUTUAL_RETURN_IF_ERROR(is_node ? parts.channel->Declare(signed_entry)
                                 : parts.channel->ResearchDeclare(signed_entry));
  return WriteFileDurably(path, line, FileMode::kPublic);
}

}  // namespace mutual::client
