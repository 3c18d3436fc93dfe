// Faults of disputes, tallies and class sums.
#include "tests/tools/audit_fault.h"

namespace mutual::audit::testing {
namespace {

Fault Row(const char* name, const char* check, std::function<void(Drafts&)> drafts) {
  return {name, check, kRuleBroken, std::move(drafts), {}, {}};
}

// East complains of north's key of class 1, which it holds, and north answers.
void Dispute(Drafts& d, NodeKeys keys) {
  InsertAfter(d, "masks-pay-north", Answer("pay", "east", 1, &keys));
  InsertAfter(d, "masks-pay-north", Complaint("pay", "east", "north", 1));
}

std::vector<Fault> DisputeFaults() {
  return {
      Row("a scrutineer that disputed a good key", "DISPUTE",
          [](Drafts& d) { Dispute(d, DrawKeys("pay", "north")); }),
      Row("a node that sealed another key than it committed to", "DISPUTE",
          [](Drafts& d) {
            Dispute(d, DrawKeys("pay", "north"));
            MaskCommitments lying = DrawKeys("pay", "north").commitments();
            lying.commits[1] = crypto::Sha256("another key");
            At(d, "masks-pay-north").Erase("commit").Erase("sealed");
            AddCommitments(lying, &At(d, "masks-pay-north"));
          }),
      Row("a node that reveals another key than it sealed with", "DISPUTE",
          [](Drafts& d) {
            Dispute(d, DrawKeys("pay", "north"));
            At(d, "answer-pay-north").Set("ephemeral-secret", HashText("another key"));
          }),
      Row("a contribution of a node whose key a dispute made public", "KEYS-OK",
          [](Drafts& d) { Dispute(d, DrawKeys("pay", "north")); }),
      Row("a dispute by somebody who is no scrutineer", "DISPUTE",
          [](Drafts& d) {
            Draft draft = Complaint("pay", "mill", "north", 1);
            InsertAfter(d, "enrol-mill", draft);
          }),
      Row("a dispute about a class that the scrutineer does not hold", "DISPUTE",
          [](Drafts& d) {
            InsertAfter(d, "masks-pay-north", Complaint("pay", "east", "north", 0));
          }),
      Row("a dispute about masks of somebody else", "DISPUTE",
          [](Drafts& d) {
            InsertAfter(d, "masks-pay-north",
                        Complaint("pay", "east", "north", 1).Set("about", "south"));
          }),
      Row("a dispute about masks that come later", "DISPUTE",
          [](Drafts& d) {
            InsertAfter(d, "masks-pay-east", Complaint("pay", "east", "north", 1));
          }),
      Row("a dispute of an unknown study", "DISPUTE",
          [](Drafts& d) {
            InsertAfter(d, "masks-pay-north",
                        Complaint("pay", "east", "north", 1).Set("study", StudyText("no such")));
          }),
      Row("a key revealed that nobody disputed", "DISPUTE",
          [](Drafts& d) {
            NodeKeys keys = DrawKeys("pay", "north");
            InsertAfter(d, "masks-pay-north", Answer("pay", "east", 1, &keys));
          }),
      Row("a dispute answered twice", "DISPUTE",
          [](Drafts& d) {
            Dispute(d, DrawKeys("pay", "north"));
            InsertAfter(d, "answer-pay-north",
                        Copy(d, "answer-pay-north", "again").Set("time", kLater));
          }),
      Row("a scrutineer accused of a sum that nobody contradicted", "DISPUTE",
          [](Drafts& d) {
            Draft draft = Complaint("pay", "north", "east", 1).Set("code", "CLASS_SUM_MISMATCH");
            InsertAfter(d, "tally-pay1-south",
                        draft.Set("entry", "@tally-pay1-east").Add("round", "1"));
          }),
  };
}

// The sum of one class in a tally.
EntryField& SumOf(Drafts& d, const std::string& label, const std::string& mask_class) {
  Draft& draft = At(d, label);
  return *std::find_if(draft.fields.begin(), draft.fields.end(), [&](const EntryField& field) {
    return field.key == "class-sum" && field.value.compare(0, 2, mask_class + " ") == 0;
  });
}

std::vector<Fault> ClassFaults() {
  return {
      Row("a tally that leaves out a class", "TALLY",
          [](Drafts& d) {
            SumOf(d, "tally-pay1-east", "3").key = "gone";
            At(d, "tally-pay1-east").Erase("gone");
          }),
      Row("a tally of a class that its scrutineer does not hold", "TALLY",
          [](Drafts& d) { At(d, "tally-pay1-east").Add("class-sum", ClassSum("of-pay1", 0)); }),
      Row("a tally that names a class twice", "TALLY",
          [](Drafts& d) { SumOf(d, "tally-pay1-east", "3").value = ClassSum("of-pay1", 1); }),
      Row("a scrutineer that published another sum than the other holders", "CLASS-SUM",
          [](Drafts& d) { SumOf(d, "tally-shift1-east", "2").value = "2 " + HashText("lie"); }),
      Row("a lie in a tally that came after the release", "CLASS-SUM",
          [](Drafts& d) { SumOf(d, "tally-pay1-west", "0").value = "0 " + HashText("lie"); }),
      Row("a release though the holders of a class disagree", "CLASS-SUM",
          [](Drafts& d) { SumOf(d, "tally-pay1-north", "0").value = "0 " + HashText("lie"); }),
      Row("a round abandoned because its holders disagree", "CLASS-SUM",
          [](Drafts& d) {
            SumOf(d, "tally-pay1-north", "0").value = "0 " + HashText("lie");
            Drop(d, "release-pay1");
            Drop(d, "tally-pay1-west");
            Draft draft = Copy(d, "abandon-shift3", "abandon-pay1").Set("study", StudyText("pay"));
            InsertAfter(d, "tally-pay1-south",
                        draft.Set("round", "1")
                            .Set("round-start", "@start-pay1")
                            .Set("code", "CLASS_SUM_MISMATCH"));
          }),
      Row("a disagreement in a round that is still open", "CLASS-SUM",
          [](Drafts& d) {
            SumOf(d, "tally-pay1-north", "0").value = "0 " + HashText("lie");
            Drop(d, "release-pay1");
            Drop(d, "tally-pay1-west");
          }),
      Row("a release without a majority for a class", "CLASS-SUM",
          [](Drafts& d) {
            At(d, "release-pay1")
                .Set("tally", "@tally-pay1-east")
                .Add("tally", "@tally-pay1-south");
          }),
      Row("a release that names no tallies", "CLASS-SUM",
          [](Drafts& d) { At(d, "release-pay1").Erase("tally"); }),
      Row("a release whose scrutineers answered for another round", "RELEASE",
          [](Drafts& d) {
            Draft& release = At(d, "release-shift2");
            release.Erase("tally");
            for (const std::string& name : kScrutineers) {
              release.Add("tally", "@tally-shift1-" + name);
            }
          }),
  };
}

std::vector<Fault> WhoseFaults() {
  return {
      Row("a tally by somebody who is no scrutineer", "TALLY",
          [](Drafts& d) {
            Draft draft = Copy(d, "tally-pay1-west", "of-mill").Set("node", "mill");
            draft.signers = {"node/mill"};
            InsertAfter(d, "enrol-mill", draft);
          }),
      Row("a tally for another close", "TALLY",
          [](Drafts& d) { At(d, "tally-pay1-east").Set("close", "@close-wage1"); }),
      Row("a tally before its close", "TALLY",
          [](Drafts& d) {
            const Draft tally = Copy(d, "tally-pay1-east", "tally-pay1-east");
            Drop(d, "tally-pay1-east");
            InsertAfter(d, "contribution-pay1-west", tally);
          }),
      Row("two tallies of one scrutineer", "TALLY",
          [](Drafts& d) {
            Draft draft = Copy(d, "tally-pay1-east", "again");
            InsertAfter(d, "tally-pay1-east", draft.Set("time", kLater));
          }),
      Row("a tally by a scrutineer that had not seen the close", "TALLY",
          [](Drafts& d) {
            Entries before = Render(d);
            before.resize(IndexOf(d, "close-pay1"));
            At(d, "tally-pay1-east").Set("seen", transparency::PrintHead(HeadOf(before)));
          }),
      Row("a tally of an abandoned round", "TALLY",
          [](Drafts& d) {
            Draft draft = Copy(d, "tally-shift2-east", "late").Set("round", "3");
            InsertAfter(d, "abandon-shift3", draft);
          }),
  };
}

}  // namespace

std::vector<Fault> TallyFaults() {
  std::vector<Fault> all = DisputeFaults();
  for (const auto& some : {ClassFaults(), WhoseFaults()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace mutual::audit::testing
