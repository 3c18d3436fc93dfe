#include "coordinator/log/public_log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "transparency/log_reader.h"
#include "transparency/proof.h"

namespace mutual::coordinator {
namespace {

using transparency::Entry;
using transparency::EntryWriter;
using transparency::SignedEntry;

constexpr char kSpec[] = "mutual-log-1";
constexpr absl::Duration kCosignPatience = absl::Seconds(5);
constexpr absl::Duration kCompany = absl::Milliseconds(20);  // the next of a crowd is waited for
constexpr int kMostCompany = 5;                              // times
constexpr absl::Duration kIdleLook =
    absl::Milliseconds(200);  // how often an idle log looks at the clock

std::string FieldOr(const Entry& entry, const std::string& key) {
  for (const transparency::EntryField& field : entry.fields()) {
    if (field.key == key) return field.value;
  }
  return "";
}

// Whose software it is, by the name of the key that signs.
std::string SubjectOf(const Entry& entry) {
  const std::string node = FieldOr(entry, "node"), researcher = FieldOr(entry, "researcher");
  if (!node.empty()) return transparency::NodeKeyName(node);
  if (!researcher.empty()) return transparency::ResearcherKeyName(researcher);
  return std::string(transparency::kCoordinatorKeyName);
}

}  // namespace

std::string PublicLog::KeyOf(const Entry& entry) {
  const std::string& type = entry.type();
  if (type == "genesis") return type;
  // What happened to a study is told once, whenever that was.
  const bool is_of_study = type == "incident" && !FieldOr(entry, "study").empty();
  if (type == "policy" || (type == "incident" && !is_of_study) || type == "software" ||
      type == "dispute" || type == "keys-ok") {
    return type + "/" + crypto::Sha256(entry.text()).ToHex();
  }
  std::string key = type;
  if (type == "masks") {  // drawn again after a dispute
    std::string sealed;
    for (const transparency::EntryField& field : entry.fields()) {
      if (field.key == "commit" || field.key == "sealed") sealed += field.value + "\n";
    }
    key += "/" + crypto::Sha256(sealed).ToHex();
  }
  for (const char* const name : {"study", "window", "round", "node", "researcher"}) {
    const std::string value = FieldOr(entry, name);
    if (!value.empty()) key += "/" + value;
  }
  if (is_of_study) key += "/" + FieldOr(entry, "code");
  return key;
}

absl::StatusOr<std::unique_ptr<PublicLog>> PublicLog::Open(Options options,
                                                           const KeptElsewhere& kept_elsewhere) {
  std::unique_ptr<PublicLog> log(new PublicLog(std::move(options)));
  MUTUAL_RETURN_IF_ERROR(log->Begin());
  MUTUAL_RETURN_IF_ERROR(log->CheckKeptElsewhere(kept_elsewhere));
  log->worker_ = std::thread([raw = log.get()] { raw->Work(); });
  return log;
}

PublicLog::~PublicLog() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  WakeWaiting();
  if (worker_.joinable()) worker_.join();
}

absl::Status PublicLog::Begin() {
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey log_key,
                          crypto::SigningKey::FromSeed(options_.key->seed().bytes()));
  MUTUAL_ASSIGN_OR_RETURN(transparency::NoteSigner signer,
                          transparency::NoteSigner::Create(options_.origin, std::move(log_key)));
  signer_ = std::make_unique<transparency::NoteSigner>(std::move(signer));
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey entry_key,
                          crypto::SigningKey::FromSeed(options_.entry_key->seed().bytes()));
  MUTUAL_ASSIGN_OR_RETURN(
      transparency::NoteSigner entry_signer,
      transparency::NoteSigner::Create(transparency::kCoordinatorKeyName, std::move(entry_key)));
  entry_signer_ = std::make_unique<transparency::NoteSigner>(std::move(entry_signer));

  MUTUAL_ASSIGN_OR_RETURN(
      transparency::Policy policy,
      transparency::Policy::Parse("log " + signer_->verifier().ToVkey() + "\nquorum none\n"));
  {
    const absl::MutexLock lock(&mutex_);
    policy_ = policy;
  }
  transparency::LogOptions log_options{
      served_folder(), options_.folder / "state", policy,
      [this](const transparency::CosignRequest& request) {
        const transparency::Policy now = this->policy();
        std::vector<WantedWitnesses> wanted;
        for (const auto& [key, group] : wanted_now_) wanted.push_back(group);
        return options_.board->Collect(request, now, kCosignPatience, wanted);
      },
      nullptr};  // who the witnesses are stands in the log itself: see public_log_start.cc
  MUTUAL_ASSIGN_OR_RETURN(crypto::SigningKey again,
                          crypto::SigningKey::FromSeed(options_.key->seed().bytes()));
  MUTUAL_ASSIGN_OR_RETURN(transparency::NoteSigner own,
                          transparency::NoteSigner::Create(options_.origin, std::move(again)));
  MUTUAL_ASSIGN_OR_RETURN(log_, transparency::Log::Open(std::move(log_options), std::move(own)));
  if (log_->size() == 0) MUTUAL_RETURN_IF_ERROR(WriteGenesis());
  cosigned_ = options_.clock->Now();
  return ReadAll();
}

absl::Status PublicLog::WriteGenesis() {
  EntryWriter writer("genesis", options_.origin);
  writer.Text("title", options_.title)
      .Text("spec", kSpec)
      .Hash("rules", crypto::Sha256(options_.rules))
      .Key("coordinator-key", entry_signer_->verifier())
      .Key("log-key", signer_->verifier())
      .Text("policy", "log " + signer_->verifier().ToVkey())
      .Text("policy", "quorum none")
      .Integer("dishonest", 0)
      .Integer("admission-quorum", 0)
      .Time("time", options_.clock->Now());
  MUTUAL_ASSIGN_OR_RETURN(const Entry genesis, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(const SignedEntry signed_entry, Sign(genesis));
  const std::vector<std::string> batch = {signed_entry.ToBytes()};
  return log_->Append(batch).status();
}

// Reads every published entry: the keys that are taken, and the policy that is in force.
absl::Status PublicLog::ReadAll() {
  const transparency::TreeHead head = log_->published();
  MUTUAL_ASSIGN_OR_RETURN(
      const auto reader,
      transparency::LogReader::Open(transparency::FetchFromFolder(served_folder()), head));
  MUTUAL_RETURN_IF_ERROR(reader->ForEach(0, head.size, [&](uint64_t index, std::string_view bytes) {
    return Index(index, {std::string(bytes)});
  }));
  const absl::MutexLock lock(&mutex_);
  head_ = head;
  checkpoint_ = log_->checkpoint();
  return absl::OkStatus();
}

absl::Status PublicLog::Index(uint64_t first, const std::vector<std::string>& entries) {
  const absl::MutexLock lock(&mutex_);
  for (const std::string& bytes : entries) {
    MUTUAL_ASSIGN_OR_RETURN(const SignedEntry entry, transparency::ParseSignedEntry(bytes));
    const std::string key = KeyOf(entry.entry);
    const uint64_t index = first++;
    published_.emplace(key, index);
    pending_.erase(key);
    const std::string& type = entry.entry.type();
    if (type == "scrutineer" || type == "masks" || type == "keys-ok" || type == "dispute") {
      mask_entries_[FieldOr(entry.entry, "study")].push_back(index);
    }
    if (entry.entry.type() == "software") {
      software_[SubjectOf(entry.entry) + "/" + FieldOr(entry.entry, "program")] =
          FieldOr(entry.entry, "sha256");
    }
    if (entry.entry.type() != "genesis" && entry.entry.type() != "policy") continue;
    policy_index_ = index;
    MUTUAL_ASSIGN_OR_RETURN(policy_, transparency::Policy::Parse(
                                         absl::StrJoin(entry.entry.Texts("policy"), "\n") + "\n"));
    log_->UsePolicy(*policy_);
  }
  return absl::OkStatus();
}

absl::StatusOr<SignedEntry> PublicLog::Sign(const Entry& entry) const {
  const transparency::NoteSigner* const signers[] = {entry_signer_.get()};
  return transparency::SignEntry(entry, signers);
}

absl::StatusOr<LoggedEntry> PublicLog::Append(const SignedEntry& entry) {
  return AppendFor(entry, {});
}

absl::StatusOr<LoggedEntry> PublicLog::AppendFor(const SignedEntry& entry,
                                                 const WantedWitnesses& wanted) {
  const std::string key = KeyOf(entry.entry);
  {
    const absl::MutexLock lock(&mutex_);
    if (!broken_.ok()) return broken_;
    if (published_.count(key) == 0 && pending_.count(key) == 0) {
      if (wanted.count > 0) wanted_[key] = wanted;
      pending_[key] = entry.ToBytes();
      waiting_.push_back(key);
    }
  }
  MUTUAL_RETURN_IF_ERROR(AwaitPublished(key));
  std::optional<LoggedEntry> found = Find(key);
  if (!found) return Unavailable("the log cannot be read just now; try again");
  const absl::MutexLock lock(&mutex_);
  if (const auto kept = wanted_checkpoints_.extract(key)) found->checkpoint = kept.mapped();
  return *std::move(found);
}

// A steady clock: the wall clock may jump, and absl's timed waits with it.
absl::Status PublicLog::AwaitPublished(const std::string& key) {
  const auto until =
      std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(options_.patience);
  std::unique_lock<std::mutex> lock(wait_mutex_);
  while (!IsPublished(key)) {
    MUTUAL_RETURN_IF_ERROR(status());
    if (published_event_.wait_until(lock, until) == std::cv_status::no_timeout || IsPublished(key))
      continue;
    return WithCode(Unavailable("too few witnesses are connected to cosign the log, so nothing can "
                                "take effect; wait until more organisations' nodes are serving"),
                    "NO_QUORUM");
  }
  return absl::OkStatus();
}

bool PublicLog::IsPublished(const std::string& key) {
  const absl::MutexLock lock(&mutex_);
  return published_.count(key) > 0;
}

std::optional<LoggedEntry> PublicLog::FindSame(const Entry& entry) { return Find(KeyOf(entry)); }

std::string PublicLog::DeclaredSoftware(const std::string& subject, const std::string& program) {
  const absl::MutexLock lock(&mutex_);
  const auto found = software_.find(subject + "/" + program);
  return found == software_.end() ? "" : found->second;
}

absl::Status PublicLog::status() {
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return Unavailable("the coordinator is stopping; try again when it serves");
  return broken_;
}

std::string PublicLog::checkpoint() {
  const absl::MutexLock lock(&mutex_);
  return checkpoint_;
}

transparency::Policy PublicLog::policy() {
  const absl::MutexLock lock(&mutex_);
  return *policy_;
}

absl::Status PublicLog::AppendBatch(const std::vector<std::string>& batch) {
  const uint64_t first = log_->size();
  absl::Status status = log_->Append(batch).status();
  while (!status.ok()) {
    if (ErrorCode(status) != "NO_QUORUM") return status;
    {
      const absl::MutexLock lock(&mutex_);
      if (stopping_) return status;
    }
    status = log_->Publish();
  }
  {
    const absl::MutexLock lock(&mutex_);
    head_ = log_->published();
    checkpoint_ = log_->checkpoint();
    for (const auto& [key, group] : wanted_now_) wanted_checkpoints_[key] = checkpoint_;
  }
  cosigned_ = options_.clock->Now();
  MUTUAL_RETURN_IF_ERROR(Index(first, batch));
  WakeWaiting();
  return absl::OkStatus();
}

// What every node or scrutineer of a study sends at about the same time.
bool PublicLog::HasCrowd() {
  if (waiting_.empty()) return false;
  constexpr const char* kCrowds[] = {"contribution/", "tally/", "masks/", "keys-ok/"};
  return std::any_of(std::begin(kCrowds), std::end(kCrowds), [this](const char* type) {
    mutex_.AssertHeld();  // by the caller, which the analysis does not see in here
    return absl::StartsWith(waiting_.front(), type);
  });
}

// The first of a crowd waits a little for the others, as long as they come, so that one batch, with
// its durable writes and cosignatures, serves many.
void PublicLog::WaitForCompany() {
  size_t here = 0;
  {
    const absl::MutexLock lock(&mutex_);
    const auto wake = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return stopping_ || !waiting_.empty() || recosign_.has_value() || heeded_.has_value();
    };
    mutex_.AwaitWithTimeout(absl::Condition(&wake), kIdleLook);
    if (stopping_ || !HasCrowd()) return;
    here = waiting_.size();
  }
  for (int i = 0; i < kMostCompany; ++i) {
    absl::SleepFor(kCompany);
    const absl::MutexLock lock(&mutex_);
    if (stopping_ || waiting_.size() == here) return;
    here = waiting_.size();
  }
}

std::vector<std::string> PublicLog::TakeBatch() {
  const absl::MutexLock lock(&mutex_);
  std::vector<std::string> batch;
  wanted_now_.clear();
  while (!stopping_ && !waiting_.empty() && batch.size() < transparency::Log::kMaxBatch) {
    // What a crash had left staged may have been published since it was asked for again.
    const auto found = pending_.find(waiting_.front());
    if (found != pending_.end()) batch.push_back(found->second);
    if (auto wish = wanted_.extract(waiting_.front())) wanted_now_.insert(std::move(wish));
    waiting_.pop_front();
  }
  return batch;
}

void PublicLog::Recosign(const WantedWitnesses& wanted) {
  const absl::MutexLock lock(&mutex_);
  recosign_ = wanted;
}

// A log in which nothing happens still shows that its witnesses are there. Too few of them now is
// no error: the published checkpoint stays as it is.
absl::Status PublicLog::RecosignWhenIdle() {
  const absl::Time now = options_.clock->Now();
  if (now < cosigned_) cosigned_ = now;  // the clock was set back
  {
    const absl::MutexLock lock(&mutex_);
    if (const auto asked = std::exchange(recosign_, std::nullopt)) {
      wanted_now_["recosign"] = *asked;
    }
  }
  const bool is_due = !wanted_now_.empty() || now >= cosigned_ + options_.idle;
  if (!is_due || !has_quorum_rule()) return absl::OkStatus();
  cosigned_ = now;
  const absl::Status status = log_->Recosign();
  if (!status.ok() && ErrorCode(status) != "NO_QUORUM") return status;
  const absl::MutexLock lock(&mutex_);
  checkpoint_ = log_->checkpoint();
  return absl::OkStatus();
}

void PublicLog::Work() {
  absl::Status status = Settle();
  WakeWaiting();
  while (status.ok() && !IsStopping()) {
    WaitForCompany();
    status = CheckHeeded();
    if (!status.ok()) break;
    const std::vector<std::string> batch = TakeBatch();
    status = batch.empty() ? RecosignWhenIdle() : AppendBatch(batch);
  }
  if (IsStopping()) return;
  options_.say("the log has stopped: " + Describe(status));
  mutex_.Lock();
  broken_ = status;
  mutex_.Unlock();
  WakeWaiting();
}

}  // namespace mutual::coordinator
