#include "tools/simulate/virtual_federation.h"

#include <algorithm>

#include "base/file.h"
#include "base/status.h"
#include "client/node/statements.h"
#include "tools/simulate/no_noise.h"
#include "tools/simulate/seeded_stream.h"
#include "tools/simulate/work_pool.h"

namespace mutual::simulate {
namespace {

namespace fs = std::filesystem;

constexpr size_t kThreads = 64;  // that wait for the log

// Stands in every entry of the log.
std::string FederationName(bool has_noise) {
  return has_noise ? "simulation.example" : "simulation.without-noise.example";
}

bool IsScrutineer(const study::Study& study, const std::string& name) {
  const auto& all = study.scrutineers.organisations;
  return std::find(all.begin(), all.end(), name) != all.end();
}

// Scrutineers first: they must be among the founders.
std::vector<size_t> OrderOf(const study::Study& study, const std::vector<Role>& roles) {
  std::vector<size_t> order(roles.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_partition(order.begin(), order.end(),
                        [&](size_t i) { return IsScrutineer(study, roles[i].name); });
  return order;
}

}  // namespace

absl::StatusOr<std::unique_ptr<VirtualFederation>> VirtualFederation::Found(
    const FederationPlan& plan) {
  std::unique_ptr<VirtualFederation> made(new VirtualFederation(plan));
  MUTUAL_RETURN_IF_ERROR(made->DealMisdeeds());
  MUTUAL_ASSIGN_OR_RETURN(
      made->coordinator_,
      VirtualCoordinator::Start({plan.folder / "coordinator", FederationName(plan.has_noise),
                                 &made->clock_, plan.keep_rounds, plan.say}));
  MUTUAL_RETURN_IF_ERROR(made->EnrolNodes());
  MUTUAL_RETURN_IF_ERROR(made->EnrolResearcher());
  return made;
}

VirtualFederation::~VirtualFederation() = default;

fs::path VirtualFederation::policy_file() const {
  return nodes_[0]->home().folder() / "trust" / "policy";
}

// The last ones do wrong: those who contribute only, or scrutineers, as the deed wants.
absl::Status VirtualFederation::DealMisdeeds() {
  const std::vector<Role>& roles = plan_.cast->roles();
  misdeeds_.assign(roles.size(), Misdeed::kNone);
  for (const Misdeeds& wanted : plan_.misdeeds) {
    int left = wanted.count;
    for (size_t i = roles.size(); i-- > 0 && left > 0;) {
      const bool fits = IsScrutineer(*plan_.study, roles[i].name) == IsScrutineers(wanted.kind);
      if (!fits || misdeeds_[i] != Misdeed::kNone) continue;
      misdeeds_[i] = wanted.kind;
      --left;
    }
    if (left == 0) continue;
    return WithCode(InvalidArgument("%d organisations are to do \"%s\", and there are %d too few "
                                    "that could",
                                    wanted.count, NameOf(wanted.kind), left),
                    "SIMULATE_BYZANTINE");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<VirtualNode>> VirtualFederation::EnrolNode(size_t index) {
  const Role& role = plan_.cast->roles()[index];
  return VirtualNode::Join(
      {role.name, plan_.folder / "nodes" / role.name, SeedFor(plan_.seed, "node " + role.name),
       plan_.has_noise, misdeeds_[index], plan_.say},
      *coordinator_, nodes_);
}

absl::Status VirtualFederation::EnrolNodes() {
  const std::vector<Role>& roles = plan_.cast->roles();
  const std::vector<size_t> order = OrderOf(*plan_.study, roles);
  const size_t founders =
      std::min(order.size(), std::max(kFounders, plan_.study->scrutineers.organisations.size()));
  std::vector<std::unique_ptr<VirtualNode>> all(roles.size());
  MUTUAL_RETURN_IF_ERROR(ForEach(founders, kThreads, [&](size_t i) -> absl::Status {
    MUTUAL_ASSIGN_OR_RETURN(all[order[i]], EnrolNode(order[i]));
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < founders; ++i) {
    MUTUAL_ASSIGN_OR_RETURN(transparency::Witness* const witness,
                            all[order[i]]->BecomeWitness(&clock_));
    coordinator_->AddWitness(roles[order[i]].name, witness);
    nodes_.push_back(std::move(all[order[i]]));
  }
  const study::ScrutineerSpec& spec = plan_.study->scrutineers;
  const auto liars = static_cast<size_t>(spec.threshold) - 1 + spec.operator_nodes.size();
  MUTUAL_RETURN_IF_ERROR(coordinator_->core().admission().Found(std::max<size_t>(1, liars)));
  const size_t later = order.size() - founders;
  MUTUAL_RETURN_IF_ERROR(ForEach(later, kThreads, [&](size_t i) -> absl::Status {
    MUTUAL_ASSIGN_OR_RETURN(all[order[founders + i]], EnrolNode(order[founders + i]));
    return absl::OkStatus();
  }));
  for (size_t i = 0; i < later; ++i) nodes_.push_back(std::move(all[order[founders + i]]));
  room_.trust.reset();
  MUTUAL_ASSIGN_OR_RETURN(room_.trust,
                          client::Trust::Open(plan_.folder / "shared", nodes_[0]->home().origin(),
                                              nodes_[0]->home().log_key()));
  room_.room = std::make_unique<client::ReadingRoom>(&nodes_[0]->home(), room_.trust.get());
  return absl::OkStatus();
}

absl::Status VirtualFederation::EnrolResearcher() {
  const fs::path folder = plan_.folder / "researcher";
  MUTUAL_ASSIGN_OR_RETURN(const std::string code,
                          coordinator_->state().Invite(coordinator_->journal(), "researcher",
                                                       clock_.Now() + absl::Hours(24)));
  InProcessChannel channel(&coordinator_->core(), "");
  crypto::SystemRandom random;
  MUTUAL_RETURN_IF_ERROR(
      client::Home::JoinThrough({folder, code, "researcher", "researcher", "", false},
                                {coordinator_->state().address(),
                                 coordinator_->state().authority().certificate_pem(), &channel},
                                random));
  MUTUAL_ASSIGN_OR_RETURN(researcher_, client::Home::Load(folder));
  return absl::OkStatus();
}

absl::Status VirtualFederation::Propose() {
  MUTUAL_ASSIGN_OR_RETURN(const std::string certificate,
                          ReadFile(researcher_->folder() / "keys" / "tls.crt", 1 << 20));
  InProcessChannel channel(&coordinator_->core(), certificate);
  MUTUAL_ASSIGN_OR_RETURN(const client::TrustReply shown, channel.ResearchTrust());
  MUTUAL_ASSIGN_OR_RETURN(
      const auto trust,
      client::Trust::Open(researcher_->folder(), researcher_->origin(), researcher_->log_key()));
  MUTUAL_RETURN_IF_ERROR(client::Follow(*trust, shown));
  MUTUAL_ASSIGN_OR_RETURN(const std::string entry,
                          client::ProposeEntry(*researcher_, *trust, *plan_.study, clock_.Now()));
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, channel.Propose(plan_.study->text, entry));
  return digest == plan_.study->digest ? absl::OkStatus()
                                       : Internal("the coordinator registered another digest");
}

absl::Status VirtualFederation::AcceptAll() {
  const std::vector<Role>& roles = plan_.cast->roles();
  const std::vector<size_t> order = OrderOf(*plan_.study, roles);
  return ForEach(nodes_.size(), kThreads, [&](size_t i) -> absl::Status {
    const Role& role = roles[order[i]];
    MUTUAL_ASSIGN_OR_RETURN(
        client::TableConfig table,
        plan_.cast->TableOf(order[i], plan_.seed, nodes_[i]->home().folder() / "members.csv"));
    MUTUAL_RETURN_IF_ERROR(
        nodes_[i]->Accept(*plan_.study, {std::move(table), role.members + role.members / 4 + 8}));
    return nodes_[i]->OpenDesk(*plan_.study, &room_);
  });
}

absl::StatusOr<StudyOutcome> VirtualFederation::Run() {
  MUTUAL_RETURN_IF_ERROR(Propose());
  MUTUAL_RETURN_IF_ERROR(AcceptAll());
  Course course({coordinator_.get(),
                 &nodes_,
                 &clock_,
                 plan_.study,
                 {plan_.drop_out, plan_.slow, SeedFor(plan_.seed, "reliability")},
                 plan_.progress});
  return course.Run();
}

}  // namespace mutual::simulate
