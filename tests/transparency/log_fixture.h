// A log in folders of its own, with one witness that remembers what it cosigned.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/status.h"
#include "tests/support/temporary_folder.h"
#include "tests/transparency/naive_tree.h"
#include "tests/transparency/vector.h"
#include "transparency/cosignature.h"
#include "transparency/log.h"

namespace mutual::transparency::testing {

inline Policy OneWitnessPolicy() {
  return *Policy::Parse("log " + std::string(kLogVkey) + "\nwitness north " +
                        std::string(kWitnessVkey) + "\nquorum north\n");
}

inline std::vector<std::string> EntriesFrom(uint64_t first, uint64_t count) {
  std::vector<std::string> entries;
  for (uint64_t i = first; i < first + count; ++i) entries.push_back("entry " + std::to_string(i));
  return entries;
}

// Cosigns what extends what it has seen, as a witness does, in memory.
class FakeWitness {
 public:
  absl::StatusOr<std::vector<std::string>> Cosign(const CosignRequest& request) {
    if (!is_there) return Unavailable("the witness is away");
    MUTUAL_ASSIGN_OR_RETURN(const SignedCheckpoint found,
                            OpenCheckpoint(request.checkpoint, LogVerifier()));
    const TreeHead head{found.checkpoint.size, found.checkpoint.root};
    std::vector<Digest> proof = request.proof;
    if (seen.size != request.old_size) {
      MUTUAL_ASSIGN_OR_RETURN(proof, request.prove(seen.size));
    }
    MUTUAL_RETURN_IF_ERROR(VerifyConsistency(seen, head, proof));
    seen = head;
    MUTUAL_ASSIGN_OR_RETURN(
        const CosignatureSigner signer,
        CosignatureSigner::Create("north.example/witness", KeyOf("vector witness")));
    MUTUAL_ASSIGN_OR_RETURN(const NoteSignature signature,
                            signer.Sign(found.checkpoint.ToText(), time));
    return std::vector<std::string>{PrintSignatureLine(signature)};
  }

  bool is_there = true;
  uint64_t time = kVectorTime;
  TreeHead seen{0, EmptyRoot()};
};

class LogFixture {
 public:
  std::filesystem::path served() const { return folder_.path() / "served"; }
  std::filesystem::path state() const { return folder_.path() / "state"; }
  FakeWitness& witness() { return witness_; }

  LogOptions Options() {
    return {served(), state(), OneWitnessPolicy(),
            [this](const CosignRequest& request) { return witness_.Cosign(request); },
            [this]() -> absl::StatusOr<uint64_t> { return witness_.seen.size; }};
  }
  absl::StatusOr<std::unique_ptr<Log>> Open() { return Log::Open(Options(), LogSigner()); }

  // The whole log as served, read and verified against its checkpoint.
  absl::StatusOr<TreeHead> Verify() const {
    MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(served() / "checkpoint", 1 << 20));
    MUTUAL_ASSIGN_OR_RETURN(const Evaluation found, OneWitnessPolicy().RequireQuorum(bytes));
    const TreeHead head{found.signed_checkpoint.checkpoint.size,
                        found.signed_checkpoint.checkpoint.root};
    MUTUAL_ASSIGN_OR_RETURN(const auto reader, LogReader::Open(FetchFromFolder(served()), head));
    MUTUAL_RETURN_IF_ERROR(
        reader->ForEach(0, head.size, [](uint64_t index, std::string_view entry) {
          return entry == "entry " + std::to_string(index) ? absl::OkStatus()
                                                           : DataLoss("entry %d differs", index);
        }));
    return head;
  }

 private:
  mutual::testing::TemporaryFolder folder_;
  FakeWitness witness_;
};

}  // namespace mutual::transparency::testing
