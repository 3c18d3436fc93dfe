#include "client/scrutineer/scrutineer_desk.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_format.h"
#include "aggregation/masking/trust_bound.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "client/scrutineer/confirmation.h"
#include "client/scrutineer/liar.h"
#include "client/scrutineer/round_reading.h"
#include "crypto/digest.h"

namespace mutual::client {

namespace masking = aggregation::masking;

namespace {

constexpr uint64_t kWindow = 1;
constexpr uint64_t kKeyringBytes = uint64_t{1} << 30;

uint32_t Threads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 8U); }

absl::StatusOr<crypto::Secret> ReadSecret(const std::filesystem::path& path) {
  MUTUAL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, kKeyringBytes));
  crypto::Secret secret = crypto::Secret::FromBytes(AsBytes(bytes));
  std::fill(bytes.begin(), bytes.end(), '\0');
  return secret;
}

}  // namespace

std::filesystem::path ScrutineerDesk::PathOf(const Digest& study, const char* kind) const {
  return folder_ / (study.ToHex() + kind);
}

absl::StatusOr<ScrutineerDesk::Post*> ScrutineerDesk::PostOf(Channel& channel,
                                                             const Digest& digest) {
  Post& post = posts_[digest];
  if (post.scrutineer) return &post;
  MUTUAL_ASSIGN_OR_RETURN(post.study, parts_.room->StudyOf(channel, digest));
  MUTUAL_ASSIGN_OR_RETURN(post.number, NumberOf(*post.study, parts_.home->organisation()));
  masking::Keyring keyring;
  const absl::StatusOr<crypto::Secret> kept = ReadSecret(PathOf(digest, ".keys"));
  if (kept.ok()) {
    MUTUAL_ASSIGN_OR_RETURN(keyring, masking::Keyring::Parse(kept->bytes()));
  } else if (!absl::IsNotFound(kept.status())) {
    return kept.status();
  }
  MUTUAL_ASSIGN_OR_RETURN(
      post.scrutineer, masking::Scrutineer::Create(
                           {parts_.home->origin(), digest, ThresholdOf(*post.study), post.number},
                           std::move(keyring), &records_));
  return &post;
}

absl::Status ScrutineerDesk::Keep(Post* post) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  const crypto::Secret state = post->scrutineer->keyring().Serialize();
  return WriteFileDurably(PathOf(post->study->digest, ".keys"), AsText(state.bytes()),
                          FileMode::kSecret);
}

absl::Status ScrutineerDesk::PublishKey(Channel& channel, const Digest& digest) {
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, digest));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  const StudyHistory* const history = parts_.room->view().Find(digest);
  if (history != nullptr && history->HasBegun()) return absl::OkStatus();  // too late
  const std::filesystem::path path = PathOf(digest, ".window");
  absl::StatusOr<crypto::Secret> secret = ReadSecret(path);
  if (absl::IsNotFound(secret.status())) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
    secret = crypto::AgreementKey::Generate(*parts_.random).private_key().Clone();
    MUTUAL_RETURN_IF_ERROR(WriteFileDurably(path, AsText(secret->bytes()), FileMode::kSecret));
  }
  MUTUAL_RETURN_IF_ERROR(secret.status());
  MUTUAL_ASSIGN_OR_RETURN(const auto key, crypto::AgreementKey::FromBytes(secret->bytes()));
  transparency::EntryWriter writer("scrutineer", parts_.home->origin());
  writer.Head("seen", parts_.room->head())
      .Study(post->study->digest)
      .Integer("window", kWindow)
      .Hash("x25519", Digest{key.public_key()});
  MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
  parts_.say("study " + digest.Short() +
             ": this organisation is a scrutineer; its key is published");
  return absl::OkStatus();
}

absl::StatusOr<masking::KeyHolder> ScrutineerDesk::HolderOf(
    const Post& post, const masking::KeyWindow& window) const {
  MUTUAL_ASSIGN_OR_RETURN(const crypto::Secret secret,
                          ReadSecret(PathOf(post.study->digest, ".window")));
  MUTUAL_ASSIGN_OR_RETURN(auto key, crypto::AgreementKey::FromBytes(secret.bytes()));
  return masking::KeyHolder::Create(window, post.number, std::move(key));
}

absl::Status ScrutineerDesk::Complain(Channel& channel, const Post& post,
                                      const masking::KeyDispute& dispute, uint64_t masks) {
  transparency::EntryWriter writer("dispute", parts_.home->origin());
  writer.Head("seen", parts_.room->head())
      .Study(post.study->digest)
      .Text("about", dispute.node.name())
      .Text("code", "MASK_KEY_MISMATCH")
      .Integer("entry", masks)
      .Integer("class", dispute.mask_class);
  return SendEntry(channel, parts_, writer, {});
}

// True when the keys match and are kept; false when a dispute was sent, or nothing is to be said.
absl::StatusOr<bool> ScrutineerDesk::ConfirmOne(Channel& channel, Post* post, uint64_t index) {
  const study::Study& study = *post->study;
  const StudyHistory& history = *parts_.room->view().Find(study.digest);
  const auto masks =
      std::find_if(history.masks.begin(), history.masks.end(),
                   [index](const PublishedMasks& one) { return one.index == index; });
  const bool is_done =
      std::any_of(history.confirmations.begin(), history.confirmations.end(),
                  [&](const PublishedConfirmation& one) {
                    return one.scrutineer == parts_.home->organisation() &&
                           std::find(one.masks.begin(), one.masks.end(), index) != one.masks.end();
                  });
  if (is_done || masks == history.masks.end() || history.IsRevealed(*masks)) return false;
  if (history.IsDisputed(index, parts_.home->organisation())) return false;
  MUTUAL_ASSIGN_OR_RETURN(const masking::KeyWindow window, WindowOf(parts_.room->view(), study));
  MUTUAL_ASSIGN_OR_RETURN(const auto commitments, CommitmentsOf(*masks, window, study));
  if (MasksInForce(history, window, study, masks->node, history.FirstStart()) != &*masks) {
    return false;
  }
  MUTUAL_ASSIGN_OR_RETURN(const auto calls, channel.FetchWrappedKeys(study.digest, index));
  std::vector<masking::WrappedKey> wrapped;
  for (const WrappedKeyCall& call : calls) {
    masking::WrappedKey& one = wrapped.emplace_back();
    one.mask_class = call.mask_class;
    one.holder = call.holder;
    one.ciphertext = call.ciphertext;
    if (call.ephemeral.size() != one.ephemeral.size()) continue;
    std::copy_n(AsBytes(call.ephemeral).begin(), one.ephemeral.size(), one.ephemeral.begin());
  }
  MUTUAL_ASSIGN_OR_RETURN(const masking::KeyHolder holder, HolderOf(*post, window));
  MUTUAL_ASSIGN_OR_RETURN(auto received, holder.Receive(commitments, wrapped));
  if (auto* const accepted = std::get_if<masking::AcceptedKeys>(&received)) {
    masking::Keyring& keyring = post->scrutineer->keyring();
    keyring.Drop(commitments.node);  // keys from before a redraw
    MUTUAL_RETURN_IF_ERROR(keyring.Add(std::move(accepted->ratchets)));
    return true;
  }
  MUTUAL_RETURN_IF_ERROR(Complain(channel, *post, std::get<masking::KeyDispute>(received), index));
  return false;
}

absl::Status ScrutineerDesk::Confirm(Channel& channel, const MaskDuty& duty) {
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, duty.study));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  const StudyHistory* const history = parts_.room->view().Find(duty.study);
  if (history == nullptr || history->HasBegun()) return CloseWindow(*post);
  const Confirmation confirmation =
      ConfirmEach(duty.entries, [&](uint64_t index) { return ConfirmOne(channel, post, index); });
  if (confirmation.masks.empty()) return confirmation.first_bad;
  MUTUAL_RETURN_IF_ERROR(Keep(post));  // durable before anyone relies on it
  transparency::EntryWriter writer("keys-ok", parts_.home->origin());
  writer.Head("seen", parts_.room->head()).Study(duty.study).Integer("window", kWindow);
  for (const uint64_t index : confirmation.masks) writer.Integer("masks", index);
  MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
  parts_.say(absl::StrFormat("study %s: mask keys of %d nodes confirmed", duty.study.Short(),
                             static_cast<int>(confirmation.masks.size())));
  return confirmation.first_bad;
}

// With the private key gone, recorded wrappings stay closed for ever.
absl::Status ScrutineerDesk::CloseWindow(const Post& post) {
  const StudyHistory* const history = parts_.room->view().Find(post.study->digest);
  if (history == nullptr || !history->HasBegun()) return absl::OkStatus();
  return EraseFile(PathOf(post.study->digest, ".window"));
}

void ScrutineerDesk::KeepEvidence(const MaskDuty& duty) const {
  const std::filesystem::path folder = parts_.home->folder() / "evidence";
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const std::string name = absl::StrFormat("close-%s-%d-%s", duty.study.Short(), duty.round,
                                           crypto::Sha256(duty.checkpoint).Short());
  const absl::Status kept = WriteFileDurably(folder / name, duty.checkpoint, FileMode::kPublic);
  parts_.say(kept.ok() ? "the checkpoint of the second story is kept in " + folder.string()
                       : Describe(kept));
}

absl::Status ScrutineerDesk::Answer(Channel& channel, Post* post, const MaskDuty& duty) {
  MUTUAL_ASSIGN_OR_RETURN(const Trust::Cosigned cosigned,
                          parts_.room->ReadWith(channel, duty.checkpoint));
  if (cosigned.evaluation.signed_checkpoint.checkpoint.size <= duty.close) {
    return WithCode(FailedPrecondition("the checkpoint of round %d does not cover its close %d",
                                       duty.round, duty.close),
                    "QUORUM_MISSING");
  }
  MUTUAL_RETURN_IF_ERROR(CloseWindow(*post));
  MUTUAL_ASSIGN_OR_RETURN(const masking::RoundFacts facts,
                          FactsOf(parts_.room->view(), *post->study, duty.round,
                                  {&cosigned.evaluation, &cosigned.policy}));
  auto tally = post->scrutineer->Answer(facts, duty.close, Threads());
  if (ErrorCode(tally.status()) == "EQUIVOCATION") KeepEvidence(duty);
  MUTUAL_RETURN_IF_ERROR(tally.status());
  post->tally.emplace(*std::move(tally));
  return absl::OkStatus();
}

absl::Status ScrutineerDesk::Tally(Channel& channel, const MaskDuty& duty) {
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, duty.study));
  MUTUAL_RETURN_IF_ERROR(Answer(channel, post, duty));
  const masking::TallyMessage& message = post->tally->message();
  transparency::EntryWriter writer("tally", parts_.home->origin());
  writer.Head("seen", parts_.room->head())
      .Study(duty.study)
      .Integer("round", duty.round)
      .Integer("close", message.close_index);
  for (const masking::ClassDigest& one : message.classes) {
    writer.Class("class-sum", {one.mask_class, one.sum});
  }
  return SendEntry(channel, parts_, writer, {});
}

absl::Status ScrutineerDesk::HandOver(Channel& channel, const MaskDuty& duty) {
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, duty.study));
  const bool at_hand = post->tally && post->tally->message().round == duty.round &&
                       post->tally->message().close_index == duty.close;
  if (!at_hand) MUTUAL_RETURN_IF_ERROR(Answer(channel, post, duty));  // after a restart
  for (const uint32_t mask_class : duty.classes) {
    MUTUAL_ASSIGN_OR_RETURN(const std::vector<uint32_t>* const sum,
                            post->tally->ClassSum(mask_class));
    MUTUAL_RETURN_IF_ERROR(
        channel.SubmitClassSum(duty.study, duty.round, mask_class, aggregation::ToBytes(*sum)));
  }
  return absl::OkStatus();
}

absl::Status ScrutineerDesk::NameLiars(Channel& channel, const Post& post, uint64_t number) {
  const StudyHistory& history = *parts_.room->view().Find(post.study->digest);
  for (const Liar& liar :
       LiarsOf(history, number, {parts_.home->organisation(), ThresholdOf(*post.study)})) {
    transparency::EntryWriter writer("dispute", parts_.home->origin());
    writer.Head("seen", parts_.room->head())
        .Study(post.study->digest)
        .Integer("round", number)
        .Text("about", liar.name)
        .Text("code", "CLASS_SUM_MISMATCH")
        .Integer("entry", liar.own_tally)
        .Integer("entry", liar.tally)
        .Integer("class", liar.mask_class);
    MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
  }
  return absl::OkStatus();
}

// Keys first: nothing that the coordinator does or refuses keeps them.
absl::Status ScrutineerDesk::ForgetRounds(Channel& channel, const Digest& digest) {
  const StudyHistory* const history = parts_.room->view().Find(digest);
  if (history == nullptr) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, digest));
  MUTUAL_RETURN_IF_ERROR(CloseWindow(*post));
  uint64_t ended = 0;
  for (const auto& [number, round] : history->rounds) {
    const bool abandoned =
        !round.ends.empty() && round.ends[0].kind == masking::RoundEnd::Kind::kAbandon;
    if (round.release > 0 || abandoned) ended = std::max(ended, number);
  }
  if (ended > post->forgotten) {
    MUTUAL_RETURN_IF_ERROR(post->scrutineer->EndRound(ended));
    post->tally.reset();
    MUTUAL_RETURN_IF_ERROR(Keep(post));
    post->forgotten = ended;
  }
  for (; post->judged < ended; ++post->judged) {
    if (history->rounds.count(post->judged + 1) == 0) continue;
    MUTUAL_RETURN_IF_ERROR(NameLiars(channel, *post, post->judged + 1));
  }
  return absl::OkStatus();
}

absl::Status ScrutineerDesk::Forget(Channel& channel, const Digest& digest) {
  const absl::Status rounds = ForgetRounds(channel, digest);
  const StudyHistory* const history = parts_.room->view().Find(digest);
  const absl::Time now = parts_.clock->Now();
  const auto post = posts_.find(digest);
  const bool is_expired =
      post != posts_.end() && post->second.study != nullptr && post->second.study->expired(now);
  if (!is_expired && (history == nullptr || !history->HasEnded(now))) return rounds;
  posts_.erase(digest);
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(digest, ".window")));
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(digest, ".keys")));
  return rounds;
}

absl::Status ScrutineerDesk::Sweep(Channel& channel) {
  absl::Status first_bad;
  for (const Digest& study : StudiesIn(folder_)) first_bad.Update(Forget(channel, study));
  return first_bad;
}

}  // namespace mutual::client
