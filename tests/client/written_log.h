// A federation's log really written and served: six organisations, of whom four are scrutineers,
// and one study of which any two of these could unmask. Entries are signed with real keys; a test
// says who signs, so that it can lie.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aggregation/masking/mask_sum.h"
#include "aggregation/masking/node_keys.h"
#include "base/status.h"
#include "client/node/round_guard.h"
#include "client/scrutineer/reading_room.h"
#include "client/scrutineer/round_reading.h"
#include "crypto/digest.h"
#include "study/recipe.h"
#include "tests/study/example_study.h"
#include "tests/support/seeded_random.h"
#include "tests/transparency/log_fixture.h"
#include "transparency/proof.h"

namespace mutual::client::testing {

namespace masking = aggregation::masking;
namespace tl = transparency;
using tl::testing::KeyOf;
using tl::testing::kOrigin;
using Names = std::vector<std::string>;

inline const Names kScrutineers = {"mill", "mine", "quay", "yard"};
inline const Names kOrganisations = {"dock", "farm", "mill", "mine", "quay", "yard"};

inline tl::CosignatureSigner WitnessOf(const std::string& name) {
  return *tl::CosignatureSigner::Create("witness/" + name, KeyOf("witness/" + name));
}

inline study::Study SmallStudy() {
  return *study::ParseStudy(std::string(study::kHead) + study::kMean, study::FakeSolver());
}

class WrittenLog {
 public:
  // Logs of other titles have other entries under the same key and origin.
  explicit WrittenLog(const std::string& title = "A federation") : title_(title) {}

  tl::EntryWriter Writer(const std::string& type) const { return {type, kOrigin}; }
  // Keeps the entry for the next Publish; its index.
  uint64_t Add(tl::EntryWriter& writer, const Names& signers) {
    writer.Time("time", absl::UnixEpoch());
    std::vector<tl::NoteSigner> all;
    for (const std::string& name : signers)
      all.push_back(*tl::NoteSigner::Create(name, KeyOf(name)));
    std::vector<const tl::NoteSigner*> pointers;
    for (const tl::NoteSigner& one : all) pointers.push_back(&one);
    waiting_.push_back(tl::SignEntry(writer.Finish().value(), pointers)->ToBytes());
    return size_++;
  }
  void Publish() {
    if (log_ == nullptr) log_ = *files_.Open();
    if (!waiting_.empty()) (void)log_->Append(std::move(waiting_)).value();
    waiting_.clear();
  }

  // --- the federation ---
  static Names PolicyLines(size_t k, const Names& witnesses = kOrganisations) {
    Names lines = {"log " + std::string(tl::testing::kLogVkey)};
    std::string group = "group founders " + std::to_string(k);
    for (const std::string& name : witnesses) {
      lines.push_back("witness " + name + " " + WitnessOf(name).verifier().ToVkey());
      group += " " + name;
    }
    lines.push_back(group);
    lines.push_back("quorum founders");
    return lines;
  }
  uint64_t Policy(const Names& lines, const Names& signers, uint64_t admission = 4) {
    tl::EntryWriter writer = Writer("policy");
    for (const std::string& line : lines) writer.Text("policy", line);
    writer.Integer("dishonest", 1).Integer("admission-quorum", admission);
    return Add(writer, signers);
  }
  void Genesis() {
    tl::EntryWriter writer = Writer("genesis");
    writer.Text("title", title_)
        .Text("spec", "mutual-log-1")
        .Hash("rules", Digest{})
        .Key("coordinator-key",
             tl::NoteSigner::Create("coordinator", KeyOf("coordinator"))->verifier())
        .Key("log-key", tl::testing::LogVerifier())
        .Text("policy", "log " + std::string(tl::testing::kLogVkey))
        .Text("policy", "quorum none")
        .Integer("dishonest", 0)
        .Integer("admission-quorum", 0);
    Add(writer, {"coordinator"});
  }
  uint64_t Enrol(const std::string& node, Names others = {}, const std::string& witness = "") {
    tl::EntryWriter writer = Writer("enrol");
    const std::string key = "node/" + node;
    const std::string cosigner = "witness/" + (witness.empty() ? node : witness);
    writer.Text("node", node)
        .Text("role", "node")
        .Key("identity-key", tl::NoteSigner::Create(key, KeyOf(key))->verifier())
        .Key("witness-key", *tl::NoteVerifier::Create("witness/" + node, tl::KeyType::kCosignature,
                                                      KeyOf(cosigner).verify_key()));
    others.insert(others.end(), {"coordinator", key});
    return Add(writer, others);
  }
  void Found() {
    Genesis();
    tl::EntryWriter ada = Writer("enrol");
    ada.Text("researcher", "ada")
        .Text("role", "researcher")
        .Key("identity-key",
             tl::NoteSigner::Create("researcher/ada", KeyOf("researcher/ada"))->verifier());
    Add(ada, {"coordinator", "researcher/ada"});
    for (const std::string& node : kOrganisations) Enrol(node);
    policy = Policy(PolicyLines(4), {"coordinator"});
  }
  uint64_t Revoke(const std::string& node) {
    tl::EntryWriter writer = Writer("revoke");
    writer.Text("node", node).Text("code", "REVOKED_BY_OPERATOR");
    return Add(writer, {"coordinator"});
  }

  // --- the study up to its first round ---
  uint64_t Propose(absl::Time expires = absl::InfiniteFuture()) {
    tl::EntryWriter writer = Writer("propose");
    TermsOf(study, *recipe).AddTo(&writer);
    MaskTermsOf(study).AddTo(&writer);
    const absl::Time end = absl::FromCivil(study.expires + 1, absl::UTCTimeZone());
    writer.Study(study.digest)
        .Text("researcher", "ada")
        .Text("title", study.title)
        .Text("purpose", study.purpose)
        .Real("epsilon-node", 1)
        .Real("epsilon-public", 1)
        .Integer("round-seconds", 60)
        .Integer("join-seconds", 600)
        .Time("expires", std::min(expires, end));
    return propose = Add(writer, {"researcher/ada"});
  }
  // Whatever an organisation signs about the study, with the head that it saw.
  tl::EntryWriter Of(const std::string& type, const std::string& node) const {
    tl::EntryWriter writer = Writer(type);
    writer.Head("seen", {1, Digest{}}).Study(study.digest).Text("node", node);
    return writer;
  }
  uint64_t Mandate(const std::string& node) {
    tl::EntryWriter writer = Of("mandate", node);
    writer.Text("body", "operator").Time("expires", absl::UnixEpoch() + absl::Hours(1));
    return Add(writer, {"node/" + node});
  }
  static crypto::AgreementKey WindowKey(const std::string& name) {
    return *crypto::AgreementKey::FromBytes(crypto::Sha256("x25519 " + name).bytes);
  }
  uint64_t Key(const std::string& name, const std::string& signer = "") {
    tl::EntryWriter writer = Of("scrutineer", name);
    writer.Integer("window", 1).Hash("x25519", Digest{WindowKey(name).public_key()});
    return Add(writer, {signer.empty() ? "node/" + name : signer});
  }
  masking::KeyWindow Window(const Names& present = kScrutineers) const {
    masking::KeyWindow window{
        std::string(kOrigin), study.digest, *masking::MaskClasses::Create(ThresholdOf(study)), {}};
    for (const std::string& name : kScrutineers) {
      const bool there = std::find(present.begin(), present.end(), name) != present.end();
      window.scrutineer_keys.push_back(there ? WindowKey(name).public_key() : masking::PublicKey{});
    }
    return window;
  }
  static masking::NodeKeys Draw(const std::string& node, const masking::KeyWindow& window) {
    mutual::testing::SeededRandom random(crypto::Sha256(node).bytes[0]);
    return *masking::NodeKeys::Draw(*NodeId::Parse(node), window, random);
  }
  uint64_t Masks(const masking::MaskCommitments& masks, const masking::KeyWindow& window) {
    const std::string& node = masks.node.name();
    tl::EntryWriter writer = Of("masks", node);
    writer.Integer("window", 1);
    for (uint32_t c = 0; c < window.classes.size(); ++c) {
      writer.Class("commit", {c, masks.commits[c]});
      const std::vector<uint32_t>& holders = window.classes.Holders(c);
      for (size_t i = 0; i < holders.size(); ++i) {
        if (!window.IsPresent(holders[i])) continue;
        writer.Sealed("sealed", {c, kScrutineers[holders[i]], masks.wrappings[c][i]});
      }
    }
    return masks_[node] = Add(writer, {"node/" + node});
  }
  // A masks entry that lists one class only.
  uint64_t MalformedMasks(const std::string& node) {
    tl::EntryWriter writer = Of("masks", node);
    writer.Integer("window", 1)
        .Class("commit", {0, Digest{}})
        .Sealed("sealed", {0, "mine", Digest{}});
    return Add(writer, {"node/" + node});
  }
  uint64_t KeysOk(const std::string& name, const std::vector<uint64_t>& masks,
                  const std::string& signer = "") {
    tl::EntryWriter writer = Of("keys-ok", name);
    writer.Integer("window", 1);
    for (const uint64_t index : masks) writer.Integer("masks", index);
    return Add(writer, {signer.empty() ? "node/" + name : signer});
  }
  uint64_t Reveal(const std::string& node, const std::string& scrutineer) {
    tl::EntryWriter writer = Of("dispute", node);
    writer.Text("about", scrutineer)
        .Text("code", "MASK_KEY_REVEALED")
        .Integer("entry", masks_.at(node))
        .Integer("class", 0)
        .Hash("ephemeral-secret", crypto::Sha256("a key"))
        .Text("ciphertext", "00");
    return Add(writer, {"node/" + node});
  }
  std::vector<uint64_t> AllMasks() const {
    std::vector<uint64_t> all;
    for (const auto& [node, index] : masks_) all.push_back(index);
    return all;
  }
  // Everything before the first round, honestly.
  void Join() {
    Found();
    Propose();
    for (const std::string& node : kOrganisations) Mandate(node);
    for (const std::string& name : kScrutineers) Key(name);
    for (const std::string& node : kOrganisations) {
      Masks(Draw(node, Window()).commitments(), Window());
    }
    for (const std::string& name : kScrutineers) KeysOk(name, AllMasks());
  }

  // --- rounds ---
  uint64_t Start(uint64_t round, tl::StudyTerms terms) {
    tl::EntryWriter writer = Writer("round-start");
    terms.AddTo(&writer);
    writer.Study(study.digest)
        .Integer("round", round)
        .Integer("propose", propose)
        .Integer("roster-size", kOrganisations.size())
        .Hash("roster", Digest{})
        .Integer("threshold", 2)
        .Time("deadline", absl::UnixEpoch() + absl::Hours(1));
    return start = Add(writer, {"coordinator"});
  }
  uint64_t Start(uint64_t round) { return Start(round, TermsOf(study, *recipe)); }
  uint64_t words() const { return masking::PaddedWords(recipe->dimension()); }
  uint64_t Contribute(uint64_t round, const std::string& node, const std::string& signer = "",
                      uint64_t more_words = 0) {
    tl::EntryWriter writer = Of("contribution", node);
    writer.Integer("round", round)
        .Integer("vector-len", words() + more_words)
        .Hash("sha256", crypto::Sha256(node + std::to_string(round) + std::to_string(size_)));
    return Add(writer, {signer.empty() ? "node/" + node : signer});
  }
  std::vector<uint64_t> ContributeAll(uint64_t round) {
    std::vector<uint64_t> indices;
    for (const std::string& node : kOrganisations) indices.push_back(Contribute(round, node));
    return indices;
  }
  tl::EntryWriter OfRound(const std::string& type, uint64_t round) const {
    tl::EntryWriter writer = Writer(type);
    writer.Study(study.digest).Integer("round", round);
    return writer;
  }
  uint64_t Close(uint64_t round, const std::vector<uint64_t>& contributions) {
    tl::EntryWriter writer = OfRound("close", round);
    writer.Integer("round-start", start);
    for (const uint64_t index : contributions) writer.Integer("contribution", index);
    return Add(writer, {"coordinator"});
  }
  uint64_t Abandon(uint64_t round) {
    tl::EntryWriter writer = OfRound("abandon", round);
    writer.Text("code", "TOO_FEW_CONTRIBUTIONS");
    if (round > 0) writer.Integer("round-start", start);
    return Add(writer, {"coordinator"});
  }
  uint64_t Release(uint64_t round, uint64_t close) {
    tl::EntryWriter writer = OfRound("release", round);
    TermsOf(study, *recipe).AddTo(&writer);
    writer.Integer("round-start", start)
        .Integer("close", close)
        .Hash("sum", Digest{})
        .Integer("count", 6)
        .Integer("least-count", 6)
        .Real("epsilon-node", 1)
        .Real("epsilon-public", 1)
        .Text("accountant", "rdp")
        .Hash("result", Digest{});
    return Add(writer, {"coordinator"});
  }
  uint64_t Tally(const std::string& name, uint64_t round, uint64_t close, const Names& sums) {
    tl::EntryWriter writer = Of("tally", name);
    writer.Integer("round", round).Integer("close", close);
    const auto classes = *masking::MaskClasses::Create(ThresholdOf(study));
    const auto number = *NumberOf(study, name);
    for (const uint32_t c : classes.ClassesOf(number)) {
      writer.Class("class-sum", {c, crypto::Sha256(sums[c])});
    }
    return Add(writer, {"node/" + name});
  }
  uint64_t Dispute(const std::string& by, const std::string& about, uint64_t round) {
    tl::EntryWriter writer = Of("dispute", by);
    writer.Integer("round", round)
        .Text("about", about)
        .Text("code", "CLASS_SUM_MISMATCH")
        .Integer("class", 0);
    return Add(writer, {"node/" + by});
  }

  // --- reading ---
  tl::Fetch fetch() const { return tl::FetchFromFolder(files_.served()); }
  tl::TreeHead head() { return HeadAt(size_); }
  tl::TreeHead HeadAt(uint64_t size) {
    Publish();
    const auto bytes = ReadFile(files_.served() / "checkpoint", 1 << 20);
    const auto opened = tl::OpenCheckpoint(*bytes, tl::testing::LogVerifier());
    const auto reader =
        tl::LogReader::Open(fetch(), {opened->checkpoint.size, opened->checkpoint.root});
    return *(*reader)->HeadAt(size);
  }
  std::string Checkpoint(const Names& cosigners, uint64_t size = 0) {
    const tl::TreeHead tree = HeadAt(size == 0 ? size_ : size);
    std::string bytes = *tl::SignCheckpoint({std::string(kOrigin), tree.size, tree.root, ""},
                                            tl::testing::LogSigner());
    const std::string text = tl::ParseNote(bytes)->text;
    for (const std::string& name : cosigners) {
      bytes += tl::PrintSignatureLine(*WitnessOf(name).Sign(text, tl::testing::kVectorTime));
    }
    return bytes;
  }
  std::string Receipt(uint64_t index, const Names& cosigners, uint64_t size = 0) {
    const tl::TreeHead tree = HeadAt(size == 0 ? size_ : size);
    const auto reader = tl::LogReader::Open(fetch(), head());
    tl::Proof proof;
    proof.entry = *(*reader)->Entry(index);
    proof.index = index;
    proof.hashes = *(*reader)->InclusionProof(index, tree.size);
    proof.checkpoint = Checkpoint(cosigners, tree.size);
    return tl::PrintProof(proof);
  }
  absl::Status ReadInto(FederationView* view) {
    MUTUAL_ASSIGN_OR_RETURN(const auto reader, tl::LogReader::Open(fetch(), head()));
    return view->ReadTo(*reader);
  }
  // The facts of a round as a scrutineer reads them under a checkpoint with these cosignatures.
  absl::StatusOr<masking::RoundFacts> Facts(uint64_t round, const Names& cosigners) {
    FederationView view{std::string(kOrigin)};
    MUTUAL_RETURN_IF_ERROR(ReadInto(&view));
    MUTUAL_ASSIGN_OR_RETURN(const auto evaluation, view.policy()->Evaluate(Checkpoint(cosigners)));
    return FactsOf(view, study, round, {&evaluation, view.policy()});
  }

  study::Study study = SmallStudy();
  std::unique_ptr<study::Recipe> recipe = *study::MakeRecipe(study);
  uint64_t policy = 0, propose = 0, start = 0;

 private:
  std::string title_;
  tl::testing::LogFixture files_;
  std::unique_ptr<tl::Log> log_;
  std::vector<std::string> waiting_;
  uint64_t size_ = 0;
  std::map<std::string, uint64_t> masks_;
};

}  // namespace mutual::client::testing
