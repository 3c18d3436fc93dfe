#include "aggregation/masking/key_window.h"

#include <algorithm>
#include <set>

#include "aggregation/masking/trust_bound.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"

namespace mutual::aggregation::masking {

MaskIds KeyWindow::Ids(const NodeId& node, uint32_t mask_class) const {
  return MaskIds{origin, study, node, mask_class};
}

WrapBinding KeyWindow::Binding(const NodeId& node, uint32_t mask_class, uint32_t holder) const {
  return WrapBinding{Ids(node, mask_class), holder, scrutineer_keys[holder]};
}

bool KeyWindow::IsPresent(uint32_t scrutineer) const {
  return scrutineer < scrutineer_keys.size() && scrutineer_keys[scrutineer] != PublicKey{};
}

absl::Status KeyWindow::Check() const {
  const size_t wanted = classes.threshold().scrutineers;
  std::set<PublicKey> distinct(scrutineer_keys.begin(), scrutineer_keys.end());
  distinct.erase(PublicKey{});
  const auto absent = static_cast<size_t>(
      std::count(scrutineer_keys.begin(), scrutineer_keys.end(), PublicKey{}));
  if (scrutineer_keys.size() != wanted || distinct.size() + absent != wanted) {
    return InvalidArgument(
        "join window has %d scrutineer keys, %d of them different, want %d; wait "
        "for every scrutineer's entry",
        scrutineer_keys.size(), distinct.size(), wanted);
  }
  for (uint32_t c = 0; c < classes.size(); ++c) {
    const std::vector<uint32_t>& holders = classes.Holders(c);
    const auto present = std::count_if(holders.begin(), holders.end(),
                                       [this](uint32_t j) { return IsPresent(j); });
    if (static_cast<uint32_t>(present) >= HolderMajority(classes.threshold())) continue;
    return InvalidArgument("mask class %u has %d scrutineers present, want %u; wait for another "
                           "scrutineer's entry",
                           c, static_cast<int>(present), HolderMajority(classes.threshold()));
  }
  return absl::OkStatus();
}

Digest MaskCommitments::ToDigest() const {
  std::string bytes;
  AppendLengthPrefixed(kMasksLabel, &bytes);
  AppendLengthPrefixed(node.name(), &bytes);
  AppendNumber(commits.size(), &bytes);
  for (const Digest& commit : commits) AppendLengthPrefixed(AsText(commit.bytes), &bytes);
  for (const std::vector<Digest>& holders : wrappings) {
    AppendNumber(holders.size(), &bytes);
    for (const Digest& digest : holders) AppendLengthPrefixed(AsText(digest.bytes), &bytes);
  }
  return crypto::Sha256(bytes);
}

absl::StatusOr<Digest> CommittedWrapping(const MaskCommitments& commitments,
                                         const MaskClasses& classes, uint32_t mask_class,
                                         uint32_t holder) {
  const bool shaped =
      commitments.commits.size() == classes.size() &&
      commitments.wrappings.size() == classes.size() &&
      std::all_of(commitments.wrappings.begin(), commitments.wrappings.end(),
                  [&](const auto& row) { return row.size() == classes.holders_per_class(); });
  if (!shaped) {
    return InvalidArgument("masks of %s list %d commits, want %u with %u wrappings each",
                           commitments.node.name(), commitments.commits.size(), classes.size(),
                           classes.holders_per_class());
  }
  if (!classes.Holds(holder, mask_class)) {
    return InvalidArgument("scrutineer %u does not hold class %u", holder, mask_class);
  }
  const std::vector<uint32_t>& holders = classes.Holders(mask_class);
  const auto at = std::lower_bound(holders.begin(), holders.end(), holder) - holders.begin();
  return commitments.wrappings[mask_class][static_cast<size_t>(at)];
}

}  // namespace mutual::aggregation::masking
