// Faults of scrutineers, their keys, and nodes' masks.
#include "tests/tools/audit_fault.h"

namespace mutual::audit::testing {
namespace {

Fault Row(const char* name, const char* check, std::function<void(Drafts&)> drafts) {
  return {name, check, kRuleBroken, std::move(drafts), {}, {}};
}

void SetScrutineers(Drafts& d, const std::vector<std::string>& names) {
  At(d, "propose-pay").Erase("scrutineer");
  for (const std::string& name : names) At(d, "propose-pay").Add("scrutineer", name);
}

// A policy change that the old quorum signed.
Draft NewPolicy(Drafts& d) {
  Draft draft = Copy(d, "policy", "policy-2");
  draft.signers = {"coordinator", "node/east", "node/north", "node/south"};
  return draft;
}

// What an organisation that is no scrutineer would write, once it is enrolled.
void AddOfMill(Drafts& d, const std::string& label) {
  Draft draft = Copy(d, label, "of-mill").Set("node", "mill");
  draft.signers = {"node/mill"};
  InsertAfter(d, "enrol-mill", draft);
}

std::vector<Fault> ScrutineerFaults() {
  return {
      Row("one scrutineer", "SCRUTINEERS", [](Drafts& d) { SetScrutineers(d, {"east"}); }),
      Row("a threshold of one", "SCRUTINEERS",
          [](Drafts& d) { At(d, "propose-pay").Set("threshold", "1"); }),
      Row("a threshold above the scrutineers", "SCRUTINEERS",
          [](Drafts& d) { At(d, "propose-pay").Set("threshold", "5"); }),
      Row("scrutineers without a threshold", "SCRUTINEERS",
          [](Drafts& d) { At(d, "propose-pay").Erase("threshold"); }),
      Row("one organisation as two scrutineers", "SCRUTINEERS",
          [](Drafts& d) {
            SetScrutineers(d, {"east", "north", "south", "east"});
          }),
      Row("a scrutineer who is not enrolled", "SCRUTINEERS",
          [](Drafts& d) {
            SetScrutineers(d, {"east", "north", "south", "mill"});
          }),
      Row("a scrutineer who was revoked", "SCRUTINEERS",
          [](Drafts& d) {
            Draft draft{"revoke-west", "revoke", {}, {"coordinator"}};
            InsertAfter(d, "abandon-shift3",
                        draft.Add("node", "west").Add("code", "KEY_STOLEN").Add("time", kTime));
          }),
      Row("the operator's node as a scrutineer", "SCRUTINEERS",
          [](Drafts& d) { At(d, "policy").Add("operator-node", "east"); }),
      Row("a scrutineer that becomes the operator's between two rounds", "SCRUTINEERS",
          [](Drafts& d) {
            InsertAfter(d, "release-shift1", NewPolicy(d).Add("operator-node", "east"));
          }),
      Row("fewer assumed colluders than the threshold allows", "COLLUDERS",
          [](Drafts& d) { At(d, "propose-pay").Set("threshold", "3"); }),
      Row("fewer assumed colluders than the operator's nodes", "COLLUDERS",
          [](Drafts& d) {
            SetScrutineers(d, {"east", "north", "south"});
            At(d, "policy").Add("operator-node", "west");
          }),
      Row("min-nodes that leave one honest organisation alone", "COLLUDERS",
          [](Drafts& d) { At(d, "propose-pay").Set("min-nodes", "2"); }),
      Row("no witness quorum", "COLLUDERS",
          [](Drafts& d) {
            Draft& policy = At(d, "policy");
            policy.Erase("policy").Add("policy", PolicyLines().front());
            policy.Add("policy", "quorum none");
          }),
      Row("a round with another threshold", "TERMS",
          [](Drafts& d) { At(d, "start-pay1").Set("threshold", "3"); }),
  };
}

std::vector<Fault> WindowFaults() {
  return {
      Row("a window key by somebody who is no scrutineer", "WINDOW",
          [](Drafts& d) { AddOfMill(d, "scrutineer-pay-east"); }),
      Row("a window key for an unknown study", "WINDOW",
          [](Drafts& d) { At(d, "scrutineer-pay-east").Set("study", StudyText("no such")); }),
      Row("two keys for one window", "WINDOW",
          [](Drafts& d) {
            InsertAfter(d, "scrutineer-pay-east",
                        Copy(d, "scrutineer-pay-east", "again").Set("x25519", HashText("other")));
          }),
      Row("a key used in two windows", "WINDOW",
          [](Drafts& d) {
            InsertAfter(d, "scrutineer-pay-east",
                        Copy(d, "scrutineer-pay-east", "again").Set("window", "2"));
          }),
      Row("the key of another scrutineer", "WINDOW",
          [](Drafts& d) {
            const auto key = WindowKey("pay", kWindow, "east").public_key();
            At(d, "scrutineer-pay-west").Set("x25519", HexEncode(key));
          }),
      Row("a zero key", "WINDOW",
          [](Drafts& d) { At(d, "scrutineer-pay-east").Set("x25519", std::string(64, '0')); }),
      Row("a key of small order", "WINDOW",
          [](Drafts& d) {
            // RFC 7748: a point of order 8 (the list of cr.yp.to/ecdh.html).
            At(d, "scrutineer-pay-east")
                .Set("x25519", "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800");
          }),
  };
}

// The line of that key which begins so.
EntryField& LineOf(Draft& draft, const std::string& key, const std::string& begin) {
  return *std::find_if(draft.fields.begin(), draft.fields.end(), [&](const EntryField& field) {
    return field.key == key && field.value.compare(0, begin.size(), begin) == 0;
  });
}
void EraseLine(Draft& draft, const std::string& key, const std::string& begin) {
  LineOf(draft, key, begin).key = "gone";
  draft.Erase("gone");
}

// West draws anew after round 1, when all its keys are confirmed and in use.
void AddLateMasks(Drafts& d) {
  Draft masks = Copy(d, "masks-shift-west", "masks-2");
  masks.Erase("commit").Erase("sealed");
  AddCommitments(DrawKeys("shift", "west", "other").commitments(), &masks);
  InsertAfter(d, "release-shift1", masks);
}

std::vector<Fault> MasksFaults() {
  return {
      Row("masks for an unknown study", "MASKS",
          [](Drafts& d) { At(d, "masks-pay-north").Set("study", StudyText("no such")); }),
      Row("masks without a commit for one class", "MASKS",
          [](Drafts& d) { EraseLine(At(d, "masks-pay-north"), "commit", "2 "); }),
      Row("two commits for one class", "MASKS",
          [](Drafts& d) {
            LineOf(At(d, "masks-pay-north"), "commit", "2 ").value = "1 " + HashText("other");
          }),
      Row("a commit for a class that is none", "MASKS",
          [](Drafts& d) {
            LineOf(At(d, "masks-pay-north"), "commit", "3 ").value = "4 " + HashText("other");
          }),
      Row("a holder without its sealed key", "MASKS",
          [](Drafts& d) { EraseLine(At(d, "masks-pay-north"), "sealed", "1 east "); }),
      Row("a key sealed for a scrutineer who does not hold the class", "MASKS",
          [](Drafts& d) { At(d, "masks-pay-north").Add("sealed", "0 east " + HashText("leak")); }),
      Row("a key sealed for somebody outside instead of a holder", "MASKS",
          [](Drafts& d) {
            LineOf(At(d, "masks-pay-north"), "sealed", "1 east ").value =
                "1 mill " + HashText("leak");
          }),
      Row("one holder's key sealed twice", "MASKS",
          [](Drafts& d) { At(d, "masks-pay-north").Add("sealed", "1 east " + HashText("other")); }),
      Row("masks before a majority of each class's holders had keys", "MASKS",
          [](Drafts& d) {
            for (const char* const name : {"south", "west"}) {
              const std::string label = std::string("scrutineer-pay-") + name;
              const Draft key = Copy(d, label, label);
              Drop(d, label);
              InsertAfter(d, "masks-pay-west", key);
            }
          }),
      Row("a key sealed for a scrutineer whose key came too late", "MASKS",
          [](Drafts& d) {
            const Draft key = Copy(d, "scrutineer-pay-west", "scrutineer-pay-west");
            Drop(d, "scrutineer-pay-west");
            InsertAfter(d, "masks-pay-west", key);
          }),
      Row("masks after the first round began", "MASKS", AddLateMasks),
      Row("masks replaced in one window without a dispute", "MASKS",
          [](Drafts& d) {
            Draft draft = Copy(d, "masks-pay-north", "again");
            draft.Erase("commit").Erase("sealed");
            AddCommitments(DrawKeys("pay", "north", "other").commitments(), &draft);
            InsertAfter(d, "masks-pay-north", draft);
          }),
  };
}

// Two of the three holders of class 0 have not confirmed west's keys.
void LeaveUnconfirmed(Drafts& d) {
  for (const char* const name : {"north", "south"}) {
    EraseLine(At(d, std::string("keys-ok-pay-") + name), "masks", "@masks-pay-west");
  }
}

std::vector<Fault> KeysOkFaults() {
  return {
      Row("a keys-ok by somebody who is no scrutineer", "KEYS-OK",
          [](Drafts& d) { AddOfMill(d, "keys-ok-pay-east"); }),
      Row("a keys-ok that names what is no masks entry", "KEYS-OK",
          [](Drafts& d) { At(d, "keys-ok-pay-east").Add("masks", "@mandate-pay-east"); }),
      Row("a keys-ok that names a later entry", "KEYS-OK",
          [](Drafts& d) { At(d, "keys-ok-pay-east").Add("masks", "@release-pay1"); }),
      Row("a keys-ok that names masks of another study", "KEYS-OK",
          [](Drafts& d) { At(d, "keys-ok-pay-east").Add("masks", "@masks-wage-north"); }),
      Row("a keys-ok for another window", "KEYS-OK",
          [](Drafts& d) { At(d, "keys-ok-pay-east").Set("window", "2"); }),
      Row("a keys-ok that names masks twice", "KEYS-OK",
          [](Drafts& d) { At(d, "keys-ok-pay-east").Add("masks", "@masks-pay-north"); }),
      Row("a contribution of a node whose keys most holders of a class never confirmed", "KEYS-OK",
          LeaveUnconfirmed),
      Row("a roster with a node whose keys most holders of a class never confirmed", "ROSTER",
          LeaveUnconfirmed),
      Row("keys confirmed only after the round began", "KEYS-OK",
          [](Drafts& d) {
            for (const char* const name : {"north", "south"}) {
              const std::string label = std::string("keys-ok-pay-") + name;
              const Draft late = Copy(d, label, label);
              Drop(d, label);
              InsertAfter(d, "start-pay1", late);
            }
          }),
      Row("a contribution of a node that never sent masks", "KEYS-OK",
          [](Drafts& d) {
            Drop(d, "masks-pay-west");
            for (const std::string& name : kScrutineers) {
              EraseLine(At(d, "keys-ok-pay-" + name), "masks", "@masks-pay-west");
            }
          }),
  };
}

}  // namespace

std::vector<Fault> MaskFaults() {
  std::vector<Fault> all = ScrutineerFaults();
  for (const auto& some : {WindowFaults(), MasksFaults(), KeysOkFaults()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace mutual::audit::testing
