// Members' rows as the CSV file that a node reads.
#pragma once

#include <filesystem>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/data_source.h"
#include "study/plan/assumed_members.h"
#include "study/study_file.h"

namespace mutual::simulate {

// Writes a table with the study's own column names. UNIMPLEMENTED SIMULATE_COLUMN for image
// columns, which need files of their own. Texts are made of the study's vocabulary, or of numbered
// words.
absl::Status WriteMembers(const study::Study& study, const study::MemberSample& members,
                          const std::filesystem::path& path);

// Every member's rows, in the order of member references. FAILED_PRECONDITION SIMULATE_COLUMN when
// the study has text or image columns: what is read of them cannot be written again.
absl::StatusOr<study::MemberSample> ReadMembers(const study::Study& study,
                                                const client::TableConfig& table);

}  // namespace mutual::simulate
