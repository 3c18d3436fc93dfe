// The coordinator's side of a tally: agree on the class sums, then take them off.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregation/masking/mask_classes.h"
#include "aggregation/masking/tally.h"

namespace mutual::aggregation::masking {

// The close that is being tallied.
struct UnmaskedRound {
  Threshold threshold;
  Digest study;
  uint64_t round = 0;
  uint64_t close_index = 0;
  Digest close_entry;
  size_t values = 0;  // d, without padding
};

// A holder whose digest of a class is not the agreed one: evidence for a `dispute` entry.
struct Dissent {
  uint32_t scrutineer = 0;
  uint32_t mask_class = 0;
  auto operator<=>(const Dissent&) const = default;
};

// Takes tallies and class sums in any order and releases S = Σ_i y[i] − Σ_c class_sum[c].
//
// A class is agreed when a strict majority of all its holders published one digest: with three
// holders one liar is outvoted and named; with two a disagreement ends the round; a sole holder is
// believed. Holds one vector, whatever the number of classes. Not thread-safe.
class Unmasking {
 public:
  // INVALID_ARGUMENT when the threshold is not valid or values is 0.
  static absl::StatusOr<Unmasking> Create(const UnmaskedRound& round);

  // One scrutineer's published digests; the same again is OK. INVALID_ARGUMENT with code
  // TALLY_MALFORMED unless it is for this close and for exactly the classes that the scrutineer
  // holds; FAILED_PRECONDITION with code EQUIVOCATION when it published others before.
  absl::Status AddTally(const TallyMessage& message);

  // Classes whose sum is still wanted and whose digest is agreed, ascending.
  std::vector<uint32_t> Wanted() const;
  // The digest that a majority of the class's holders published, if there is one.
  std::optional<Digest> Agreed(uint32_t mask_class) const;
  // Takes the sum of a class off, once; again is OK. FAILED_PRECONDITION with code
  // CLASS_NOT_AGREED before a majority; DATA_LOSS with code CLASS_SUM_CORRUPT when `sum` does not
  // hash to the agreed digest: ask another holder; INVALID_ARGUMENT for a class that is not.
  absl::Status AddClassSum(uint32_t mask_class, std::span<const uint32_t> sum);

  // Holders outvoted so far, ascending.
  std::vector<Dissent> Dissents() const;
  // OK while every class is agreed or can still be. ABORTED with code CLASS_SUM_MISMATCH when no
  // majority is possible for a class any more: abandon the round.
  absl::Status CheckAgreement() const;

  // The centred sum of the counted values, d of them in [−2^31, 2^31), from `masked_sum`, the sum
  // of the counted contributions with its padding. CLASS_SUM_MISMATCH as above; FAILED_PRECONDITION
  // with code TOO_FEW_SCRUTINEERS until every class is taken off; INVALID_ARGUMENT for a wrong
  // size.
  absl::StatusOr<std::vector<int64_t>> Release(std::span<const uint32_t> masked_sum) const;

 private:
  Unmasking(const UnmaskedRound& round, MaskClasses classes);
  // Votes for each digest of a class.
  std::map<Digest, uint32_t> Votes(uint32_t mask_class) const;

  UnmaskedRound round_;
  MaskClasses classes_;
  std::map<uint32_t, TallyMessage> tallies_;  // by scrutineer
  std::vector<bool> taken_off_;               // [class]
  std::vector<uint32_t> mask_sum_;            // Σ of the classes taken off
};

}  // namespace mutual::aggregation::masking
