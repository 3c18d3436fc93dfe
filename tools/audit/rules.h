// The rules of docs/LOG_FORMAT.md as functions over entries in the order of their indices.
//
// Each takes an entry whose signatures were checked, reports what it breaks and writes what it says
// into the history. Pure but for their arguments.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "privacy/accountant.h"
#include "tools/audit/finding.h"
#include "tools/audit/history.h"

namespace mutual::audit {

// Recomputed epsilons, kept because rounds repeat them. Not thread-safe.
class EpsilonCache {
 public:
  // Of `rounds` rounds of `terms` at one node; infinite when the terms are out of the accountant's
  // range.
  double Node(const transparency::StudyTerms& terms, uint64_t rounds);
  // The same with the noise of `count` − assumed colluders, at least one, honest nodes.
  double Public(const transparency::StudyTerms& terms, uint64_t rounds, uint64_t count);

 private:
  using Key = std::tuple<double, double, double, uint64_t>;
  double Of(const privacy::Phase& phase, double delta);
  std::map<Key, double> kept_;
};

struct Rulebook {
  History* history;
  Findings* findings;
  EpsilonCache* epsilons;
};

// Whether the entry is signed as its type asks, by keys enrolled before it (its own, for genesis
// and enrol). Reports ENTRY-SIG, SIGNER, GONE.
bool CheckSignatures(const Located& at, const Rulebook& rules);

void ReplayGenesis(const Located& at, const Rulebook& rules);
void ReplayPolicy(const Located& at, const Rulebook& rules);
void ReplayEnrol(const Located& at, const Rulebook& rules);
void ReplayLeave(const Located& at, const Rulebook& rules);
void ReplayRevoke(const Located& at, const Rulebook& rules);
void ReplayKeyRotation(const Located& at, const Rulebook& rules);

void ReplayPropose(const Located& at, const Rulebook& rules);
void ReplayDecision(const Located& at, const Rulebook& rules);  // mandate, objection
void ReplayWithdraw(const Located& at, const Rulebook& rules);

void ReplayRoundStart(const Located& at, const Rulebook& rules);
void ReplayContribution(const Located& at, const Rulebook& rules);
void ReplayClose(const Located& at, const Rulebook& rules);
void ReplayAbandon(const Located& at, const Rulebook& rules);
void ReplayTally(const Located& at, const Rulebook& rules);
void ReplayRelease(const Located& at, const Rulebook& rules);

void ReplayScrutineer(const Located& at, const Rulebook& rules);
void ReplayMasks(const Located& at, const Rulebook& rules);
void ReplayKeysOk(const Located& at, const Rulebook& rules);
void ReplayDispute(const Located& at, const Rulebook& rules);
void ReplaySoftware(const Located& at, const Rulebook& rules);
void ReplayIncident(const Located& at, const Rulebook& rules);

// Of a proposal, and of a round-start against it: SCRUTINEERS, COLLUDERS, TERMS.
void CheckScrutineers(const Located& at, const Rulebook& rules, StudyHistory* study);
void CheckScrutineersAgain(const Located& at, const Rulebook& rules, StudyHistory* study);
// Of a release: that it rests on real tallies that cover every class. RELEASE, CLASS-SUM.
void CheckTallies(const Located& at, const Rulebook& rules, StudyHistory* study, Round* round);
// Of a round that is over, or open at the log's end: who published another sum than the majority.
void JudgeClassSums(StudyHistory* study, const Round& round, Findings* findings);
// Disputes that were never answered.
void CheckOpenDisputes(const History& history, Findings* findings);

// The round that the entry's study and round name, or nullptr; then `id` has a failure.
Round* FindRound(const Located& at, const Rulebook& rules, const char* id);
// "study 9f3c1a2b…" for people.
std::string ShortStudy(const Digest& study);
// "noise-multiplier 2, now 1": the first line that differs.
std::string DifferenceOf(const transparency::StudyTerms& from, const transparency::StudyTerms& to);
// The names of a roster, one a line, hashed.
Digest RosterDigest(const std::set<std::string>& names);

}  // namespace mutual::audit
