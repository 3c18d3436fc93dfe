// What an auditor accepts of masked studies: absence, late keys, disputes that were judged.
#include "tests/tools/audit_run.h"
#include "tests/tools/honest_drafts.h"

namespace mutual::audit {
namespace {

using namespace testing;  // NOLINT: the builder

std::unique_ptr<Verification> VerifyDrafts(const Drafts& drafts) {
  return VerifyFiles(Serve(Render(drafts)));
}

// East complains of north's key of class 1; north answers, draws that class anew, and everybody but
// east confirms the new masks.
Drafts WithDispute() {
  Drafts drafts = HonestDrafts();
  NodeKeys keys = DrawKeys("pay", "north");
  const Draft answer = Answer("pay", "east", 1, &keys);
  Draft masks = Copy(drafts, "masks-pay-north", "masks-2");
  masks.Erase("commit").Erase("sealed");
  AddCommitments(keys.commitments(), &masks);
  for (const std::string& name : kScrutineers) {
    Draft& draft = At(drafts, "keys-ok-pay-" + name).Erase("masks");
    for (const char* const node : {"east", "south", "west"}) {
      draft.Add("masks", std::string("@masks-pay-") + node);
    }
    if (name != "east") draft.Add("masks", "@masks-2");
  }
  InsertAfter(drafts, "masks-pay-west", masks);
  InsertAfter(drafts, "masks-pay-west", answer);
  InsertAfter(drafts, "masks-pay-west", Complaint("pay", "east", "north", 1));
  return drafts;
}

}  // namespace

TEST_CASE("A scrutineer that lied about a key is named, and its victim counts", "[audit]") {
  const auto done = VerifyDrafts(WithDispute());
  INFO(TextOf(*done));
  CHECK(done->findings.failures() == 1);
  CHECK(done->findings.Has("DISPUTE", Verdict::kFail));
  CHECK_THAT(TextOf(*done), ContainsSubstring("proves that east disputed a good key of north"));
}

TEST_CASE("A scrutineer that confirms nothing is as good as dead", "[audit]") {
  Drafts drafts = HonestDrafts();
  Drop(drafts, "keys-ok-pay-west");
  Drop(drafts, "tally-pay1-west");
  const auto silent = VerifyDrafts(drafts);
  INFO(TextOf(*silent));
  CHECK(silent->findings.exit_code() == kVerified);
  // Two of four are too many: class 0 has one holder left that is sure of its keys.
  Drop(drafts, "keys-ok-pay-south");
  CHECK(VerifyDrafts(drafts)->findings.Has("KEYS-OK", Verdict::kFail));
}

TEST_CASE("A scrutineer whose key came too late holds no masks, and nobody is to blame",
          "[audit]") {
  Drafts drafts = HonestDrafts();
  for (const std::string& node : kNodes) {
    Draft& masks = At(drafts, "masks-pay-" + node);
    masks.fields.erase(std::remove_if(masks.fields.begin(), masks.fields.end(),
                                      [](const EntryField& field) {
                                        return field.key == "sealed" &&
                                               field.value.find(" west ") != std::string::npos;
                                      }),
                       masks.fields.end());
  }
  const Draft late = Copy(drafts, "scrutineer-pay-west", "scrutineer-pay-west");
  Drop(drafts, "scrutineer-pay-west");
  InsertAfter(drafts, "masks-pay-west", late);
  Drop(drafts, "keys-ok-pay-west");
  Drop(drafts, "tally-pay1-west");
  const auto done = VerifyDrafts(drafts);
  INFO(TextOf(*done));
  CHECK(done->findings.exit_code() == kVerified);
}

TEST_CASE("Keys confirmed before a class was drawn anew do not count after it", "[audit]") {
  Drafts drafts = WithDispute();
  for (const char* const name : {"south", "west"}) {
    for (EntryField& field : At(drafts, std::string("keys-ok-pay-") + name).fields) {
      if (field.value == "@masks-2") field.value = "@masks-pay-north";
    }
  }
  const auto done = VerifyDrafts(drafts);
  INFO(TextOf(*done));
  CHECK(done->findings.Has("KEYS-OK", Verdict::kFail));
}

TEST_CASE("A dispute that nobody answered, or that reveals too little, cannot be judged",
          "[audit]") {
  Drafts drafts = HonestDrafts();
  InsertAfter(drafts, "masks-pay-north", Complaint("pay", "east", "north", 1));
  const auto open = VerifyDrafts(drafts);
  INFO(TextOf(*open));
  CHECK(open->findings.exit_code() == kUnchecked);
  CHECK(open->findings.Has("DISPUTE", Verdict::kSkip));
  drafts = WithDispute();
  At(drafts, "answer-pay-north").Erase("ciphertext");
  const auto half = VerifyDrafts(drafts);
  INFO(TextOf(*half));
  CHECK(half->findings.Has("DISPUTE", Verdict::kSkip));
}

TEST_CASE("One dead scrutineer of four is missed by nobody", "[audit]") {
  Drafts drafts = HonestDrafts();
  Drop(drafts, "tally-pay1-west");
  const auto done = VerifyDrafts(drafts);
  INFO(TextOf(*done));
  CHECK(done->findings.exit_code() == kVerified);
}

TEST_CASE("The join window may end before the last keys are confirmed", "[audit]") {
  Drafts drafts = HonestDrafts();
  const std::vector<std::string> three = {"east", "north", "south"};
  At(drafts, "start-pay1").Set("roster", RosterText(three)).Set("roster-size", "3");
  Drop(drafts, "contribution-pay1-west");
  Draft& close = At(drafts, "close-pay1").Erase("contribution");
  for (const std::string& node : three) close.Add("contribution", "@contribution-pay1-" + node);
  EpsilonCache cache;
  const std::string open = FormatDouble(cache.Public(Terms().Parsed(), 1, 3));
  At(drafts, "release-pay1").Set("count", "3").Set("least-count", "3").Set("epsilon-public", open);
  const auto done = VerifyDrafts(drafts);
  INFO(TextOf(*done));
  CHECK(done->findings.exit_code() == kVerified);
  // West's keys were confirmed last: leaving out another organisation has no such excuse.
  At(drafts, "start-pay1").Set("roster", RosterText({"east", "north", "west"}));
  CHECK(VerifyDrafts(drafts)->findings.Has("ROSTER", Verdict::kFail));
}

}  // namespace mutual::audit
