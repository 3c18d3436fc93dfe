#include "client/scrutineer/scrutineer_desk.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_format.h"
#include "aggregation/masking/trust_bound.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
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

// True when the keys match and are kept; false when a dispute was sent, or nothing can be said.
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
  if (is_done || masks == history.masks.end() ||
      history.MasksOf(masks->node, history.FirstStart()) != &*masks) {
    return false;
  }
  MUTUAL_ASSIGN_OR_RETURN(const masking::KeyWindow window,
                          WindowOf(parts_.room->view(), study, parts_.home->origin()));
  MUTUAL_ASSIGN_OR_RETURN(const auto commitments, CommitmentsOf(*masks, window, study));
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
  auto received = holder.Receive(commitments, wrapped);
  if (absl::IsNotFound(received.status())) {
    parts_.say("study " + study.digest.Short() + ": " + Describe(received.status()));
    return false;
  }
  MUTUAL_RETURN_IF_ERROR(received.status());
  if (auto* const accepted = std::get_if<masking::AcceptedKeys>(&*received)) {
    masking::Keyring& keyring = post->scrutineer->keyring();
    keyring.Drop(commitments.node);  // keys from before a redraw
    MUTUAL_RETURN_IF_ERROR(keyring.Add(std::move(accepted->ratchets)));
    return true;
  }
  const auto& dispute = std::get<masking::KeyDispute>(*received);
  transparency::EntryWriter writer("dispute", parts_.home->origin());
  writer.Head("seen", parts_.room->head())
      .Study(study.digest)
      .Text("about", masks->node)
      .Text("code", "MASK_KEY_MISMATCH")
      .Integer("entry", index)
      .Integer("class", dispute.mask_class);
  MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
  return false;
}

absl::Status ScrutineerDesk::Confirm(Channel& channel, const MaskDuty& duty) {
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, duty.study));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  const StudyHistory* const history = parts_.room->view().Find(duty.study);
  if (history == nullptr || history->HasBegun()) return CloseWindow(*post);
  transparency::EntryWriter writer("keys-ok", parts_.home->origin());
  writer.Head("seen", parts_.room->head()).Study(duty.study).Integer("window", kWindow);
  size_t confirmed = 0;
  for (const uint64_t index : duty.entries) {
    MUTUAL_ASSIGN_OR_RETURN(const bool good, ConfirmOne(channel, post, index));
    if (!good) continue;
    writer.Integer("masks", index);
    ++confirmed;
  }
  if (confirmed == 0) return absl::OkStatus();
  MUTUAL_RETURN_IF_ERROR(Keep(post));  // durable before anyone relies on it
  MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
  parts_.say(absl::StrFormat("study %s: mask keys of %d nodes confirmed", duty.study.Short(),
                             static_cast<int>(confirmed)));
  return absl::OkStatus();
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
                                  {&cosigned.evaluation, cosigned.least_overlap}));
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

// A holder is named when this scrutineer and a majority with it published another digest.
absl::Status ScrutineerDesk::NameLiars(Channel& channel, const Post& post, uint64_t number) {
  const StudyHistory& history = *parts_.room->view().Find(post.study->digest);
  const std::vector<PublishedTally>& tallies = history.rounds.at(number).tallies;
  const std::string& self = parts_.home->organisation();
  const auto own = std::find_if(tallies.begin(), tallies.end(),
                                [&](const PublishedTally& one) { return one.node == self; });
  if (own == tallies.end()) return absl::OkStatus();
  const auto says = [](const PublishedTally& tally, const transparency::ClassHash& sum) {
    return std::find(tally.sums.begin(), tally.sums.end(), sum) != tally.sums.end();
  };
  const uint32_t majority = masking::HolderMajority(ThresholdOf(*post.study));
  for (const transparency::ClassHash& mine : own->sums) {
    const auto agree = static_cast<uint32_t>(std::count_if(
        tallies.begin(), tallies.end(), [&](const auto& one) { return says(one, mine); }));
    if (agree < majority) continue;
    for (const PublishedTally& other : tallies) {
      const bool differs = std::any_of(
          other.sums.begin(), other.sums.end(), [&](const transparency::ClassHash& theirs) {
            return theirs.mask_class == mine.mask_class && theirs.hash != mine.hash;
          });
      if (!differs) continue;
      transparency::EntryWriter writer("dispute", parts_.home->origin());
      writer.Head("seen", parts_.room->head())
          .Study(post.study->digest)
          .Integer("round", number)
          .Text("about", other.node)
          .Text("code", "CLASS_SUM_MISMATCH")
          .Integer("entry", own->index)
          .Integer("entry", other.index)
          .Integer("class", mine.mask_class);
      MUTUAL_RETURN_IF_ERROR(SendEntry(channel, parts_, writer, {}));
      return absl::OkStatus();  // one class is proof enough
    }
  }
  return absl::OkStatus();
}

absl::Status ScrutineerDesk::Forget(Channel& channel, const Digest& digest) {
  MUTUAL_ASSIGN_OR_RETURN(Post* const post, PostOf(channel, digest));
  MUTUAL_RETURN_IF_ERROR(parts_.room->Read(channel).status());
  MUTUAL_RETURN_IF_ERROR(CloseWindow(*post));
  const StudyHistory* const history = parts_.room->view().Find(digest);
  uint64_t ended = 0;
  for (const auto& [number, round] :
       history == nullptr ? std::map<uint64_t, PublishedRound>() : history->rounds) {
    const bool abandoned =
        !round.ends.empty() && round.ends[0].kind == masking::RoundEnd::Kind::kAbandon;
    if (round.release > 0 || abandoned) ended = std::max(ended, number);
  }
  if (ended > post->forgotten) {
    for (uint64_t number = post->forgotten + 1; number <= ended; ++number) {
      if (history->rounds.count(number) == 0) continue;
      MUTUAL_RETURN_IF_ERROR(NameLiars(channel, *post, number));
    }
    MUTUAL_RETURN_IF_ERROR(post->scrutineer->EndRound(ended));
    post->tally.reset();
    MUTUAL_RETURN_IF_ERROR(Keep(post));
    post->forgotten = ended;
  }
  MUTUAL_ASSIGN_OR_RETURN(const bool over, parts_.room->HasEnded(channel, digest));
  if (!over) return absl::OkStatus();
  posts_.erase(digest);
  MUTUAL_RETURN_IF_ERROR(EraseFile(PathOf(digest, ".window")));
  return EraseFile(PathOf(digest, ".keys"));
}

}  // namespace mutual::client
