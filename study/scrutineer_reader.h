// The section [scrutineers] of a study file. Internal to study/.
#pragma once

#include "study/study_file.h"
#include "study/table_reader.h"

namespace mutual::study {

// Reports as problem SCRUTINEERS: fewer than two or more than seven organisations, a name that is
// none or stands twice, a threshold outside 2 to their number, one of the operator's nodes among
// them, and fewer assumed colluders than threshold - 1 and the operator's nodes.
ScrutineerSpec ReadScrutineers(TableReader& reader, const CohortSpec& cohort);

}  // namespace mutual::study
