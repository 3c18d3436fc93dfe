#include "tools/audit/check.h"

#include <cstdlib>

namespace mutual::audit {
namespace {

constexpr auto kProof = Gravity::kProof;
constexpr auto kRule = Gravity::kRule;

constexpr Check kChecks[] = {
    {"CP-FORM", kProof, "The checkpoint is a signed note in its one spelling.",
     "That anybody honest signed it."},
    {"CP-SIG", kProof, "The checkpoint is signed by the log key of your policy.",
     "That the log shows everybody the same checkpoint; the witnesses do."},
    {"CP-COSIG", kProof, "Every cosignature by a witness of your policy is good.",
     "That the witnesses are independent of each other."},
    {"CP-QUORUM", kRule, "Enough witnesses of your policy cosigned the checkpoint.",
     "That this is the newest checkpoint; look at its times."},
    {"APPEND", kProof, "The log extends the checkpoint that you saved before.",
     "Anything about entries that you did not have then."},
    {"TREE", kProof, "Every tile and every entry leads to the root that was signed.",
     "That what the entries say is true."},
    {"FORK", kProof, "Both copies of the log agree as far as both reach.",
     "That a third copy agrees; compare with more people."},
    {"RECEIPT", kProof, "The entry of the receipt stands in the log, unaltered.",
     "That the contribution was counted; the close entry of its round says so."},
    {"ENTRY-FORM", kProof, "Every entry is a signed note in its one spelling.",
     "That what it says is true."},
    {"ENTRY-SIG", kProof, "No signature under an entry is wrong.",
     "That the signer's key was not stolen."},
    {"ENTRY-LOG", kRule, "Every entry was written for this log.", "Who wrote it."},
    {"ENTRY-KNOWN", kRule, "Every entry is of a type that this program understands.",
     "That newer programs would find nothing wrong."},
    {"REPEAT", kRule, "No entry stands in the log twice.", "That its meaning is new."},
    {"GENESIS", kRule, "The first entry, and only it, founds the log with the key of your policy.",
     "That the founders agreed to it; ask them."},
    {"POLICY", kRule,
     "Witness policies resist the declared dishonesty and change with the old "
     "quorum's signatures.",
     "That the witnesses are who they say."},
    {"TRUST", kRule, "Your policy trusts the log key and witnesses that the log names now.",
     "That a change was agreed on outside the log."},
    {"ENROL", kRule, "Names and keys are enrolled once, and endorsed where that is required.",
     "That an organisation is real."},
    {"SIGNER", kRule, "Every entry is signed by enrolled keys of the right role.",
     "That the people behind the key agreed."},
    {"GONE", kRule, "Nobody signs after leaving or being revoked.",
     "That they left of their own will."},
    {"KEYS", kRule, "A new key replaces the current one and is signed by it.",
     "That the old key was not stolen."},
    {"SEEN", kRule, "Every tree that a signer had seen is a prefix of this log.",
     "That it saw no other log as well."},
    {"PROPOSE", kRule, "Every study is proposed once, by an enrolled researcher.",
     "That its purpose is good."},
    {"MANDATE", kRule, "Every organisation decides once on a study, after its proposal.",
     "That its members were asked; its minutes do."},
    {"ROUND", kRule, "Rounds belong to a proposed study and follow each other without gaps.",
     "That the deadlines were kept; times are claims."},
    {"ROSTER", kRule,
     "The roster of a round is the organisations with a mandate, at least "
     "min-nodes of them.",
     "That no organisation was kept from giving its mandate."},
    {"TERMS", kRule,
     "A round, and its release, have the noise, bounds and lengths that were "
     "proposed.",
     "That nodes added that noise; each adds its own."},
    {"MODEL", kRule, "Each round computes at the model that the round before released.",
     "That the model is good; replay recomputes it."},
    {"CONTRIB", kRule,
     "Contributions come from the roster of a started round, once, at the "
     "right length.",
     "That a node computed honestly on its data."},
    {"CLOSE", kRule,
     "A round is closed or abandoned once, naming real contributions, at least "
     "min-nodes of them.",
     "That contributions left out came too late."},
    {"SCRUTINEERS", kRule,
     "Mask keys are held by two to seven enrolled organisations, none of them the coordinator's "
     "operator.",
     "That they are independent of each other and of the coordinator."},
    {"COLLUDERS", kRule,
     "A study assumes as many colluders as there can be, asks for two organisations more, and its "
     "witnesses outnumber them.",
     "That no more of them collude."},
    {"WINDOW", kRule, "Each scrutineer publishes one fresh key for a join window.",
     "That it destroyed the key afterwards."},
    {"MASKS", kRule,
     "A node commits to one key a mask class and seals it for every holder, once, before round 1.",
     "That the sealed keys are good; their holders and disputes do."},
    {"KEYS-OK", kRule, "Only nodes whose mask keys the scrutineers had confirmed contribute.",
     "That scrutineers opened the keys; a liar is found when sums disagree."},
    {"DISPUTE", kRule, "Nobody was caught lying about a mask key.",
     "That nobody lied; a lie that nobody disputes shows nowhere."},
    {"TALLY", kRule,
     "Tallies are by the study's scrutineers, once each, for the close that counts and every class "
     "that they hold.",
     "That witnesses had cosigned the close when the scrutineers answered."},
    {"CLASS-SUM", kRule,
     "For every released round a majority of each mask class's holders published one sum, and "
     "nobody another.",
     "That the sums are right where most holders of a class lie together."},
    {"RELEASE", kRule,
     "A round is released once, after its close and its tallies, with the "
     "true counts.",
     "That the sum is right; replay recomputes it."},
    {"EPSILON", kRule,
     "No claimed epsilon is below the one recomputed from noise, rate and rounds.",
     "What holds if a member's data is at several organisations."},
    {"BUDGET", kRule, "No organisation contributes beyond the epsilon of its mandate.",
     "Its yearly budget; its own ledger has that."},
    {"SOFTWARE", kRule, "This program is a mutual-audit that the coordinator put on record.",
     "That it was built from the published source; build it yourself and compare."},
    {"INCIDENT", kRule, "Incidents refer to entries that exist.",
     "That every incident was logged."},
    {"BUNDLE-FILES", kProof,
     "The bundle's files are those of its manifest, and there are no others.",
     "That they are the federation's; the receipts tie them to the log."},
    {"BUNDLE-STUDY", kProof, "The bundle's study is the one that was proposed and released.",
     "That voters read it."},
    {"BUNDLE-RESULT", kProof, "The bundle's result has the digest that was released.",
     "That it follows from the contributions; replay recomputes it."},
    {"BUNDLE-MODEL", kProof, "The bundle's model has the digest that was released.",
     "That the model is good."},
    {"BUNDLE-PEOPLE", kProof, "The organisations named are those whose contributions were counted.",
     "Who was asked and refused; the log says so."},
    {"BUNDLE-PAGES", kProof,
     "Page, table and passport say what was released, as this version would write them.",
     "That the result is read correctly."},
    {"REPLAY-STUDY", kProof, "The study file has the proposed digest and asks what was proposed.",
     "That voters read it."},
    {"REPLAY-FILES", kProof,
     "Every counted contribution is kept, with its logged digest and length.",
     "That it was computed honestly."},
    {"REPLAY-SUM", kProof, "The kept contributions add up to the released sum.",
     "That the nodes' data is right."},
    {"REPLAY-RESULT", kProof, "The released sum gives the released result, bit for bit.",
     "That the result is read correctly."},
    {"REPLAY-MODEL", kProof, "The released sums give the released model, bit for bit.",
     "That the model is good."},
    {"REPLAY-CLIP", kProof,
     "Where the clip adapts, every round was started with the one that the sums before give.",
     "That the nodes clipped to it."},
    {"REPLAY", kProof, "A round was recomputed from kept contributions.", "Other rounds."},
};

}  // namespace

std::span<const Check> Checks() { return kChecks; }

const Check& FindCheck(std::string_view id) {
  for (const Check& check : kChecks) {
    if (id == check.id) return check;
  }
  std::abort();  // a mistake of the program: IDs are constants
}

size_t CheckOrder(const Check& check) { return static_cast<size_t>(&check - kChecks); }

}  // namespace mutual::audit
