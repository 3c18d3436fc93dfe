#include "transparency/log.h"

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/status.h"
#include "transparency/compact_range.h"
#include "transparency/cosignature.h"
#include "transparency/entry_bundle.h"
#include "transparency/tile_files.h"

namespace mutual::transparency {
namespace {

absl::Status CheckEntries(std::span<const std::string> entries) {
  if (entries.empty() || entries.size() > Log::kMaxBatch) {
    return InvalidArgument("a batch has %d entries, want 1 to %d", entries.size(), Log::kMaxBatch);
  }
  for (const std::string& entry : entries) {
    if (!entry.empty() && entry.size() <= kMaxEntrySize) continue;
    return InvalidArgument(
        "an entry has %d bytes, want 1 to %d; put long content into the content "
        "store and log its digest",
        entry.size(), kMaxEntrySize);
  }
  return absl::OkStatus();
}

// A reader of the tree after the stage: hashes of the old tree from its tiles, the rest from the
// staged entries by the definition of the hash, top down.
HashReader StagedReader(const Stage& stage, TileReader& old_tiles) {
  return [&](const Subtree& subtree) -> absl::StatusOr<Digest> {
    const uint64_t end = (subtree.index + 1) << subtree.level;
    if (end <= stage.old_tree.size) return old_tiles.Read(subtree);
    if (subtree.level == 0) return LeafHash(stage.entries[subtree.index - stage.old_tree.size]);
    const HashReader below = StagedReader(stage, old_tiles);
    MUTUAL_ASSIGN_OR_RETURN(const Digest left, below({subtree.level - 1, 2 * subtree.index}));
    MUTUAL_ASSIGN_OR_RETURN(const Digest right, below({subtree.level - 1, 2 * subtree.index + 1}));
    return NodeHash(left, right);
  };
}

// `checkpoint` with those of `lines` that are good cosignatures of witnesses that `policy` names.
absl::StatusOr<std::string> AddCosignatures(const Policy& policy, const std::string& checkpoint,
                                            std::span<const std::string> lines) {
  MUTUAL_ASSIGN_OR_RETURN(Note cosigned, ParseNote(checkpoint));
  std::vector<NoteVerifier> witnesses;
  for (const PolicyWitness& witness : policy.witnesses()) witnesses.push_back(witness.key);
  for (const std::string& line : lines) {
    const auto signatures = ParseSignatureLines(line.ends_with('\n') ? line : line + "\n");
    if (!signatures.ok()) continue;
    for (const NoteSignature& signature : *signatures) {
      const auto good = ReadCosignatures({cosigned.text, {signature}}, witnesses);
      if (!good.ok() || good->empty()) continue;
      if (std::ranges::count(cosigned.signatures, signature) > 0) continue;
      cosigned.signatures.push_back(signature);
    }
  }
  return PrintNote(cosigned);
}

absl::Status NoQuorum(const absl::Status& cause) {
  return WithCode(Unavailable("the checkpoint is not published: %s; the entries are kept, publish "
                              "again when more witnesses answer",
                              std::string(cause.message())),
                  "NO_QUORUM");
}

}  // namespace

absl::Status Log::Break(const absl::Status& status) {
  if (status.ok() || ErrorCode(status) == "NO_QUORUM") return status;
  broken_ = Annotate(status, "the log has stopped, end the program and start it again");
  return broken_;
}

absl::StatusOr<std::unique_ptr<LogReader>> Log::ReaderAt(const TreeHead& tree) const {
  return LogReader::Open(FetchFromFolder(served_.root()), tree);
}

absl::StatusOr<uint64_t> Log::Append(std::span<const std::string> entries) {
  MUTUAL_RETURN_IF_ERROR(broken_);
  MUTUAL_RETURN_IF_ERROR(CheckEntries(entries));
  MUTUAL_RETURN_IF_ERROR(Publish());
  const absl::StatusOr<uint64_t> first = StageAndCommit(entries);
  if (!first.ok()) return Break(first.status());
  MUTUAL_RETURN_IF_ERROR(Publish());
  return first;
}

absl::StatusOr<uint64_t> Log::StageAndCommit(std::span<const std::string> entries) {
  MUTUAL_ASSIGN_OR_RETURN(const Stage stage, MakeStage(entries));
  MUTUAL_ASSIGN_OR_RETURN(const Stage on_disk, WriteStage(stage));
  MUTUAL_RETURN_IF_ERROR(Commit(on_disk));
  return stage.old_tree.size;
}

absl::StatusOr<Stage> Log::MakeStage(std::span<const std::string> entries) const {
  if (kMaxTreeSize - head_.size < entries.size()) return OutOfRange("the log is full");
  MUTUAL_ASSIGN_OR_RETURN(const auto old_log, ReaderAt(head_));
  MUTUAL_ASSIGN_OR_RETURN(CompactRange range,
                          CompactRange::Read(head_.size, old_log->tiles().Reader()));
  for (const std::string& entry : entries) range.Append(LeafHash(entry));
  return Stage{origin(), head_, range.Head(), {entries.begin(), entries.end()}};
}

// Returns what is on the disk, and not what was meant to be.
absl::StatusOr<Stage> Log::WriteStage(const Stage& stage) {
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, PrintStage(stage));
  MUTUAL_RETURN_IF_ERROR(state_.Overwrite(kStageFile, bytes));
  MUTUAL_RETURN_IF_ERROR(state_.SyncFolders());
  MUTUAL_ASSIGN_OR_RETURN(const std::string on_disk,
                          ReadFile(state_.root() / kStageFile, kMaxStageSize));
  MUTUAL_ASSIGN_OR_RETURN(Stage read_back, ParseStage(on_disk));
  if (read_back == stage) return read_back;
  return WithCode(DataLoss("the stage reads back other than it was written"), "LOG_CORRUPT");
}

absl::Status Log::Commit(const Stage& stage) {
  MUTUAL_ASSIGN_OR_RETURN(const auto old_log, ReaderAt(stage.old_tree));
  MUTUAL_RETURN_IF_ERROR(CheckRoot(stage, *old_log));
  MUTUAL_RETURN_IF_ERROR(MoveMark(stage));
  MUTUAL_RETURN_IF_ERROR(WriteTiles(stage, *old_log));
  head_ = stage.new_tree;
  return absl::OkStatus();
}

absl::Status Log::CheckRoot(const Stage& stage, LogReader& old_log) const {
  MUTUAL_ASSIGN_OR_RETURN(const Digest root,
                          ReadRoot(stage.new_tree.size, StagedReader(stage, old_log.tiles())));
  if (root == stage.new_tree.root) return absl::OkStatus();
  return WithCode(DataLoss("the root of size %d came out differently the second time; nothing was "
                           "signed, check this machine's memory",
                           stage.new_tree.size),
                  "LOG_CORRUPT");
}

// Compare and swap: the mark must be where this batch begins, or where an interrupted attempt at
// this same batch left it. Written in either case, so that it is durable.
absl::Status Log::MoveMark(const Stage& stage) {
  MUTUAL_ASSIGN_OR_RETURN(const TreeHead mark, ReadMark());
  if (mark != stage.old_tree && mark != stage.new_tree) {
    return WithCode(DataLoss("the mark is at size %d, want %d; another program wrote it", mark.size,
                             stage.old_tree.size),
                    "STORAGE_ROLLED_BACK");
  }
  const Checkpoint checkpoint{origin(), stage.new_tree.size, stage.new_tree.root, ""};
  MUTUAL_RETURN_IF_ERROR(state_.Replace(kMarkFile, checkpoint.ToText()));
  return state_.SyncFolders();
}

absl::Status Log::WriteTiles(const Stage& stage, LogReader& old_log) {
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<TileFile> files, FilesOfGrowth(old_log, stage.entries));
  for (const TileFile& file : files) MUTUAL_RETURN_IF_ERROR(served_.Add(file.path, file.bytes));
  MUTUAL_RETURN_IF_ERROR(served_.SyncFolders());
  // What readers will read must lead to what is about to be signed.
  MUTUAL_ASSIGN_OR_RETURN(const auto new_log, ReaderAt(stage.new_tree));
  return new_log->ForEach(stage.old_tree.size, stage.new_tree.size,
                          [](uint64_t, std::string_view) { return absl::OkStatus(); });
}

absl::Status Log::Publish() {
  MUTUAL_RETURN_IF_ERROR(broken_);
  return has_pending() ? Break(PublishPending()) : absl::OkStatus();
}

absl::Status Log::PublishPending() {
  MUTUAL_ASSIGN_OR_RETURN(const auto log, ReaderAt(head_));
  MUTUAL_ASSIGN_OR_RETURN(const CosignRequest request, MakeRequest(*log));
  MUTUAL_ASSIGN_OR_RETURN(const std::string checkpoint, Cosign(request));
  return Finish(checkpoint);
}

absl::StatusOr<CosignRequest> Log::MakeRequest(LogReader& log) const {
  CosignRequest request;
  const Checkpoint checkpoint{origin(), head_.size, head_.root, ""};
  MUTUAL_ASSIGN_OR_RETURN(request.checkpoint, SignCheckpoint(checkpoint, signer_));
  request.old_size = published_.size;
  MUTUAL_ASSIGN_OR_RETURN(request.proof, log.ConsistencyProof(published_.size, head_.size));
  request.prove = [&log, size = head_.size](uint64_t old_size) {
    return log.ConsistencyProof(old_size, size);
  };
  return request;
}

absl::StatusOr<std::string> Log::Cosign(const CosignRequest& request) const {
  std::vector<std::string> lines;
  if (options_.cosign) {
    absl::StatusOr<std::vector<std::string>> answer = options_.cosign(request);
    if (ErrorCode(answer.status()) == "STORAGE_ROLLED_BACK") return answer.status();
    if (!answer.ok()) return NoQuorum(answer.status());
    lines = *std::move(answer);
  }
  MUTUAL_ASSIGN_OR_RETURN(std::string checkpoint,
                          AddCosignatures(options_.policy, request.checkpoint, lines));
  const auto evaluation = options_.policy.RequireQuorum(checkpoint);
  if (!evaluation.ok()) return NoQuorum(evaluation.status());
  return checkpoint;
}

absl::Status Log::Recosign() {
  MUTUAL_RETURN_IF_ERROR(broken_);
  if (has_pending() || published_.size == 0) return absl::OkStatus();
  return Break(RecosignPublished());
}

// The tree is the same, so nothing is staged: whichever checkpoint a crash leaves is a good one.
absl::Status Log::RecosignPublished() {
  MUTUAL_ASSIGN_OR_RETURN(const auto log, ReaderAt(published_));
  MUTUAL_ASSIGN_OR_RETURN(const CosignRequest request, MakeRequest(*log));
  MUTUAL_ASSIGN_OR_RETURN(const std::string checkpoint, Cosign(request));
  MUTUAL_RETURN_IF_ERROR(served_.Replace(kCheckpointFile, checkpoint));
  MUTUAL_RETURN_IF_ERROR(served_.SyncFolders());
  checkpoint_ = checkpoint;
  return absl::OkStatus();
}

absl::Status Log::Finish(const std::string& checkpoint) {
  MUTUAL_RETURN_IF_ERROR(served_.Replace(kCheckpointFile, checkpoint));
  MUTUAL_RETURN_IF_ERROR(served_.SyncFolders());
  published_ = head_;
  checkpoint_ = checkpoint;
  return DropStage();
}

}  // namespace mutual::transparency
