#include "coordinator/round/round_machine.h"

#include <random>

#include "base/status.h"
#include "tests/catch.h"

namespace mutual::coordinator {
namespace {

Digest DigestOfByte(uint8_t byte) {
  Digest digest;
  digest.bytes.fill(byte);
  return digest;
}

ContributionArrived From(const std::string& node, uint8_t byte) {
  return {node, DigestOfByte(byte), 64, byte};
}

// Four scrutineers of whom two unmask: four classes, three holders each.
RoundRules Rules(int min_nodes) {
  return {{"a", "b", "c", "d"}, min_nodes, DigestOfByte(7), 1, {4, 2}, {"a", "b", "c", "d"}};
}

RoundMachine Opened(int min_nodes) {
  RoundMachine machine(Rules(min_nodes));
  REQUIRE_OK(machine.Handle(RoundOpened{"start"}));
  return machine;
}

// What scrutineer `number` says; with `lie`, of one class another sum.
TallyArrived TallyOf(uint32_t number, int lie = -1) {
  const auto classes = aggregation::masking::MaskClasses::Create({4, 2}).value();
  TallyArrived tally{std::string(1, static_cast<char>('a' + number)), 100 + number, {}};
  for (const uint32_t c : classes.ClassesOf(number)) {
    const bool lies = lie == static_cast<int>(c);
    tally.sums.push_back({c, DigestOfByte(static_cast<uint8_t>(lies ? 99 : 10 + c))});
  }
  return tally;
}
ClassSumArrived SumOf(uint32_t c) { return {c, DigestOfByte(static_cast<uint8_t>(10 + c))}; }

RoundMachine Tallied(const std::vector<TallyArrived>& tallies) {
  RoundMachine machine = Opened(3);
  for (const char* const node : {"a", "b", "c", "d"}) REQUIRE_OK(machine.Handle(From(node, 1)));
  REQUIRE_OK(machine.Handle(CloseLogged{50, DigestOfByte(5), 1000, "checkpoint"}));
  for (const TallyArrived& tally : tallies) REQUIRE_OK(machine.Handle(tally));
  return machine;
}

template <typename State>
bool Is(const RoundMachine& machine) {
  return std::holds_alternative<State>(machine.state());
}

}  // namespace

TEST_CASE("A round closes when all have answered, is tallied and releases what arrived", "[round]") {
  RoundMachine machine = Opened(3);
  REQUIRE_OK(machine.Handle(From("a", 1)));
  REQUIRE_OK(machine.Handle(From("b", 2)));
  REQUIRE_OK(machine.Handle(NodeDeclined{"d", "BUDGET_SPENT"}));
  REQUIRE(Is<Collecting>(machine));
  const auto actions = machine.Handle(From("c", 3));
  REQUIRE_OK(actions);
  REQUIRE(Is<Closed>(machine));
  REQUIRE(std::get<LogClose>(actions->at(0)).counted == std::vector<std::string>{"a", "b", "c"});
  REQUIRE(ErrorCode(machine.Handle(SumReleased{}).status()) == "WRONG_STATE");
  REQUIRE_OK(machine.Handle(CloseLogged{50, DigestOfByte(5), 1000, "checkpoint"}));
  for (uint32_t j = 0; j < 3; ++j) REQUIRE_OK(machine.Handle(TallyOf(j)));
  REQUIRE(ErrorCode(machine.Handle(SumReleased{}).status()) == "WRONG_STATE");
  for (uint32_t c = 0; c < 4; ++c) REQUIRE_OK(machine.Handle(SumOf(c)));
  REQUIRE_OK(machine.Handle(SumReleased{DigestOfByte(8), DigestOfByte(9)}));
  REQUIRE(std::get<Released>(machine.state()).counted == 3);
}

TEST_CASE("Too few contributions at the deadline abandon the round", "[round]") {
  RoundMachine machine = Opened(3);
  REQUIRE_OK(machine.Handle(From("a", 1)));
  REQUIRE_OK(machine.Handle(From("b", 2)));
  REQUIRE_OK(machine.Handle(DeadlinePassed{}));
  REQUIRE(std::get<Abandoned>(machine.state()).reason == "TOO_FEW_CONTRIBUTIONS");
}

TEST_CASE("A node that misbehaves loses its own place only", "[round]") {
  RoundMachine machine = Opened(3);
  REQUIRE_OK(machine.Handle(From("a", 1)));
  REQUIRE(machine.Handle(From("a", 1))->empty());  // the same again: fine, nothing follows
  REQUIRE(ErrorCode(machine.Handle(From("a", 9)).status()) == "CONTRIBUTED_TWICE");
  REQUIRE(ErrorCode(machine.Handle(From("x", 1)).status()) == "NOT_ON_ROSTER");
  REQUIRE(ErrorCode(machine.Handle(NodeDeclined{"x", "C"}).status()) == "NOT_ON_ROSTER");
  REQUIRE(std::get<Collecting>(machine.state()).received.at("a").sha256 == DigestOfByte(1));
  for (const char* const node : {"b", "c"}) REQUIRE_OK(machine.Handle(From(node, 2)));
  REQUIRE_OK(machine.Handle(DeadlinePassed{}));
  REQUIRE(ErrorCode(machine.Handle(From("d", 4)).status()) == "ROUND_CLOSED");
  REQUIRE(Is<Closed>(machine));
}

TEST_CASE("A class sum is taken only as a majority of its holders published it", "[round]") {
  RoundMachine machine = Tallied({TallyOf(0)});
  CHECK(ErrorCode(machine.Handle(SumOf(1)).status()) == "CLASS_SUM_CORRUPT");  // one holder of three
  REQUIRE_OK(machine.Handle(TallyOf(1)));
  CHECK(ErrorCode(machine.Handle(ClassSumArrived{2, DigestOfByte(99)}).status()) ==
        "CLASS_SUM_CORRUPT");
  REQUIRE_OK(machine.Handle(SumOf(2)));
  CHECK(ErrorCode(machine.Handle(TallyOf(0, 1)).status()) == "EQUIVOCATION");
  CHECK(ErrorCode(machine.Handle(TallyArrived{"x", 1, {}}).status()) == "NOT_A_SCRUTINEER");
  CHECK(ErrorCode(machine.Handle(TallyArrived{"c", 1, {}}).status()) == "TALLY_MALFORMED");
}

TEST_CASE("One liar of four scrutineers is outvoted, whichever it is", "[round]") {
  for (uint32_t liar = 0; liar < 4; ++liar) {
    std::vector<TallyArrived> tallies;
    for (uint32_t j = 0; j < 4; ++j) {
      tallies.push_back(TallyOf(j, j == liar ? static_cast<int>((liar + 1) % 4) : -1));
    }
    RoundMachine machine = Tallied(tallies);
    for (uint32_t c = 0; c < 4; ++c) REQUIRE_OK(machine.Handle(SumOf(c)));
    REQUIRE_OK(machine.Handle(SumReleased{}));
  }
}

TEST_CASE("Holders without a majority, or too few of them, abandon the round", "[round]") {
  // Class 3 is held by the first three; each says something else.
  TallyArrived second = TallyOf(1), third = TallyOf(2);
  for (auto& sum : second.sums) sum.sum = sum.mask_class == 3 ? DigestOfByte(70) : sum.sum;
  for (auto& sum : third.sums) sum.sum = sum.mask_class == 3 ? DigestOfByte(71) : sum.sum;
  const RoundMachine split = Tallied({TallyOf(0), second, third});
  CHECK(std::get<Abandoned>(split.state()).reason == "CLASS_SUM_MISMATCH");
  RoundMachine late = Tallied({TallyOf(0), TallyOf(1)});
  REQUIRE_OK(late.Handle(DeadlinePassed{}));
  CHECK(std::get<Abandoned>(late.state()).reason == "TOO_FEW_SCRUTINEERS");
}

TEST_CASE("Events that do not fit the state change nothing", "[round]") {
  RoundMachine fresh(Rules(3));
  REQUIRE(ErrorCode(fresh.Handle(DeadlinePassed{}).status()) == "WRONG_STATE");
  REQUIRE(ErrorCode(fresh.Handle(From("a", 1)).status()) == "WRONG_STATE");
  REQUIRE(ErrorCode(fresh.Handle(SumReleased{}).status()) == "WRONG_STATE");
  REQUIRE(Is<Open>(fresh));
  RoundMachine opened = Opened(3);
  REQUIRE(ErrorCode(opened.Handle(RoundOpened{"again"}).status()) == "WRONG_STATE");
  REQUIRE_OK(opened.Handle(RoundFailed{"DISK_FULL"}));
  REQUIRE(ErrorCode(opened.Handle(RoundFailed{"again"}).status()) == "WRONG_STATE");
}

TEST_CASE("Replaying the accepted events of any history rebuilds the state", "[round]") {
  std::mt19937_64 random(7);
  const std::vector<std::string> names = {"a", "b", "c", "d", "x"};
  int released = 0;
  for (int history = 0; history < 3000; ++history) {
    RoundMachine machine(Rules(3));
    std::vector<std::string> journal;
    for (int step = 0; step < 150; ++step) {
      const std::string& node = names[random() % names.size()];
      const std::vector<RoundEvent> menu = {RoundOpened{"start"},
                                            From(node, static_cast<uint8_t>(random() % 2)),
                                            From(node, 1),
                                            NodeDeclined{node, "CODE"},
                                            step % 9 == 0 ? RoundEvent(DeadlinePassed{}) : SumOf(0),
                                            CloseLogged{50, DigestOfByte(5), 1000, "checkpoint"},
                                            TallyOf(static_cast<uint32_t>(random() % 4)),
                                            SumOf(static_cast<uint32_t>(random() % 4)),
                                            SumOf(static_cast<uint32_t>(random() % 4)),
                                            SumReleased{DigestOfByte(3), DigestOfByte(4)}};
      const RoundEvent& event = menu[step == 0 ? 0 : random() % menu.size()];
      if (machine.Handle(event).ok()) journal.push_back(Serialize(event));
    }
    RoundMachine again(Rules(3));
    for (const std::string& bytes : journal) {
      const auto event = ParseEvent(bytes);
      REQUIRE_OK(event);
      REQUIRE(Serialize(*event) == bytes);
      REQUIRE_OK(again.Handle(*event));
    }
    REQUIRE(again.state().index() == machine.state().index());
    if (const auto* state = std::get_if<Released>(&machine.state())) {
      ++released;
      REQUIRE(std::get<Released>(again.state()).counted == state->counted);
    }
  }
  REQUIRE(released > 50);
}

TEST_CASE("A malformed journalled event is data loss, never a crash", "[round]") {
  for (const RoundEvent& event :
       {RoundEvent(TallyOf(0)), RoundEvent(SumOf(1)), RoundEvent(CloseLogged{1, {}, 2, "c"})}) {
    const std::string bytes = Serialize(event);
    for (size_t size = 0; size < bytes.size(); ++size) {
      REQUIRE_FALSE(ParseEvent(bytes.substr(0, size)).ok());
    }
  }
  const std::string good = Serialize(From("a", 1));
  for (size_t size = 0; size < good.size(); ++size) {
    REQUIRE(ErrorCode(ParseEvent(good.substr(0, size)).status()) == "JOURNAL_CORRUPT");
  }
  REQUIRE_FALSE(ParseEvent(good + "x").ok());
  REQUIRE_FALSE(ParseEvent("z").ok());
}

}  // namespace mutual::coordinator
