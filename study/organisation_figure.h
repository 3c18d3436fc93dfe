// Release rule: no figure is of one organisation (docs/recipes/README.md).
#pragma once

#include <optional>
#include <span>
#include <string>

#include "study/study_file.h"

namespace mutual::study {

// The problem ORGANISATION_FIGURE when a category of the study is called like one of
// `organisations`, whatever its case: that cell would be one organisation's figure. A study that
// calls them otherwise is for the voters to notice.
std::optional<Problem> OrganisationFigure(const Study& study,
                                          std::span<const std::string> organisations);

}  // namespace mutual::study
