#include "study/organisation_figure.h"

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"

namespace mutual::study {

std::optional<Problem> OrganisationFigure(const Study& study,
                                          std::span<const std::string> organisations) {
  for (const Column& column : study.schema.columns) {
    for (const std::string& category : column.categories) {
      for (const std::string& organisation : organisations) {
        if (!absl::EqualsIgnoreCase(category, organisation)) continue;
        return Problem{
            column.line, "ORGANISATION_FIGURE",
            absl::StrFormat("category \"%s\" of \"%s\" is an organisation; a study may not ask for "
                            "one organisation's figures, so leave the column out",
                            category, column.name)};
      }
    }
  }
  return std::nullopt;
}

}  // namespace mutual::study
