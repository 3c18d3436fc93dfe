// The mask entries of an honest study: four scrutineers, of whom any two can unmask, and real keys.
#pragma once

#include <string>
#include <vector>

#include "aggregation/masking/mask_classes.h"
#include "aggregation/masking/node_keys.h"
#include "tests/support/seeded_random.h"
#include "tests/tools/audit_log.h"

namespace mutual::audit::testing {

using aggregation::masking::KeyWindow;
using aggregation::masking::MaskClasses;
using aggregation::masking::MaskCommitments;
using aggregation::masking::NodeKeys;

// In the order that numbers them; the organisations are those of kNodes.
inline const std::vector<std::string> kScrutineers = {"east", "north", "south", "west"};
inline constexpr char kWindow[] = "1";

inline MaskClasses ClassesOfFour() { return MaskClasses::Create({4, 2}).value(); }
inline uint32_t NumberOf(const std::string& scrutineer) {
  return static_cast<uint32_t>(std::find(kScrutineers.begin(), kScrutineers.end(), scrutineer) -
                               kScrutineers.begin());
}

// The scrutineer's key of that window. Made from the names, so that a test can make it again.
inline crypto::AgreementKey WindowKey(const std::string& study, const std::string& window,
                                      const std::string& scrutineer) {
  return crypto::AgreementKey::FromBytes(
             crypto::Sha256("x25519 " + study + window + scrutineer).bytes)
      .value();
}
inline KeyWindow WindowFacts(const std::string& study, const std::string& window = kWindow) {
  KeyWindow facts{std::string(kOrigin), crypto::Sha256(study), ClassesOfFour(), {}};
  for (const std::string& name : kScrutineers) {
    facts.scrutineer_keys.push_back(WindowKey(study, window, name).public_key());
  }
  return facts;
}
inline mutual::testing::SeededRandom RandomOf(const std::string& what) {
  uint64_t seed = 0;
  for (size_t i = 0; i < 8; ++i) seed = seed << 8 | crypto::Sha256(what).bytes[i];
  return mutual::testing::SeededRandom(seed);
}
inline NodeKeys DrawKeys(const std::string& study, const std::string& node,
                         const std::string& window = kWindow) {
  auto random = RandomOf("keys " + study + node + window);
  return NodeKeys::Draw(NodeId::Parse(node).value(), WindowFacts(study, window), random).value();
}

inline void AddCommitments(const MaskCommitments& masks, Draft* draft) {
  const MaskClasses classes = ClassesOfFour();
  for (uint32_t c = 0; c < classes.size(); ++c) {
    draft->Add("commit", std::to_string(c) + " " + masks.commits[c].ToHex());
    for (size_t i = 0; i < classes.Holders(c).size(); ++i) {
      draft->Add("sealed", std::to_string(c) + " " + kScrutineers[classes.Holders(c)[i]] + " " +
                               masks.wrappings[c][i].ToHex());
    }
  }
}

// What every holder of a class publishes of it; `of` names study and round.
inline std::string ClassSum(const std::string& of, uint32_t mask_class) {
  return std::to_string(mask_class) + " " +
         HashText("class " + std::to_string(mask_class) + " of " + of);
}
inline void AddClassSums(const std::string& of, const std::string& scrutineer, Draft* draft) {
  for (const uint32_t c : ClassesOfFour().ClassesOf(NumberOf(scrutineer))) {
    draft->Add("class-sum", ClassSum(of, c));
  }
}

// "This key is bad", by a scrutineer. Label: dispute-<study>-<node>.
inline Draft Complaint(const std::string& study, const std::string& scrutineer,
                       const std::string& node, uint32_t mask_class) {
  Draft draft{"dispute-" + study + "-" + node, "dispute", {}, {"node/" + scrutineer}};
  return draft.Add("time", "2026-11-23T10:00:00Z")
      .Add("seen", "@seen")
      .Add("study", StudyText(study))
      .Add("node", scrutineer)
      .Add("about", node)
      .Add("code", "MASK_KEY_MISMATCH")
      .Add("entry", "@masks-" + study + "-" + node)
      .Add("class", std::to_string(mask_class));
}

// The node's answer to that complaint, with the keys of `keys`, which draws the class anew. Label:
// answer-<study>-<node>.
inline Draft Answer(const std::string& study, const std::string& scrutineer, uint32_t mask_class,
                    NodeKeys* keys) {
  auto random = RandomOf("redraw");
  const std::string node = keys->commitments().node.name();
  const auto reveal = keys->Reveal({NumberOf(scrutineer), keys->commitments().node,
                                    keys->commitments().ToDigest(), mask_class},
                                   random)
                          .value();
  Draft draft{"answer-" + study + "-" + node, "dispute", {}, {"node/" + node}};
  return draft.Add("time", "2026-11-23T10:00:00Z")
      .Add("seen", "@seen")
      .Add("study", StudyText(study))
      .Add("node", node)
      .Add("about", scrutineer)
      .Add("code", "MASK_KEY_REVEALED")
      .Add("entry", "@masks-" + study + "-" + node)
      .Add("entry", "@dispute-" + study + "-" + node)
      .Add("class", std::to_string(mask_class))
      .Add("ephemeral-secret", HexEncode(reveal.ephemeral.bytes()))
      .Add("ciphertext", HexEncode(AsBytes(reveal.wrapped.ciphertext)));
}

}  // namespace mutual::audit::testing
