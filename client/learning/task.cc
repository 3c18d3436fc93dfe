#include "client/learning/task.h"

#include <algorithm>

#include "base/status.h"

namespace mutual::client {
namespace {

LossKind LossOf(const study::TrainSpec& spec, const study::FeatureMap& features) {
  if (features.class_count() > 0) return LossKind::kSoftmax;
  if (!spec.target_class.empty()) return LossKind::kLogistic;
  return spec.model == study::ModelKind::kPoisson ? LossKind::kPoisson : LossKind::kSquared;
}

}  // namespace

absl::StatusOr<Task> TaskOf(const study::Study& study) {
  const auto& spec = std::get<study::TrainSpec>(study.recipe);
  MUTUAL_ASSIGN_OR_RETURN(study::FeatureMap features,
                          study::FeatureMap::Create(study.schema, spec));
  MUTUAL_ASSIGN_OR_RETURN(study::ModelLayout layout, study::LayoutOf(study));
  const double low = features.target_lower(), high = features.target_upper();
  StepPlan plan{.layers = layout.layers,
                .inputs = layout.inputs,
                .rows = study.privacy.max_rows,
                .sampling_rate = study.privacy.sampling_rate,
                .loss = LossOf(spec, features),
                .clip = study.privacy.clip.value_or(0),
                .outputs = layout.outputs,
                .script_tensors = layout.script_tensors};
  const bool is_scaled = plan.loss == LossKind::kSquared;
  return Task{std::move(features),
              std::move(layout),
              study::TrainVectorOf(study),
              std::move(plan),
              is_scaled ? (low + high) / 2 : 0,
              is_scaled ? (high - low) / 2 : 1};
}

Batch MakeBatch(const Task& task, std::span<const study::MemberRows> members) {
  const auto width = static_cast<size_t>(task.plan.inputs),
             rows = static_cast<size_t>(task.plan.rows);
  Batch batch{std::vector<float>(members.size() * rows * width, 0.0F),
              std::vector<float>(members.size() * rows, 0.0F),
              std::vector<float>(members.size() * rows, 0.0F)};
  std::vector<double> inputs(width);
  for (size_t m = 0; m < members.size(); ++m) {
    size_t used = 0;
    for (size_t r = 0; r < members[m].row_count() && used < rows; ++r) {
      double target = 0;
      if (!task.features.Inputs(members[m], r, inputs) ||
          !task.features.Target(members[m], r, &target))
        continue;
      const size_t place = m * rows + used++;
      std::transform(inputs.begin(), inputs.end(),
                     batch.inputs.begin() + static_cast<long>(place * width),
                     [](double value) { return static_cast<float>(value); });
      batch.targets[place] = static_cast<float>((target - task.centre) / task.half);
    }
    std::fill_n(batch.weights.begin() + static_cast<long>(m * rows), used,
                used > 0 ? 1.0F / static_cast<float>(used) : 0.0F);
  }
  return batch;
}

}  // namespace mutual::client
