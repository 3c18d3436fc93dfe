#include "tools/simulate/virtual_node.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "base/status.h"
#include "client/node/round_guard.h"
#include "client/node/statements.h"
#include "privacy/discrete_gaussian.h"
#include "tools/simulate/no_noise.h"
#include "tools/simulate/seeded_slots.h"
#include "tools/simulate/seeded_stream.h"
#include "transparency/signed_entry.h"

namespace mutual::simulate {
namespace {

// The limits of the node.toml that nodes begin with.
const privacy::BudgetPolicy kPolicy{1e-6, 20, 10, 8, 8, {3, 4, 6, 8, 12, 20, 32, 64}};

std::string NameOf(const client::MaskDuty& duty) {
  return absl::StrFormat("%d %s %d %d %s %s %s", static_cast<int>(duty.kind), duty.study.ToHex(),
                         duty.round, duty.close, absl::StrJoin(duty.entries, ","),
                         absl::StrJoin(duty.classes, ","), duty.checkpoint);
}

// The enrol entry of a newcomer who waits to be endorsed.
absl::StatusOr<transparency::SignedEntry> WaitingEntry(coordinator::FederationCore& core,
                                                       const std::string& name) {
  for (const std::string& bytes : core.admission().Newcomers()) {
    if (bytes.find("\nnode " + name + "\n") == std::string::npos) continue;
    return transparency::ParseSignedEntry(bytes);
  }
  return NotFound("nobody called %s waits to be endorsed", name);
}

// How many organisations must sign for a newcomer.
size_t QuorumOf(const transparency::Policy& policy) {
  size_t most = 0;
  for (const transparency::PolicyGroup& group : policy.groups()) {
    most = std::max<size_t>(most, group.threshold);
  }
  return most;
}

}  // namespace

absl::StatusOr<std::unique_ptr<VirtualNode>> VirtualNode::Join(
    const NodeIdentity& identity, VirtualCoordinator& coordinator,
    const std::vector<std::unique_ptr<VirtualNode>>& endorsers) {
  std::unique_ptr<VirtualNode> node(new VirtualNode(identity));
  MUTUAL_RETURN_IF_ERROR(node->Enrol(coordinator, endorsers));
  MUTUAL_ASSIGN_OR_RETURN(node->home_, client::Home::Load(identity.folder));
  MUTUAL_ASSIGN_OR_RETURN(node->trust_, client::Trust::Open(identity.folder, node->home_->origin(),
                                                            node->home_->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(const std::string certificate,
                          ReadFile(identity.folder / "keys" / "tls.crt", 1 << 20));
  node->core_ = &coordinator.core();
  node->channel_ = std::make_unique<MisbehavingChannel>(
      MisbehavingChannel::Options{node->core_, certificate, node->home_.get(), identity.misdeed});
  return node;
}

absl::Status VirtualNode::Enrol(VirtualCoordinator& coordinator,
                                const std::vector<std::unique_ptr<VirtualNode>>& endorsers) {
  clock_ = coordinator.clock();
  MUTUAL_ASSIGN_OR_RETURN(
      const std::string code,
      coordinator.state().Invite(coordinator.journal(), "node", clock_->Now() + absl::Hours(24)));
  InProcessChannel channel(&coordinator.core(), "");
  const client::JoinRequest request{identity_.folder, code, identity_.name, "node", "", false};
  const client::JoinDoor door{coordinator.state().address(),
                              coordinator.state().authority().certificate_pem(), &channel};
  absl::Status joined = client::Home::JoinThrough(request, door, keys_random_);
  if (ErrorCode(joined) != "ENDORSEMENT_NEEDED") return joined;
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry entry,
                          WaitingEntry(coordinator.core(), identity_.name));
  const size_t wanted = QuorumOf(coordinator.core().log().policy());
  for (size_t i = 0; i < std::min(wanted, endorsers.size()); ++i) {
    MUTUAL_RETURN_IF_ERROR(endorsers[i]->Endorse(entry));
  }
  return client::Home::JoinThrough(request, door, keys_random_);
}

absl::Status VirtualNode::Endorse(transparency::SignedEntry newcomer) const {
  newcomer.note.signatures.push_back(home_->signer().Sign(newcomer.entry.text()));
  return core_->admission().Endorse(identity_.name, home_->identity().verify_key(),
                                    newcomer.ToBytes());
}

absl::StatusOr<transparency::Witness*> VirtualNode::BecomeWitness(const VirtualClock* clock) {
  MUTUAL_ASSIGN_OR_RETURN(witness_store_,
                          transparency::FileWitnessStore::Open(identity_.folder / "witness"));
  MUTUAL_ASSIGN_OR_RETURN(transparency::CosignatureSigner cosigner, home_->WitnessSigner());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::NoteVerifier log,
                          transparency::NoteVerifier::Create(
                              home_->origin(), transparency::KeyType::kNote, home_->log_key()));
  MUTUAL_ASSIGN_OR_RETURN(witness_, transparency::Witness::Create(
                                        {std::move(cosigner), {log}, witness_store_.get(), clock}));
  return witness_.get();
}

absl::Status VirtualNode::Accept(const study::Study& study, const NodeTable& table) {
  config_.tables[study.table] = table.table;
  config_.policy = kPolicy;
  MUTUAL_ASSIGN_OR_RETURN(std::unique_ptr<client::Ledger> ledger, client::Ledger::OpenInMemory());
  ledger_ = std::make_unique<SeededSlots>(std::move(ledger), identity_.seed);
  MUTUAL_RETURN_IF_ERROR(ledger_->SetSlotCount(table.slots));
  MUTUAL_RETURN_IF_ERROR(client::CheckStudyEpsilon(config_.policy, study));
  MUTUAL_ASSIGN_OR_RETURN(const client::TrustReply shown, channel_->GetTrust());
  MUTUAL_RETURN_IF_ERROR(client::Follow(*trust_, shown));
  MUTUAL_ASSIGN_OR_RETURN(const client::AnswerRecord answer,
                          client::MakeAnswer(*home_, *trust_, study, {true, clock_->Now()}));
  MUTUAL_RETURN_IF_ERROR(ledger_->RecordAnswer(answer));
  return channel_->AnswerStudy(answer.entry).status();
}

absl::Status VirtualNode::OpenDesk(const study::Study& study, SharedRoom* shared) {
  const auto& scrutineers = study.scrutineers.organisations;
  const bool is_scrutineer =
      std::find(scrutineers.begin(), scrutineers.end(), identity_.name) != scrutineers.end();
  if (is_scrutineer) {
    own_room_ = std::make_unique<client::ReadingRoom>(home_.get(), trust_.get());
  } else {
    shared_ = shared;
  }
  masks_ = std::make_unique<client::MaskKeys>(identity_.folder);
  desk_ = std::make_unique<client::MaskDesk>(client::DeskParts{
      home_.get(), ledger_.get(), masks_.get(),
      is_scrutineer ? own_room_.get() : shared->room.get(), clock_, &keys_random_, identity_.say});
  random_ = std::make_unique<SeededStream>(identity_.seed, "sampling");
  noise_key_ = std::make_unique<SeededStream>(identity_.seed, "noise");
  if (identity_.has_noise) {
    noise_ = std::make_unique<privacy::DiscreteGaussian>(*noise_key_, 1);
  } else {
    noise_ = std::make_unique<NoNoise>();
  }
  node_ = std::make_unique<client::Node>(client::NodeParts{home_.get(),
                                                           &config_,
                                                           ledger_.get(),
                                                           trust_.get(),
                                                           masks_.get(),
                                                           nullptr,
                                                           clock_,
                                                           random_.get(),
                                                           noise_.get(),
                                                           identity_.say,
                                                           true,
                                                           {"cpu", identity_.folder / "scripts"}});
  return absl::OkStatus();
}

absl::Status VirtualNode::ReadyForRounds(uint64_t log_size) {
  return ledger_->CatchUp({}, log_size);
}

absl::Status VirtualNode::Do(const client::MaskDuty& duty) {
  if (shared_ == nullptr) return desk_->Do(*channel_, duty);
  absl::Status done;
  {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    channel_->Hold();
    done = desk_->Do(*channel_, duty);
  }
  done.Update(channel_->Release());
  return done;
}

absl::StatusOr<bool> VirtualNode::DoDuties(const std::vector<client::MaskDuty>& duties) {
  bool any = false;
  for (const client::MaskDuty& duty : duties) {
    const bool is_silent = identity_.misdeed == Misdeed::kSilentScrutineer &&
                           duty.kind == client::MaskDutyKind::kTally;
    if (is_silent || !done_.insert(NameOf(duty)).second) continue;
    any = true;
    const absl::Status done = Do(duty);
    if (done.ok()) continue;
    const bool is_own_doing = identity_.misdeed != Misdeed::kNone && !absl::IsInternal(done);
    if (!is_own_doing && (absl::IsInternal(done) || absl::IsDataLoss(done))) return done;
    identity_.say(identity_.name + ": masks: " + Describe(done));
  }
  return any;
}

absl::Status VirtualNode::TakePart(const std::string& receipt) {
  return node_->TakePart(*channel_, receipt);
}

}  // namespace mutual::simulate
