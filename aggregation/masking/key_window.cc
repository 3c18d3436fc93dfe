#include "aggregation/masking/key_window.h"

#include <algorithm>
#include <set>

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

absl::Status KeyWindow::Check() const {
  const size_t wanted = classes.threshold().scrutineers;
  const std::set<PublicKey> distinct(scrutineer_keys.begin(), scrutineer_keys.end());
  if (scrutineer_keys.size() == wanted && distinct.size() == wanted) return absl::OkStatus();
  return InvalidArgument(
      "join window has %d scrutineer keys, %d of them different, want %d; wait "
      "for every scrutineer's entry",
      scrutineer_keys.size(), distinct.size(), wanted);
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
