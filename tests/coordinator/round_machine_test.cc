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

RoundMachine Opened(int min_nodes) {
  RoundMachine machine({{"a", "b", "c", "d"}, min_nodes});
  REQUIRE_OK(machine.Handle(RoundOpened{"start"}));
  return machine;
}

template <typename State>
bool Is(const RoundMachine& machine) {
  return std::holds_alternative<State>(machine.state());
}

}  // namespace

TEST_CASE("A round closes when all have answered and releases what arrived", "[round]") {
  RoundMachine machine = Opened(3);
  REQUIRE_OK(machine.Handle(From("a", 1)));
  REQUIRE_OK(machine.Handle(From("b", 2)));
  REQUIRE_OK(machine.Handle(NodeDeclined{"d", "BUDGET_SPENT"}));
  REQUIRE(Is<Collecting>(machine));
  const auto actions = machine.Handle(From("c", 3));
  REQUIRE_OK(actions);
  REQUIRE(Is<Closed>(machine));
  REQUIRE(std::get<ReleaseSum>(actions->at(0)).counted == std::vector<std::string>{"a", "b", "c"});
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

TEST_CASE("Events that do not fit the state change nothing", "[round]") {
  RoundMachine fresh({{"a", "b", "c"}, 3});
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
    RoundMachine machine({{"a", "b", "c", "d"}, 3});
    std::vector<std::string> journal;
    for (int step = 0; step < 14; ++step) {
      const std::string& node = names[random() % names.size()];
      const std::vector<RoundEvent> menu = {RoundOpened{"start"},
                                            From(node, static_cast<uint8_t>(random() % 2)),
                                            From(node, 1),
                                            NodeDeclined{node, "CODE"},
                                            DeadlinePassed{},
                                            SumReleased{DigestOfByte(3), DigestOfByte(4)}};
      const RoundEvent& event = menu[step == 0 ? 0 : random() % menu.size()];
      if (machine.Handle(event).ok()) journal.push_back(Serialize(event));
    }
    RoundMachine again({{"a", "b", "c", "d"}, 3});
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
  const std::string good = Serialize(From("a", 1));
  for (size_t size = 0; size < good.size(); ++size) {
    REQUIRE(ErrorCode(ParseEvent(good.substr(0, size)).status()) == "JOURNAL_CORRUPT");
  }
  REQUIRE_FALSE(ParseEvent(good + "x").ok());
  REQUIRE_FALSE(ParseEvent("z").ok());
}

}  // namespace mutual::coordinator
