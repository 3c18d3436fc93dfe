// The scrutineer: masks in, checked facts in, one answer a round out.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "aggregation/masking/keyring.h"
#include "aggregation/masking/mask_classes.h"
#include "aggregation/masking/round_facts.h"
#include "aggregation/masking/round_record.h"
#include "aggregation/masking/tally.h"

namespace mutual::aggregation::masking {

// Who answers, for which study of which log.
struct ScrutineerPost {
  std::string origin;
  Digest study;
  Threshold threshold;  // from the study file
  uint32_t scrutineer = 0;
};

// Answers for at most one end of each round, for ever: the record is durable before an answer is
// returned, and a later question gets the same bytes or none. Not thread-safe.
class Scrutineer {
 public:
  // `records` must outlive the object. INVALID_ARGUMENT when the post is not one of the
  // threshold's.
  static absl::StatusOr<Scrutineer> Create(const ScrutineerPost& post, Keyring keyring,
                                           RoundRecordStore* records);

  // The tally of the close at `close_index`, computed on `threads` threads. Errors: those of
  // CheckClose; FACTS_MALFORMED for another log, study or threshold; EQUIVOCATION when another end
  // of the round was recorded; MASK_KEY_MISSING; ROUND_PASSED after EndRound; DATA_LOSS with code
  // TALLY_CHANGED when the record says that other bytes were answered; the store's errors.
  absl::StatusOr<Tally> Answer(const RoundFacts& facts, uint64_t close_index, uint32_t threads);

  // Erases the keys of rounds up to `round`. For a released round, or one that the log abandoned.
  absl::Status EndRound(uint64_t round) { return keyring_.ForgetThrough(round); }

  Keyring& keyring() { return keyring_; }

 private:
  Scrutineer(const ScrutineerPost& post, Keyring keyring, MaskClasses classes,
             RoundRecordStore* records)
      : post_(post),
        keyring_(std::move(keyring)),
        classes_(std::move(classes)),
        records_(records) {}
  absl::Status CheckPost(const RoundFacts& facts) const;
  // Stores what the round's first end is, and refuses when another was stored before.
  absl::Status Record(const RoundFacts& facts, const RoundEnd& end, const Digest& answer);

  ScrutineerPost post_;
  Keyring keyring_;
  MaskClasses classes_;
  RoundRecordStore* records_;  // outlives this
};

}  // namespace mutual::aggregation::masking
