#include "coordinator/log/outside_witnesses.h"

#include <utility>

#include "base/status.h"
#include "transparency/http/witness_client.h"

namespace mutual::coordinator {
namespace {

// Below the log's own patience with all its witnesses together.
constexpr absl::Duration kPatience = absl::Seconds(3);

}  // namespace

OutsideWitnesses::~OutsideWitnesses() {
  std::map<std::string, std::unique_ptr<Asker>> askers;
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    askers.swap(askers_);
  }
  for (const auto& [name, asker] : askers) asker->thread.join();
}

std::vector<std::string> OutsideWitnesses::KeptBy(const transparency::Policy& policy,
                                                  const std::string& origin) {
  std::vector<std::string> kept;
  for (const transparency::PolicyWitness& witness : policy.witnesses()) {
    if (witness.url.empty()) continue;
    auto checkpoint = transparency::FetchCosigned(witness.url, origin, kPatience);
    if (checkpoint.ok()) kept.push_back(*std::move(checkpoint));
  }
  return kept;
}

void OutsideWitnesses::Wake(const transparency::Policy& policy) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return;
  for (const transparency::PolicyWitness& witness : policy.witnesses()) {
    if (witness.url.empty()) continue;
    std::unique_ptr<Asker>& asker = askers_[witness.name];
    if (asker == nullptr) {
      asker = std::make_unique<Asker>();
      asker->name = witness.name;
      asker->url = witness.url;
      asker->thread = std::thread([this, raw = asker.get()] { Work(raw); });
    }
    asker->is_due = true;
  }
}

void OutsideWitnesses::Work(Asker* asker) {
  bool has_failed = false;
  while (true) {
    {
      const absl::MutexLock lock(&mutex_);
      const auto wake = [this, asker]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
        return stopping_ || asker->is_due;
      };
      mutex_.Await(absl::Condition(&wake));
      if (stopping_) return;
      asker->is_due = false;
    }
    const bool fails = !AskOnce(*asker);
    if (fails != has_failed) {
      say_("the outside witness " + asker->name + (fails ? " does not answer" : " answers again"));
    }
    has_failed = fails;
  }
}

// Whether every request was answered, in whatever way.
bool OutsideWitnesses::AskOnce(const Asker& asker) {
  while (const auto body = board_->RequestFor(asker.name)) {
    const auto answer = transparency::PostCheckpoint(asker.url, *body, kPatience);
    if (!answer.ok()) return false;
    board_->TakeAnswer(asker.name, *answer);
  }
  return true;
}

}  // namespace mutual::coordinator
