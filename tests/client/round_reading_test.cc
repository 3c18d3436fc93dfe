// A coordinator that lies, played through a log that is really written, signed and read: each lie
// is refused with the code of the rule that it breaks.
#include "client/scrutineer/round_reading.h"

#include "aggregation/masking/tally_rules.h"
#include "tests/catch.h"
#include "tests/client/written_log.h"

namespace mutual::client {
namespace {

using testing::kOrganisations;
using testing::kScrutineers;
using testing::Names;
using testing::WrittenLog;

namespace masking = aggregation::masking;

const Names kFourCosign = {"farm", "mill", "mine", "quay"};

// What a scrutineer answers about close `close` of `round`: a code, or the names counted.
std::string Judged(WrittenLog& log, uint64_t round, uint64_t close,
                   const Names& cosigners = kFourCosign) {
  const auto facts = log.Facts(round, cosigners);
  if (!facts.ok()) return ErrorCode(facts.status());
  const auto counted = masking::CheckClose(*facts, close);
  if (!counted.ok()) return ErrorCode(counted.status());
  std::string names;
  for (const NodeId& node : counted->nodes) names += node.name() + " ";
  return names;
}
const std::string kAll = "dock farm mill mine quay yard ";

TEST_CASE("An honest round read from the log passes every rule", "[scrutineer]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  const uint64_t close = log.Close(1, log.ContributeAll(1));
  CHECK(Judged(log, 1, close) == kAll);
}

TEST_CASE("A coordinator may leave contributions out, but not so many", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  auto all = log.ContributeAll(1);
  all.resize(4);
  CHECK(Judged(log, 1, log.Close(1, all)) == "dock farm mill mine ");
  log.Start(2);
  all = log.ContributeAll(2);
  all.resize(3);  // min_nodes is 4
  CHECK(Judged(log, 2, log.Close(2, all)) == "TOO_FEW_CONTRIBUTIONS");
}

TEST_CASE("A contribution that is counted twice is found", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  auto named = log.ContributeAll(1);
  named.push_back(log.Contribute(1, "farm"));  // a second entry of one node
  CHECK(Judged(log, 1, log.Close(1, named)) == "CONTRIBUTION_DUPLICATE");
  log.Start(2);
  named = log.ContributeAll(2);
  named.push_back(named.back());
  CHECK(Judged(log, 2, log.Close(2, named)) == "CONTRIBUTION_DUPLICATE");
}

TEST_CASE("An invented contribution is found", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  auto named = log.ContributeAll(1);
  const uint64_t invented = GENERATE(0, 1, 2, 3);
  std::string code = "CONTRIBUTION_UNKNOWN";
  if (invented == 0) named[0] = log.propose;  // some other entry
  if (invented == 1) named[0] = log.Contribute(1, "dock", "coordinator");
  if (invented == 2) named.push_back(log.Contribute(1, "sybil", "node/sybil"));
  if (invented == 3) {
    named[0] = log.Contribute(1, "dock", "", 4);
    code = "CONTRIBUTION_LENGTH";
  }
  CHECK(Judged(log, 1, log.Close(1, named)) == code);
}

TEST_CASE("An organisation that was let in by nobody counts for nothing", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Enrol("sybil");  // signed by the coordinator and itself alone
  log.Mandate("sybil");
  log.Start(1);
  auto named = log.ContributeAll(1);
  named.push_back(log.Contribute(1, "sybil"));
  CHECK(Judged(log, 1, log.Close(1, named)) == "CONTRIBUTION_UNKNOWN");
}

TEST_CASE("Who was revoked or never mandated is not counted", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  const bool is_revoked = GENERATE(false, true);
  if (is_revoked) {
    log.Start(1);
    auto named = log.ContributeAll(1);
    log.Revoke("farm");
    named[1] = log.Contribute(1, "farm");
    CHECK(Judged(log, 1, log.Close(1, named), kScrutineers) == "CONTRIBUTION_UNKNOWN");
    return;
  }
  testing::tl::EntryWriter objection = log.Of("objection", "farm");
  objection.Text("body", "operator");
  log.Add(objection, {"node/farm"});
  log.Start(1);
  CHECK(Judged(log, 1, log.Close(1, log.ContributeAll(1))) == "NO_MANDATE");
}

TEST_CASE("Two closes of a round: only the first is answered", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  const auto all = log.ContributeAll(1);
  const uint64_t first = log.Close(1, all);
  const uint64_t second = log.Close(1, {all.begin(), all.end() - 1});
  CHECK(Judged(log, 1, second) == "EQUIVOCATION");
  CHECK(Judged(log, 1, first) == kAll);
}

TEST_CASE("A close after an abandon is not answered", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  const auto all = log.ContributeAll(1);
  const uint64_t end = log.Abandon(1);
  CHECK(Judged(log, 1, log.Close(1, all)) == "EQUIVOCATION");
  CHECK(Judged(log, 1, end) == "ROUND_ABANDONED");
}

TEST_CASE("An old round is not played again", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  const auto old = log.ContributeAll(1);
  log.Close(1, old);
  log.Start(2);
  log.ContributeAll(2);
  CHECK(Judged(log, 2, log.Close(2, old)) == "CONTRIBUTION_UNKNOWN");
  log.Start(1);  // the same number again
  const auto fresh = log.ContributeAll(1);
  CHECK(Judged(log, 1, log.Close(1, fresh)) == "EQUIVOCATION");
}

TEST_CASE("A coordinator that lies about keys gets nothing", "[scrutineer][attack]") {
  WrittenLog log;
  log.Found();
  log.Propose();
  for (const std::string& node : kOrganisations) log.Mandate(node);
  for (const std::string& name : kScrutineers) log.Key(name);
  for (const std::string& node : kOrganisations) {
    log.Masks(WrittenLog::Draw(node, log.Window()).commitments(), log.Window());
  }
  const int lie = GENERATE(0, 1, 2, 3);
  auto masks = log.AllMasks();
  if (lie == 0) masks.pop_back();  // nobody confirmed yard's
  for (const std::string& name : kScrutineers) {
    // 1: the coordinator speaks for two scrutineers
    const bool is_forged = lie == 1 && (name == "mill" || name == "mine");
    log.KeysOk(name, masks, is_forged ? "coordinator" : "");
  }
  if (lie == 2) log.Reveal("yard", "mill");  // a key that everybody knows
  if (lie == 3) log.Masks(WrittenLog::Draw("yard", log.Window()).commitments(), log.Window());
  log.Start(1);
  CHECK(Judged(log, 1, log.Close(1, log.ContributeAll(1))) == "KEYS_NOT_CONFIRMED");
}

TEST_CASE("A keys-ok after the round's start comes too late", "[scrutineer][attack]") {
  WrittenLog log;
  log.Found();
  log.Propose();
  for (const std::string& node : kOrganisations) log.Mandate(node);
  for (const std::string& name : kScrutineers) log.Key(name);
  for (const std::string& node : kOrganisations) {
    log.Masks(WrittenLog::Draw(node, log.Window()).commitments(), log.Window());
  }
  log.KeysOk("mill", log.AllMasks());
  log.Start(1);
  for (const Names& name : {Names{"mine"}, Names{"quay"}, Names{"yard"}}) {
    log.KeysOk(name[0], log.AllMasks());
  }
  CHECK(Judged(log, 1, log.Close(1, log.ContributeAll(1))) == "KEYS_NOT_CONFIRMED");
}

TEST_CASE("Terms that the coordinator lowers in a round-start change nothing",
          "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  testing::tl::StudyTerms terms = TermsOf(log.study, *log.recipe);
  terms.min_nodes = 1;
  terms.assumed_colluders = 0;
  log.Start(1, terms);
  auto all = log.ContributeAll(1);
  all.resize(1);  // the difference to the others would be one organisation
  CHECK(Judged(log, 1, log.Close(1, all)) == "TOO_FEW_CONTRIBUTIONS");
}

TEST_CASE("A close needs the quorum, and three of four scrutineers", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  const uint64_t close = log.Close(1, log.ContributeAll(1));
  CHECK(Judged(log, 1, close, {"mill", "mine", "quay"}) == "QUORUM_MISSING");
  CHECK(Judged(log, 1, close, {"dock", "farm", "mill", "mine"}) == "SCRUTINEER_QUORUM_MISSING");
  CHECK(Judged(log, 1, close, {"farm", "mill", "quay", "yard"}) == kAll);
}

TEST_CASE("Quorums that may share liars only are refused", "[scrutineer][attack]") {
  WrittenLog log;
  // One scrutineer and the operator's dock may lie; two quorums of four of six share only two.
  std::string text =
      study::Replaced(log.study.text, "operator_nodes = []", "operator_nodes = [\"dock\"]");
  text = study::Replaced(text, "assumed_colluders = 1", "assumed_colluders = 2");
  log.study = *study::ParseStudy(text, study::FakeSolver());
  log.Join();
  log.Start(1);
  const uint64_t close = log.Close(1, log.ContributeAll(1));
  CHECK(Judged(log, 1, close) == "WITNESS_QUORUM");
  CHECK(log.Facts(2, kFourCosign).status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("A revoked scrutineer's cosignature counts for nothing", "[scrutineer][attack]") {
  WrittenLog log;
  log.Join();
  log.Start(1);
  const auto all = log.ContributeAll(1);
  log.Revoke("mine");
  const uint64_t close = log.Close(1, all);
  CHECK(Judged(log, 1, close, {"dock", "farm", "mill", "mine", "quay"}) ==
        "SCRUTINEER_QUORUM_MISSING");
  CHECK(Judged(log, 1, close, {"farm", "mill", "mine", "quay"}) == "QUORUM_MISSING");
  CHECK(Judged(log, 1, close, {"farm", "mill", "quay", "yard"}) == kAll);
}

TEST_CASE("A witness key that is not the enrolled one counts for nothing", "[scrutineer][attack]") {
  WrittenLog log;
  log.Genesis();
  // The organisations have witness keys of their own; the policy names others.
  for (const std::string& node : kOrganisations) log.Enrol(node, {}, "true-" + node);
  log.Policy(WrittenLog::PolicyLines(4), {"coordinator"});
  log.Propose();
  for (const std::string& node : kOrganisations) log.Mandate(node);
  for (const std::string& name : kScrutineers) log.Key(name);
  for (const std::string& node : kOrganisations) {
    log.Masks(WrittenLog::Draw(node, log.Window()).commitments(), log.Window());
  }
  for (const std::string& name : kScrutineers) log.KeysOk(name, log.AllMasks());
  log.Start(1);
  const uint64_t close = log.Close(1, log.ContributeAll(1));
  CHECK(Judged(log, 1, close, kOrganisations) == "QUORUM_MISSING");
}

TEST_CASE("Masks that are malformed do not end the time of scrutineers' keys",
          "[scrutineer][attack]") {
  WrittenLog log;
  log.Found();
  log.Propose();
  for (const std::string& node : kOrganisations) log.Mandate(node);
  for (const char* const name : {"mill", "mine", "quay"}) log.Key(name);
  log.MalformedMasks("dock");
  log.Key("yard");
  FederationView view{std::string(testing::kOrigin)};
  REQUIRE_OK(log.ReadInto(&view));
  REQUIRE_OK(WindowOf(view, log.study));
  CHECK(WindowOf(view, log.study)->IsPresent(3));
}

TEST_CASE("A scrutineer's key counts when it stands before the first masks, and not after",
          "[scrutineer]") {
  WrittenLog log;
  log.Found();
  log.Propose();
  for (const std::string& node : kOrganisations) log.Mandate(node);
  for (const char* const name : {"mill", "mine", "quay"}) log.Key(name);
  const auto three = log.Window({"mill", "mine", "quay"});
  const bool is_late = GENERATE(true, false);
  if (!is_late) log.Key("yard");
  const uint64_t masks = log.Masks(WrittenLog::Draw("dock", three).commitments(), three);
  if (is_late) log.Key("yard");
  FederationView view{std::string(testing::kOrigin)};
  REQUIRE_OK(log.ReadInto(&view));
  const auto window = WindowOf(view, log.study);
  REQUIRE_OK(window);
  CHECK(window->IsPresent(3) == !is_late);
  CHECK((EndOfKeyTime(view, log.study) == masks) == is_late);
  // Drawn without the key that stands before them, they are nobody's masks.
  CHECK((MasksInForce(*view.Find(log.study.digest), *window, log.study, "dock", ~uint64_t{0}) !=
         nullptr) == is_late);
}

TEST_CASE("A scrutineer without a key in the window confirms nothing", "[scrutineer][attack]") {
  WrittenLog log;
  log.Found();
  log.Propose();
  for (const std::string& node : kOrganisations) log.Mandate(node);
  for (const char* const name : {"mill", "mine", "quay"}) log.Key(name);
  const auto three = log.Window({"mill", "mine", "quay"});
  for (const std::string& node : kOrganisations) {
    log.Masks(WrittenLog::Draw(node, three).commitments(), three);
  }
  for (const char* const name : {"mill", "mine", "yard"}) log.KeysOk(name, log.AllMasks());
  log.Start(1);
  CHECK(Judged(log, 1, log.Close(1, log.ContributeAll(1))) == "KEYS_NOT_CONFIRMED");
}

}  // namespace
}  // namespace mutual::client
