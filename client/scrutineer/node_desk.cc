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
    const bool has_key = history != nullptr && history->KeyOf(name) != nullptr;
    if (!has_key || view.IsEnrolled(name, view.size())) continue;
    return WithCode(
        FailedPrecondition("scrutineer %s is not enrolled any more; this node gives it no "
                           "keys, and the study needs another proposal",
                           name),
        "SCRUTINEER_REVOKED");
  }
  return absl::OkStatus();
}

// The keys as they are after all disputes that this node has answered in the log.
absl::StatusOr<NodeDesk::Drawn> NodeDesk::DrawAgain(const study::Study& study) {
  const FederationView& view = parts_.room->view();
  MUTUAL_ASSIGN_OR_RETURN(masking::KeyWindow window, WindowOf(view, study, parts_.home->origin()));
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
  for (const PublishedDispute& reveal : history.disputes) {
    if (reveal.by != self.name() || !reveal.ephemeral) continue;
    MUTUAL_ASSIGN_OR_RETURN(const uint32_t scrutineer, NumberOf(study, reveal.about));
    MUTUAL_RETURN_IF_ERROR(keys.Reveal({scrutineer, self, keys.commitments().ToDigest(),
                                        static_cast<uint32_t>(reveal.mask_class)},
                                       *stream)
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

absl::Status NodeDesk::Reveal(Channel& channel, const Digest& digest) {
  MUTUAL_ASSIGN_OR_RETURN(const study::Study* const study, parts_.room->StudyOf(channel, digest));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  const std::string& self = parts_.home->organisation();
  const StudyHistory* const history = parts_.room->view().Find(digest);
  if (history == nullptr) return absl::OkStatus();
  const PublishedMasks* const masks = history->MasksOf(self, history->FirstStart());
  if (masks == nullptr) return absl::OkStatus();
  for (const PublishedDispute& complaint : history->disputes) {
    const bool about_these = complaint.about == self && !complaint.ephemeral &&
                             complaint.entries.size() == 1 && complaint.entries[0] == masks->index;
    const auto number = NumberOf(*study, complaint.by);
    if (!about_these || !number.ok() || AnsweredBefore(*history, self, complaint.by)) continue;
    MUTUAL_ASSIGN_OR_RETURN(Drawn drawn, DrawAgain(*study));
    MUTUAL_ASSIGN_OR_RETURN(const masking::KeyReveal reveal,
                            drawn.keys.Reveal({*number, drawn.keys.commitments().node,
                                               drawn.keys.commitments().ToDigest(),
                                               static_cast<uint32_t>(complaint.mask_class)},
                                              *drawn.stream));
    Digest ephemeral;
    std::copy_n(reveal.ephemeral.bytes().begin(), ephemeral.bytes.size(), ephemeral.bytes.begin());
    transparency::EntryWriter writer("dispute", parts_.home->origin());
    writer.Head("seen", parts_.room->head())
        .Study(digest)
        .Text("about", complaint.by)
        .Text("code", "MASK_KEY_REVEALED")
        .Integer("entry", masks->index)
        .Integer("entry", complaint.index)
        .Integer("class", complaint.mask_class)
        .Hash("ephemeral-secret", ephemeral)
        .Text("ciphertext", HexEncode(AsBytes(reveal.wrapped.ciphertext)));
    MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
    parts_.say("study " + digest.Short() + ": scrutineer " + complaint.by +
               " disputed a mask key; it is revealed and drawn again");
    return Draw(channel, digest);
  }
  return absl::OkStatus();
}

absl::Status NodeDesk::Forget(Channel& channel, const Digest& study) {
  MUTUAL_ASSIGN_OR_RETURN(const bool ended, parts_.room->HasEnded(channel, study));
  return ended ? parts_.masks->Forget(study) : absl::OkStatus();
}

}  // namespace mutual::client
