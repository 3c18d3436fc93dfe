#include "transparency/mask_terms.h"

#include "base/status.h"

namespace mutual::transparency {

void MaskTerms::AddTo(EntryWriter* writer) const {
  for (const std::string& name : scrutineers) writer->Text("scrutineer", name);
  writer->Integer("threshold", threshold);
}

absl::StatusOr<MaskTerms> MaskTerms::Of(const Entry& propose) {
  MaskTerms terms;
  terms.scrutineers = propose.Texts("scrutineer");
  MUTUAL_ASSIGN_OR_RETURN(terms.threshold, propose.Integer("threshold"));
  return terms;
}

}  // namespace mutual::transparency
