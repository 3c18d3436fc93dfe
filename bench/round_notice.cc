#include "bench/round_notice.h"

#include "base/status.h"
#include "transparency/proof.h"
#include "transparency/signed_entry.h"

namespace mutual::bench {

absl::StatusOr<RoundNotice> ParseNotice(const std::string& receipt) {
  MUTUAL_ASSIGN_OR_RETURN(const transparency::Proof proof, transparency::ParseProof(receipt));
  MUTUAL_ASSIGN_OR_RETURN(const transparency::SignedEntry start,
                          transparency::ParseSignedEntry(proof.entry.value_or("")));
  if (start.entry.type() != "round-start") {
    return InvalidArgument("the notice holds a %s entry, want round-start", start.entry.type());
  }
  RoundNotice notice;
  notice.receipt = receipt;
  MUTUAL_ASSIGN_OR_RETURN(notice.study, start.entry.Hash("study"));
  MUTUAL_ASSIGN_OR_RETURN(notice.round, start.entry.Integer("round"));
  MUTUAL_ASSIGN_OR_RETURN(notice.vector_length, start.entry.Integer("vector-len"));
  return notice;
}

}  // namespace mutual::bench
