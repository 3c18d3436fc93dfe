// Contributions that are in the log are counted together: one transaction of the journal for all
// that wait.
#include <algorithm>
#include <iterator>

#include "base/status.h"
#include "coordinator/service/federation_core.h"

namespace mutual::coordinator {

// Whoever gets the core first counts for everybody who waits for it.
absl::Status FederationCore::TakeContribution(const UploadTicket& ticket,
                                              const ContributionArrived& event) {
  Arrival mine{&ticket, event, absl::OkStatus(), false};
  {
    const absl::MutexLock lock(&arrivals_mutex_);
    arrivals_.push_back(&mine);
  }
  const absl::MutexLock lock(&mutex_);
  while (!mine.is_taken) TakeArrivals();
  return mine.status;
}

// Those of one round at a time; what is left waits for its own call or the next.
void FederationCore::TakeArrivals() {
  std::vector<Arrival*> all;
  {
    const absl::MutexLock lock(&arrivals_mutex_);
    const UploadTicket& first = *arrivals_.front()->ticket;
    const auto rest =
        std::stable_partition(arrivals_.begin(), arrivals_.end(), [&first](const Arrival* one) {
          return one->ticket->study != first.study || one->ticket->round != first.round;
        });
    all.assign(rest, arrivals_.end());
    arrivals_.erase(rest, arrivals_.end());
  }
  StudyRun* const run = Find(all[0]->ticket->study);
  if (run == nullptr || !run->IsOpen(all[0]->ticket->round)) {
    for (Arrival* const one : all) {
      one->status =
          WithCode(FailedPrecondition("round %d closed while the contribution was being received",
                                      one->ticket->round),
                   "ROUND_CLOSED");
      one->is_taken = true;
    }
    return;
  }
  std::vector<RoundEvent> events;
  for (const Arrival* const one : all) events.emplace_back(one->event);
  const std::vector<absl::Status> statuses = run->ApplyAll(events);
  for (size_t i = 0; i < all.size(); ++i) {
    all[i]->status = statuses[i];
    all[i]->is_taken = true;
  }
  changed_ = true;
}

}  // namespace mutual::coordinator
