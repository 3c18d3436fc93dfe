// The scrutineer's role: holds mask keys, confirms them, answers closed rounds with sums of masks.
//
//   DIR/scrutineer/<study>.window   the join window's private key; erased when rounds begin
//   DIR/scrutineer/<study>.keys     the keyring: keys of rounds not yet ended
//   DIR/scrutineer/rounds/<study>/  what was answered, for ever (record_files.h)
//
// Needs no member data and no LibTorch. Rules: docs/MASKING.md and
// aggregation/masking/tally_rules.h.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "aggregation/masking/key_holder.h"
#include "aggregation/masking/scrutineer.h"
#include "client/scrutineer/node_desk.h"
#include "client/scrutineer/record_files.h"

namespace mutual::client {

// Not thread-safe.
class ScrutineerDesk {
 public:
  explicit ScrutineerDesk(const DeskParts& parts)
      : parts_(parts), folder_(parts.home->folder() / "scrutineer"), records_(folder_ / "rounds") {}

  // A fresh X25519 key for the join window, published; the same key at every call.
  absl::Status PublishKey(Channel& channel, const Digest& study);
  // Opens what nodes wrapped, keeps the keys durably, and says keys-ok of those that match their
  // commits or dispute of the first that does not. One node's bad entry keeps nobody else from
  // being confirmed ⚔; its error is returned at the end.
  absl::Status Confirm(Channel& channel, const MaskDuty& duty);
  // Judges the close by its own reading of the log and publishes the digests of its class sums, or
  // refuses with a code of tally_rules.h. EQUIVOCATION keeps the evidence.
  absl::Status Tally(Channel& channel, const MaskDuty& duty);
  // Hands over the class sums asked for, of a round that Tally answered.
  absl::Status HandOver(Channel& channel, const MaskDuty& duty);
  // Erases the keys of rounds that the log, as read so far, released or abandoned, and all of them
  // when the log or the clock says that the study has ended ⚔: the coordinator need not ask for it.
  // Names holders that published another sum than the majority in a dispute.
  absl::Status Forget(Channel& channel, const Digest& study);
  // The same for every study whose keys lie here.
  absl::Status Sweep(Channel& channel);
  bool HasKeys() const { return !StudiesIn(folder_).empty(); }

 private:
  struct Post {
    const study::Study* study = nullptr;
    uint32_t number = 0;
    std::optional<aggregation::masking::Scrutineer> scrutineer;
    std::optional<aggregation::masking::Tally> tally;  // of the round answered last
    uint64_t forgotten = 0, judged = 0;                // rounds up to these
  };
  std::filesystem::path PathOf(const Digest& study, const char* kind) const;
  absl::StatusOr<Post*> PostOf(Channel& channel, const Digest& study);
  absl::StatusOr<aggregation::masking::KeyHolder> HolderOf(
      const Post& post, const aggregation::masking::KeyWindow& window) const;
  absl::Status Keep(Post* post);
  absl::Status CloseWindow(const Post& post);
  absl::StatusOr<bool> ConfirmOne(Channel& channel, Post* post, uint64_t masks);
  absl::Status Complain(Channel& channel, const Post& post,
                        const aggregation::masking::KeyDispute& dispute, uint64_t masks);
  absl::Status ForgetRounds(Channel& channel, const Digest& study);
  absl::Status Answer(Channel& channel, Post* post, const MaskDuty& duty);
  absl::Status NameLiars(Channel& channel, const Post& post, uint64_t round);
  void KeepEvidence(const MaskDuty& duty) const;

  DeskParts parts_;
  const std::filesystem::path folder_;
  RecordFiles records_;
  std::map<Digest, Post> posts_;
};

}  // namespace mutual::client
