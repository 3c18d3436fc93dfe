#include "study/statistic.h"

#include <algorithm>

#include "study/measure.h"

namespace mutual::study {

Statistic::Statistic(const Study& study)
    : Recipe(study.cohort.min_nodes),
      schema_(study.schema),
      max_rows_(study.privacy.max_rows),
      sampling_rate_(study.privacy.sampling_rate) {}

absl::Status Statistic::MemberVector(const MemberRows& rows, std::span<double> out) const {
  std::fill(out.begin(), out.end(), 0.0);
  Fill(FirstRows(rows, max_rows_), out);
  return absl::OkStatus();
}

std::vector<std::string> Statistic::GroupNames(const std::string& by) const {
  if (by.empty()) return {"all members"};
  return schema_.columns[static_cast<size_t>(PositionOf(by))].categories;
}

size_t Statistic::GroupsOfMember(size_t groups) const {
  return std::min(groups, static_cast<size_t>(std::max(max_rows_, 1)));
}

}  // namespace mutual::study
