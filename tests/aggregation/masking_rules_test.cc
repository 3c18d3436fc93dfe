// Each rule of a scrutineer, with facts in which it is the only thing wrong.
#include <functional>

#include "aggregation/masking/tally_rules.h"
#include "base/status.h"
#include "tests/aggregation/masking_federation.h"
#include "tests/catch.h"

namespace mutual::aggregation::masking {
namespace {

using testing::AbandonAt;
using testing::CloseAt;
using testing::Federation;
using testing::GoodFacts;
using testing::Node;

RoundFacts Good() {
  static const Federation federation({4, 2}, 4, 1);
  return GoodFacts(federation, 7, 20);
}

struct Wrong {
  std::string code;
  std::string says;
  std::function<void(RoundFacts*)> make;
};

void Expect(const Wrong& wrong) {
  RoundFacts facts = Good();
  REQUIRE_OK(CheckClose(facts, 2000));
  wrong.make(&facts);
  const absl::Status refused = CheckClose(facts, 2000).status();
  INFO(wrong.code << ": " << refused.ToString());
  CHECK(ErrorCode(refused) == wrong.code);
  CHECK_THAT(std::string(refused.message()), ContainsSubstring(wrong.says));
  const bool malformed = wrong.code == "FACTS_MALFORMED" || wrong.code == "THRESHOLD_INVALID";
  CHECK(refused.code() ==
        (malformed ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kFailedPrecondition));
}

}  // namespace

TEST_CASE("A close in which nothing is wrong counts every node", "[masking]") {
  const auto round = CheckClose(Good(), 2000);
  REQUIRE_OK(round);
  CHECK(round->nodes.size() == 4);
  CHECK(round->close.index == 2000);
}

TEST_CASE("Only the first end of a round is answered", "[masking][attack]") {
  Expect({"EQUIVOCATION", "entry 1900 ended the round first", [](RoundFacts* facts) {
            facts->ends.insert(facts->ends.begin(), CloseAt(1900, {1001, 1002, 1003}));
          }});
  Expect({"EQUIVOCATION", "entry 1900 ended the round first",
          [](RoundFacts* facts) { facts->ends.insert(facts->ends.begin(), AbandonAt(1900)); }});
  Expect({"EQUIVOCATION", "close 2000 of round 7 is void",
          [](RoundFacts* facts) { facts->ends[0].index = 1999; }});
  Expect({"ROUND_ABANDONED", "abandoned by entry 2000",
          [](RoundFacts* facts) { facts->ends[0] = AbandonAt(2000); }});
  Expect(
      {"ROUND_NOT_CLOSED", "no close or abandon", [](RoundFacts* facts) { facts->ends.clear(); }});
  RoundFacts later = Good();  // a later end is void and changes nothing
  later.checkpoint_size = 3000;
  later.ends.push_back(CloseAt(2500, {1001, 1002, 1003}));
  REQUIRE_OK(CheckClose(later, 2000));
  CHECK(ErrorCode(CheckClose(later, 2500).status()) == "EQUIVOCATION");
}

TEST_CASE("Ends out of order or outside the checkpoint are malformed facts", "[masking]") {
  Expect({"FACTS_MALFORMED", "want ends in order", [](RoundFacts* facts) {
            facts->checkpoint_size = 3000;
            facts->ends.push_back(CloseAt(1500, {}));
          }});
  Expect({"FACTS_MALFORMED", "between entries 1000 and 2000",
          [](RoundFacts* facts) { facts->checkpoint_size = 2000; }});
  Expect({"FACTS_MALFORMED", "want ends in order",
          [](RoundFacts* facts) { facts->start_index = 2000; }});
}

TEST_CASE("The study's trust assumptions are enforced by scrutineers", "[masking][attack]") {
  Expect({"COLLUDER_BOUND", "want at least 2",
          [](RoundFacts* facts) { facts->nodes[0].run_by_operator = true; }});
  Expect({"COLLUDER_BOUND", "min_nodes is 2, want at least 3",
          [](RoundFacts* facts) { facts->min_nodes = 2; }});
  Expect({"OPERATOR_IS_SCRUTINEER", "s-2",
          [](RoundFacts* facts) { facts->scrutineers[2].run_by_operator = true; }});
  Expect({"SCRUTINEER_DUPLICATE", "s-1 is two scrutineers",
          [](RoundFacts* facts) { facts->scrutineers[3] = facts->scrutineers[1]; }});
  Expect({"FACTS_MALFORMED", "3 scrutineers, want 4",
          [](RoundFacts* facts) { facts->scrutineers.pop_back(); }});
  Expect({"THRESHOLD_INVALID", "threshold 1",
          [](RoundFacts* facts) { facts->threshold.threshold = 1; }});
}

TEST_CASE("The close checkpoint needs both quorums", "[masking][attack]") {
  Expect({"QUORUM_MISSING", "2 witnesses, want 3",
          [](RoundFacts* facts) { facts->witness_cosigners.pop_back(); }});
  Expect({"QUORUM_MISSING", "2 witnesses, want 3", [](RoundFacts* facts) {
            facts->witness_cosigners[2] = facts->witness_cosigners[1];  // one counted twice
          }});
  Expect({"SCRUTINEER_QUORUM_MISSING", "2 scrutineers, want 3", [](RoundFacts* facts) {
            facts->scrutineer_cosigners = {0, 3};
          }});
  Expect({"SCRUTINEER_QUORUM_MISSING", "2 scrutineers, want 3", [](RoundFacts* facts) {
            facts->scrutineer_cosigners = {0, 3, 3, 0};
          }});
  Expect({"SCRUTINEER_QUORUM_MISSING", "2 scrutineers, want 3", [](RoundFacts* facts) {
            facts->scrutineer_cosigners = {0, 3, 4, 5};
          }});
  RoundFacts three = Good();
  three.scrutineer_cosigners = {3, 0, 1};
  REQUIRE_OK(CheckClose(three, 2000));
}

TEST_CASE("Every contribution named is one of this round, in the log, once", "[masking]") {
  const auto named = [](uint64_t index) {
    return [index](RoundFacts* facts) { facts->ends[0].contributions[3] = index; };
  };
  Expect({"CONTRIBUTION_UNKNOWN", "names entry 1700", named(1700)});
  Expect({"CONTRIBUTION_UNKNOWN", "names entry 1004",
          [](RoundFacts* facts) { facts->contributions[3].round = 6; }});
  Expect({"CONTRIBUTION_UNKNOWN", "names entry 2000", [&](RoundFacts* facts) {
            facts->contributions[3].index = 2000;  // not before the close
            named(2000)(facts);
          }});
  Expect({"CONTRIBUTION_UNKNOWN", "names entry 1000", [&](RoundFacts* facts) {
            facts->contributions[3].index = 1000;  // not after round-start
            named(1000)(facts);
          }});
  Expect({"CONTRIBUTION_LENGTH", "19 words, want 20",
          [](RoundFacts* facts) { facts->contributions[3].words = 19; }});
}

TEST_CASE("No node is counted twice", "[masking][attack]") {
  Expect({"CONTRIBUTION_DUPLICATE", "counts n-2 twice",
          [](RoundFacts* facts) { facts->ends[0].contributions.push_back(1003); }});
  Expect({"CONTRIBUTION_DUPLICATE", "counts n-2 twice", [](RoundFacts* facts) {
            facts->contributions.push_back({1600, Node("n-2"), 7, 20});  // two entries of one node
            facts->ends[0].contributions.push_back(1600);
          }});
}

TEST_CASE("Only nodes enrolled and mandated at that index count", "[masking]") {
  Expect({"NODE_NOT_ENROLLED", "n-1", [](RoundFacts* facts) { facts->nodes[1].enrolled.clear(); }});
  Expect({"NODE_NOT_ENROLLED", "n-1", [](RoundFacts* facts) {
            facts->nodes[1].enrolled[0].until = 1002;  // revoked just there
          }});
  Expect({"NODE_NOT_ENROLLED", "n-3", [](RoundFacts* facts) { facts->nodes.pop_back(); }});
  Expect({"NO_MANDATE", "n-0", [](RoundFacts* facts) { facts->nodes[0].mandated.clear(); }});
  Expect(
      {"NO_MANDATE", "n-0", [](RoundFacts* facts) { facts->nodes[0].mandated[0].since = 1500; }});
  RoundFacts renewed = Good();
  renewed.nodes[0].mandated = {InForce{50, 60}, InForce{70, 1500}};  // withdrawn after it
  REQUIRE_OK(CheckClose(renewed, 2000));
}

TEST_CASE("Only nodes whose keys every scrutineer confirmed before the round count", "[masking]") {
  Expect(
      {"KEYS_NOT_CONFIRMED", "n-1", [](RoundFacts* facts) { facts->nodes[1].keys_ok.pop_back(); }});
  Expect({"KEYS_NOT_CONFIRMED", "n-1",
          [](RoundFacts* facts) { facts->nodes[1].keys_ok[2].index = 1000; }});
  Expect({"KEYS_NOT_CONFIRMED", "n-1", [](RoundFacts* facts) {
            facts->nodes[1].keys_ok[2].masks = crypto::Sha256("keys before a dispute");
          }});
  Expect({"KEYS_NOT_CONFIRMED", "n-1", [](RoundFacts* facts) {
            facts->nodes[1].keys_ok[2].scrutineer = 1;  // one confirms twice
          }});
}

TEST_CASE("A liar is excused only while every class keeps a majority of sure holders",
          "[masking][attack]") {
  RoundFacts one = Good();
  one.nodes[1].keys_ok.pop_back();
  one.nodes[1].excused = {3};
  REQUIRE_OK(CheckClose(one, 2000));
  one.nodes[1].keys_ok.pop_back();
  one.nodes[1].excused = {3, 2};
  CHECK(ErrorCode(CheckClose(one, 2000).status()) == "KEYS_NOT_CONFIRMED");
}

TEST_CASE("Fewer organisations than min_nodes are never unmasked", "[masking][attack]") {
  Expect({"TOO_FEW_CONTRIBUTIONS", "counts 2 organisations, want at least 3",
          [](RoundFacts* facts) { facts->ends[0].contributions.resize(2); }});
  Expect({"TOO_FEW_CONTRIBUTIONS", "counts 0 organisations",
          [](RoundFacts* facts) { facts->ends[0].contributions.clear(); }});
  Expect({"TOO_FEW_CONTRIBUTIONS", "want at least 5",
          [](RoundFacts* facts) { facts->min_nodes = 5; }});
}

}  // namespace mutual::aggregation::masking
