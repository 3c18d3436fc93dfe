#include "tools/simulate/virtual_coordinator.h"

#include <chrono>
#include <limits>

#include "base/file.h"
#include "base/status.h"

namespace mutual::simulate {

namespace fs = std::filesystem;
using coordinator::FederationState;

absl::StatusOr<std::unique_ptr<VirtualCoordinator>> VirtualCoordinator::Start(
    const Options& options) {
  std::unique_ptr<VirtualCoordinator> made(new VirtualCoordinator(options));
  MUTUAL_RETURN_IF_ERROR(made->Open());
  return made;
}

absl::Status VirtualCoordinator::Open() {
  const fs::path& folder = options_.folder;
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return Unavailable("cannot create %s: %s", folder.string(), error.message());
  const std::string nowhere = "127.0.0.1:1";  // nobody listens: channels are calls
  MUTUAL_RETURN_IF_ERROR(FederationState::Init(
      {folder, options_.federation, nowhere, nowhere, options_.clock->Now(), false}));
  MUTUAL_ASSIGN_OR_RETURN(state_, FederationState::Load(folder));
  MUTUAL_ASSIGN_OR_RETURN(journal_,
                          coordinator::Journal::Open((folder / "journal.sqlite").string()));
  MUTUAL_ASSIGN_OR_RETURN(store_, coordinator::ContentStore::Open(folder / "content"));
  const coordinator::RetentionLimits limits{
      options_.keep_rounds ? std::numeric_limits<uint64_t>::max() : uint64_t{1}};
  MUTUAL_ASSIGN_OR_RETURN(retention_, coordinator::Retention::Open(
                                          (folder / "kept.sqlite").string(), limits, store_.get()));
  MUTUAL_ASSIGN_OR_RETURN(const std::string rules, ReadFile(folder / "rules.md", 1 << 20));
  board_ = std::make_unique<coordinator::CosignBoard>([this] { AskWitnesses(); });
  MUTUAL_ASSIGN_OR_RETURN(
      log_, coordinator::PublicLog::Open({folder / "log", state_->origin(), &state_->log_key(),
                                          &state_->entry_key(), state_->federation(), rules,
                                          options_.clock, board_.get(), options_.say}));
  MUTUAL_ASSIGN_OR_RETURN(
      core_, coordinator::FederationCore::Start({state_.get(), journal_.get(), store_.get(),
                                                 log_.get(), board_.get(), retention_.get(),
                                                 options_.clock, options_.say}));
  core_->Subscribe([this] {
    const std::lock_guard<std::mutex> lock(settled_mutex_);
    ++rounds_;
    settled_.notify_all();
  });
  return absl::OkStatus();
}

VirtualCoordinator::~VirtualCoordinator() = default;

void VirtualCoordinator::AddWitness(const std::string& name, transparency::Witness* witness) {
  const std::lock_guard<std::mutex> lock(witnesses_mutex_);
  witnesses_[name] = witness;
}

// On the log's own thread: every witness answers before the writer waits.
void VirtualCoordinator::AskWitnesses() {
  const std::lock_guard<std::mutex> lock(witnesses_mutex_);
  for (const auto& [name, witness] : witnesses_) {
    const auto body = board_->RequestFor(name);
    if (body) board_->TakeAnswer(name, witness->AddCheckpoint(*body));
  }
}

absl::Status VirtualCoordinator::AwaitRound() {
  std::unique_lock<std::mutex> lock(settled_mutex_);
  const uint64_t before = rounds_;
  lock.unlock();
  core_->Wake();
  lock.lock();
  while (rounds_ == before) {
    MUTUAL_RETURN_IF_ERROR(log_->status());
    settled_.wait_for(lock, std::chrono::seconds(1));
  }
  return absl::OkStatus();
}

// The first round that ends may have begun before what happened last; the second has seen it all.
absl::Status VirtualCoordinator::Settle() {
  MUTUAL_RETURN_IF_ERROR(AwaitRound());
  return AwaitRound();
}

}  // namespace mutual::simulate
