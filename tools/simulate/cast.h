// Who takes part in a simulation, and with which tables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/data/data_source.h"
#include "study/plan/assumed_members.h"
#include "study/study_file.h"

namespace mutual::simulate {

// Where members come from.
struct DataRequest {
  std::vector<std::string> files;  // CSV or node.toml, one for each organisation; empty: made up
  std::string split_by;            // column of the one file
  bool resample = false;           // every repeat draws members anew from all those of the files
  std::vector<double> sizes;       // members of each organisation, when they are made up
};

struct Role {
  std::string name;
  client::TableConfig table;  // of the study's table; no file: made up anew for each repeat
  uint64_t members = 0;
};

// The organisations and, to draw from, all members of the files. Immutable.
class Cast {
 public:
  // `scratch`: where split tables are kept. Organisations are called by the files' or the column's
  // names when all scrutineers of the study are among them, else scrutineers come first and the
  // others are numbered. INVALID_ARGUMENT SIMULATE_CAST when there are fewer organisations than the
  // study wants.
  static absl::StatusOr<Cast> Create(const study::Study& study, const DataRequest& request,
                                     const std::filesystem::path& scratch);
  const std::vector<Role>& roles() const { return roles_; }
  // The table of role `index` in the repeat whose seed is `seed`; what must be made up or drawn is
  // written to `path`.
  absl::StatusOr<client::TableConfig> TableOf(size_t index, uint64_t seed,
                                              const std::filesystem::path& path) const;

 private:
  explicit Cast(const study::Study* study) : study_(study) {}
  absl::Status NameRoles(const std::vector<std::string>& wanted);
  absl::Status ReadPool();
  absl::Status CountMembers();

  const study::Study* study_;
  std::vector<Role> roles_;
  study::MemberSample pool_;  // empty unless members are drawn anew
};

}  // namespace mutual::simulate
