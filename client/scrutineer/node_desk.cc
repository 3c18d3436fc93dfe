#include "client/scrutineer/node_desk.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/status.h"
#include "client/scrutineer/round_reading.h"
#include "client/scrutineer/stored_seed.h"
#include "crypto/digest.h"

namespace mutual::client {

namespace masking = aggregation::masking;

namespace {

constexpr uint64_t kWindow = 1;  // a study has one join window

std::vector<WrappedKeyCall> CallsOf(const std::vector<masking::WrappedKey>& wrapped) {
  std::vector<WrappedKeyCall> calls;
  for (const masking::WrappedKey& one : wrapped) {
    if (one.ciphertext.empty()) continue;  // its holder is not there
    calls.push_back(
        {one.mask_class, one.holder, std::string(AsText(one.ephemeral)), one.ciphertext});
  }
  return calls;
}

// Each set of scrutineers' keys has a stream of its own. With one stream for all, a coordinator
// that shows two sets could use a key revealed for one to open what was wrapped for the other.
absl::StatusOr<crypto::Secret> SeedFor(const crypto::Secret& stored,
                                       const masking::KeyWindow& window) {
  std::string info;
  AppendLengthPrefixed("mutual/mask-seed", &info);
  for (const masking::PublicKey& key : window.scrutineer_keys) {
    AppendLengthPrefixed(AsText(key), &info);
  }
  return crypto::HkdfSha256(stored.bytes(), {}, info, 32);
}

bool AnsweredBefore(const StudyHistory& history, const std::string& node,
                    const std::string& scrutineer) {
  return std::any_of(history.disputes.begin(), history.disputes.end(),
                     [&](const PublishedDispute& one) {
                       return one.by == node && one.about == scrutineer && one.ephemeral;
                     });
}

}  // namespace

absl::Status SendEntry(Channel& channel, const DeskParts& parts, transparency::EntryWriter& writer,
                       const std::vector<WrappedKeyCall>& wrapped) {
  writer.Text("node", parts.home->organisation()).Time("time", parts.clock->Now());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, parts.home->SignEntry(entry));
  return channel.SubmitMaskEntry(bytes, wrapped).status();
}

absl::Status NodeDesk::CheckScrutineers(const study::Study& study) const {
  const FederationView& view = parts_.room->view();
  for (const std::string& name : study.scrutineers.organisations) {
    if (view.operator_nodes().count(name) > 0) {
      return WithCode(
          PermissionDenied("scrutineer %s is run by the coordinator's operator; this node "
                           "gives it no keys",
                           name),
          "OPERATOR_IS_SCRUTINEER");
    }
    const StudyHistory* const history = view.Find(study.digest);
    const bool has_key =
        history != nullptr && history->KeyOf(name, EndOfKeyTime(view, study)) != nullptr;
    if (!has_key || view.IsEnrolled(name, view.size())) continue;
    return WithCode(
        FailedPrecondition("scrutineer %s is not enrolled any more; this node gives it no "
                           "keys, and the study needs another proposal",
                           name),
        "SCRUTINEER_REVOKED");
  }
  return absl::OkStatus();
}

// What this node's folder knows, and what only the log does, after the folder was restored.
absl::StatusOr<std::vector<RevealedKey>> NodeDesk::RevealsOf(const study::Study& study) const {
  MUTUAL_ASSIGN_OR_RETURN(std::vector<RevealedKey> all, parts_.masks->Revealed(study.digest));
  for (const PublishedDispute& reveal : parts_.room->view().Find(study.digest)->disputes) {
    if (reveal.by != parts_.home->organisation() || !reveal.ephemeral) continue;
    MUTUAL_ASSIGN_OR_RETURN(const uint32_t scrutineer, NumberOf(study, reveal.about));
    const RevealedKey key{scrutineer, static_cast<uint32_t>(reveal.mask_class)};
    // An answer whose receipt was lost may stand there twice.
    if (std::find(all.begin(), all.end(), key) == all.end()) all.push_back(key);
  }
  return all;
}

absl::StatusOr<NodeDesk::Drawn> NodeDesk::DrawAgain(const study::Study& study,
                                                    const std::optional<RevealedKey>& but) {
  const FederationView& view = parts_.room->view();
  MUTUAL_ASSIGN_OR_RETURN(masking::KeyWindow window, WindowOf(view, study));
  const StudyHistory& history = *view.Find(study.digest);
  if (history.HasBegun()) {
    return WithCode(FailedPrecondition("the rounds of study %s have begun; its join window is over",
                                       study.digest.Short()),
                    "MASKS_IN_USE");
  }
  MUTUAL_ASSIGN_OR_RETURN(const NodeId self, NodeId::Parse(parts_.home->organisation()));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret stored,
                          parts_.masks->SeedOf(study.digest, *parts_.random));
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret bound, SeedFor(stored, window));
  auto seed = std::make_unique<StoredSeed>(bound);
  auto stream = std::make_unique<crypto::FastRandom>(*seed);
  MUTUAL_ASSIGN_OR_RETURN(masking::NodeKeys keys, masking::NodeKeys::Draw(self, window, *stream));
  MUTUAL_ASSIGN_OR_RETURN(std::vector<RevealedKey> reveals, RevealsOf(study));
  if (but && !reveals.empty() && reveals.back() == *but) reveals.pop_back();
  for (const RevealedKey& key : reveals) {
    MUTUAL_RETURN_IF_ERROR(
        keys.Reveal({key.scrutineer, self, keys.commitments().ToDigest(), key.mask_class}, *stream)
            .status());
  }
  return Drawn{std::move(window), std::move(keys), std::move(seed), std::move(stream)};
}

absl::Status NodeDesk::Publish(Channel& channel, const study::Study& study, const Drawn& drawn) {
  MUTUAL_ASSIGN_OR_RETURN(std::vector<masking::Ratchet> ratchets, drawn.keys.Ratchets());
  MUTUAL_ASSIGN_OR_RETURN(const masking::Masker masker,
                          masking::Masker::Create(drawn.window.classes, std::move(ratchets)));
  MUTUAL_RETURN_IF_ERROR(parts_.masks->Keep(study.digest, masker));
  const masking::MaskCommitments& commitments = drawn.keys.commitments();
  transparency::EntryWriter writer("masks", parts_.home->origin());
  writer.Head("seen", parts_.room->head()).Study(study.digest).Integer("window", kWindow);
  for (uint32_t c = 0; c < drawn.window.classes.size(); ++c) {
    writer.Class("commit", {c, commitments.commits[c]});
    const std::vector<uint32_t>& holders = drawn.window.classes.Holders(c);
    for (size_t i = 0; i < holders.size(); ++i) {
      if (!drawn.window.IsPresent(holders[i])) continue;
      writer.Sealed("sealed",
                    {c, study.scrutineers.organisations[holders[i]], commitments.wrappings[c][i]});
    }
  }
  return SendEntry(channel, parts_, writer, CallsOf(drawn.keys.wrapped()));
}

absl::Status NodeDesk::Draw(Channel& channel, const Digest& digest) {
  MUTUAL_ASSIGN_OR_RETURN(const auto answer, parts_.ledger->FindAnswer(digest));
  if (!answer || !answer->accepted) {
    return WithCode(PermissionDenied("study %s was not accepted here", digest.Short()),
                    "STUDY_NOT_ACCEPTED");
  }
  MUTUAL_ASSIGN_OR_RETURN(const study::Study* const study, parts_.room->StudyOf(channel, digest));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  MUTUAL_RETURN_IF_ERROR(CheckScrutineers(*study));
  MUTUAL_ASSIGN_OR_RETURN(const Drawn drawn, DrawAgain(*study));
  MUTUAL_RETURN_IF_ERROR(Publish(channel, *study, drawn));
  parts_.say("study " + digest.Short() + ": mask keys drawn and sealed for the scrutineers");
  return absl::OkStatus();
}

const PublishedDispute* NodeDesk::Unanswered(const study::Study& study,
                                             const PublishedMasks& masks) const {
  const StudyHistory& history = *parts_.room->view().Find(study.digest);
  for (const PublishedDispute& complaint : history.disputes) {
    const bool about_these = complaint.about == masks.node && !complaint.ephemeral &&
                             complaint.entries.size() == 1 && complaint.entries[0] == masks.index;
    if (about_these && NumberOf(study, complaint.by).ok() &&
        !AnsweredBefore(history, masks.node, complaint.by)) {
      return &complaint;
    }
  }
  return nullptr;
}

absl::Status NodeDesk::SendReveal(Channel& channel, const study::Study& study,
                                  const PublishedDispute& complaint) {
  MUTUAL_ASSIGN_OR_RETURN(const uint32_t number, NumberOf(study, complaint.by));
  const RevealedKey key{number, static_cast<uint32_t>(complaint.mask_class)};
  MUTUAL_ASSIGN_OR_RETURN(const auto before, parts_.masks->Revealed(study.digest));
  const bool asks_again = std::any_of(before.begin(), before.end(), [&](const RevealedKey& one) {
    return one.scrutineer == number && !(one == key);
  });
  if (asks_again) {
    return WithCode(FailedPrecondition("scrutineer %s was shown one mask key already and disputes "
                                       "another; nothing more is revealed",
                                       complaint.by),
                    "MASK_KEY_MISMATCH");
  }
  MUTUAL_ASSIGN_OR_RETURN(Drawn drawn, DrawAgain(study, key));
  const masking::MaskCommitments& commitments = drawn.keys.commitments();
  MUTUAL_ASSIGN_OR_RETURN(
      const masking::KeyReveal reveal,
      drawn.keys.Reveal({number, commitments.node, commitments.ToDigest(), key.mask_class},
                        *drawn.stream));
  Digest ephemeral;
  std::copy_n(reveal.ephemeral.bytes().begin(), ephemeral.bytes.size(), ephemeral.bytes.begin());
  transparency::EntryWriter writer("dispute", parts_.home->origin());
  writer.Head("seen", parts_.room->head())
      .Study(study.digest)
      .Text("about", complaint.by)
      .Text("code", "MASK_KEY_REVEALED")
      .Integer("entry", complaint.entries[0])
      .Integer("entry", complaint.index)
      .Integer("class", complaint.mask_class)
      .Hash("ephemeral-secret", ephemeral)
      .Text("ciphertext", HexEncode(AsBytes(reveal.wrapped.ciphertext)));
  MUTUAL_RETURN_IF_ERROR(parts_.masks->Reveal(study.digest, key));
  return SendEntry(channel, parts_, writer, {});
}

absl::Status NodeDesk::Reveal(Channel& channel, const Digest& digest) {
  MUTUAL_ASSIGN_OR_RETURN(const study::Study* const study, parts_.room->StudyOf(channel, digest));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  const FederationView& view = parts_.room->view();
  MUTUAL_ASSIGN_OR_RETURN(const masking::KeyWindow window, WindowOf(view, *study));
  const StudyHistory& history = *view.Find(digest);
  const PublishedMasks* const masks =
      MasksInForce(history, window, *study, parts_.home->organisation(), history.FirstStart());
  if (masks == nullptr) return absl::OkStatus();
  // An answer stands in the log, perhaps one whose receipt was lost: new masks are due.
  if (history.IsRevealed(*masks)) return Draw(channel, digest);
  const PublishedDispute* const complaint = Unanswered(*study, *masks);
  if (complaint == nullptr) return absl::OkStatus();
  const std::string scrutineer = complaint->by;
  MUTUAL_RETURN_IF_ERROR(SendReveal(channel, *study, *complaint));
  parts_.say("study " + digest.Short() + ": scrutineer " + scrutineer +
             " disputed a mask key; it is revealed and drawn again");
  return Draw(channel, digest);
}

absl::Status NodeDesk::Sweep() {
  const FederationView& view = parts_.room->view();
  for (const Digest& digest : parts_.masks->Studies()) {
    const StudyHistory* const history = view.Find(digest);
    MUTUAL_ASSIGN_OR_RETURN(const auto answer, parts_.ledger->FindAnswer(digest));
    const auto study = answer ? study::ParseStudy(answer->study_text, SolveNoise)
                              : absl::StatusOr<study::Study>(NotFound("not answered"));
    const absl::Time now = parts_.clock->Now();
    const bool is_expired = study.ok() && study->expired(now);
    if (is_expired || (history != nullptr && history->HasEnded(now))) {
      MUTUAL_RETURN_IF_ERROR(parts_.masks->Forget(digest));
    }
  }
  return absl::OkStatus();
}

}  // namespace mutual::client
