// What the names in a result mean, for those who read it without the study at hand.
#pragma once

#include <string>
#include <vector>

#include "study/result.h"
#include "study/study_file.h"

namespace mutual::study {

struct Term {
  std::string name, unit, meaning;
};

// Every kind of estimate that occurs, once, in order of first appearance.
std::vector<Term> EstimatesOf(const Result& result);
// The study's columns with the definitions that were voted on.
std::vector<Term> ColumnsOf(const Study& study);

// The CSV of ToCsv with a seventh column, `definition`: what the estimate means.
std::string ToDefinedCsv(const Result& result);

}  // namespace mutual::study
