// A node's part in a join window: draws mask keys, publishes their commits, answers disputes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "aggregation/masking/node_keys.h"
#include "base/clock.h"
#include "client/channel/channel.h"
#include "client/ledger/ledger.h"
#include "client/node/home.h"
#include "client/node/mask_keys.h"
#include "client/scrutineer/reading_room.h"

namespace mutual::client {

// What the desks work with; everything outlives them.
struct DeskParts {
  const Home* home;
  Ledger* ledger;  // an object of the desk's own
  MaskKeys* masks;
  ReadingRoom* room;
  const Clock* clock;
  crypto::RandomSource* random;
  std::function<void(const std::string&)> say;
};

// Not thread-safe.
class NodeDesk {
 public:
  explicit NodeDesk(const DeskParts& parts) : parts_(parts) {}

  // Publishes this node's masks for an accepted study. The keys are the same at every call until a
  // dispute is answered, also after a crash. FAILED_PRECONDITION STUDY_NOT_ACCEPTED, KEYS_MISSING,
  // MASKS_IN_USE once rounds began, SCRUTINEER_REVOKED or OPERATOR_IS_SCRUTINEER ⚔: whoever the log
  // no longer enrols, or names as the operator's, gets no keys.
  absl::Status Draw(Channel& channel, const Digest& study);
  // Reveals the one wrapping that a scrutineer complained of, and draws that class again. Answers a
  // scrutineer's first complaint only: a liar could ask for ever. Nothing is masked any more with
  // what was revealed ⚔, though the receipt be lost or the coordinator hide the reveal.
  absl::Status Reveal(Channel& channel, const Digest& study);
  // Erases the keys of every study that the log, as read so far, or the clock says has ended ⚔: the
  // coordinator need not ask for it.
  absl::Status Sweep();
  bool HasKeys() const { return !parts_.masks->Studies().empty(); }

 private:
  struct Drawn {
    aggregation::masking::KeyWindow window;
    aggregation::masking::NodeKeys keys;
    std::unique_ptr<crypto::RandomSource> seed, stream;  // where the next redraw comes from
  };
  // The keys as they are after all reveals of this node, or all but that of `key` if it is the
  // last.
  absl::StatusOr<Drawn> DrawAgain(const study::Study& study,
                                  const std::optional<RevealedKey>& but = std::nullopt);
  absl::StatusOr<std::vector<RevealedKey>> RevealsOf(const study::Study& study) const;
  absl::Status CheckScrutineers(const study::Study& study) const;
  // The first complaint about the masks in force that this node has not answered, or nullptr.
  const PublishedDispute* Unanswered(const study::Study& study, const PublishedMasks& masks) const;
  absl::Status SendReveal(Channel& channel, const study::Study& study,
                          const PublishedDispute& complaint);
  absl::Status Publish(Channel& channel, const study::Study& study, const Drawn& drawn);

  DeskParts parts_;
};

// Signs and sends an entry of a study's masks.
absl::Status SendEntry(Channel& channel, const DeskParts& parts, transparency::EntryWriter& writer,
                       const std::vector<WrappedKeyCall>& wrapped);

}  // namespace mutual::client
