#include "transparency/study_terms.h"

#include "base/status.h"

namespace mutual::transparency {

void StudyTerms::AddTo(EntryWriter* writer) const {
  writer->Text("recipe", recipe)
      .Integer("vector-len", vector_length)
      .Integer("rounds", rounds)
      .Real("noise-multiplier", noise_multiplier)
      .Real("sampling-rate", sampling_rate)
      .Real("delta", delta)
      .Real("clip", member_bound)
      .Integer("min-nodes", min_nodes)
      .Integer("assumed-colluders", assumed_colluders);
  if (local_steps > 0) writer->Integer("local-steps", local_steps);
}

absl::StatusOr<StudyTerms> StudyTerms::Of(const Entry& entry) {
  StudyTerms terms;
  MUTUAL_ASSIGN_OR_RETURN(terms.recipe, entry.Text("recipe"));
  MUTUAL_ASSIGN_OR_RETURN(terms.vector_length, entry.Integer("vector-len"));
  MUTUAL_ASSIGN_OR_RETURN(terms.rounds, entry.Integer("rounds"));
  MUTUAL_ASSIGN_OR_RETURN(terms.noise_multiplier, entry.Real("noise-multiplier"));
  MUTUAL_ASSIGN_OR_RETURN(terms.sampling_rate, entry.Real("sampling-rate"));
  MUTUAL_ASSIGN_OR_RETURN(terms.delta, entry.Real("delta"));
  MUTUAL_ASSIGN_OR_RETURN(terms.member_bound, entry.Real("clip"));
  MUTUAL_ASSIGN_OR_RETURN(terms.min_nodes, entry.Integer("min-nodes"));
  MUTUAL_ASSIGN_OR_RETURN(terms.assumed_colluders, entry.Integer("assumed-colluders"));
  if (entry.Has("local-steps")) {
    MUTUAL_ASSIGN_OR_RETURN(terms.local_steps, entry.Integer("local-steps"));
  }
  return terms;
}

}  // namespace mutual::transparency
