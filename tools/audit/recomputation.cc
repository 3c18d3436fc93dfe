#include "tools/audit/recomputation.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <span>
#include <utility>
#include <variant>

#include "aggregation/masking/mask_sum.h"
#include "aggregation/ring.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "privacy/accountant.h"
#include "privacy/grid.h"
#include "study/model.h"
#include "study/result.h"
#include "study/train_recipe.h"

namespace mutual::audit {
namespace {

constexpr size_t kBlockWords = size_t{1} << 16;
enum class Sign { kPlus, kMinus };

absl::Status AddFile(const std::string& path, Sign sign, std::vector<uint32_t>* total) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return NotFound("%s is missing; copy it from the coordinator's content folder", path);
  std::string block;
  std::vector<uint32_t> words;
  for (size_t at = 0; at < total->size(); at += words.size()) {
    words.assign(std::min(kBlockWords, total->size() - at), 0);
    block.resize(words.size() * 4);
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    if (file.gcount() != static_cast<std::streamsize>(block.size())) {
      return WithCode(DataLoss("%s is shorter than its round's vector", path), "CONTENT_CORRUPT");
    }
    aggregation::AddBytesToRing(AsBytes(block), words);
    for (size_t i = 0; i < words.size(); ++i) {
      (*total)[at + i] += sign == Sign::kPlus ? words[i] : 0 - words[i];
    }
  }
  if (file.peek() == std::ifstream::traits_type::eof()) return absl::OkStatus();
  return WithCode(DataLoss("%s is longer than its round's vector", path), "CONTENT_CORRUPT");
}

absl::StatusOr<double> SolveNoise(double epsilon, double delta, double rate, uint64_t rounds) {
  return privacy::NoiseMultiplierFor({epsilon, delta, rate, rounds});
}

aggregation::OptimizerOptions OptionsOf(const study::TrainSpec& spec) {
  aggregation::OptimizerOptions options{};
  options.kind = spec.optimizer == study::Optimizer::kAdam ? aggregation::OptimizerKind::kAdam
                                                           : aggregation::OptimizerKind::kSgd;
  options.learning_rate = spec.learning_rate;
  options.momentum = spec.momentum;
  options.beta1 = 0.9;
  options.beta2 = 0.999;
  options.adam_epsilon = 1e-8;
  options.weight_decay = spec.weight_decay;
  options.averaging = spec.averaging;
  switch (spec.schedule) {
    case study::RateSchedule::kConstant:
      options.schedule = aggregation::Schedule::kConstant;
      break;
    case study::RateSchedule::kLinear:
      options.schedule = aggregation::Schedule::kLinear;
      break;
    case study::RateSchedule::kInverseRoot:
      options.schedule = aggregation::Schedule::kInverseRoot;
      break;
  }
  options.warmup_steps = static_cast<uint64_t>(spec.warmup_rounds);
  options.total_steps = static_cast<uint64_t>(spec.rounds);
  options.final_share = spec.final_share;
  return options;
}

// Every number on its own grid: with local steps the parameters stand on that of the differences.
std::vector<double> InUnits(const study::Study& study, const std::vector<uint32_t>& total,
                            const privacy::Grid& grid) {
  const std::vector<int64_t> centred = aggregation::Centre(total);
  std::vector<double> values = aggregation::Dequantise(centred, grid.scale);
  const auto* const spec = std::get_if<study::TrainSpec>(&study.recipe);
  if (spec == nullptr || !spec->local) return values;
  const double scale = study::DifferenceScale(spec->local->bound, grid.clamp);
  for (size_t i = 0; i < study::TrainVectorOf(study).parameters; ++i) {
    values[i] = static_cast<double>(centred[i]) / scale;
  }
  return values;
}

Digest ModelDigest(const std::vector<double>& parameters) {
  const std::vector<float> rounded(parameters.begin(), parameters.end());
  return crypto::Sha256(study::ModelBytes(rounded));
}

}  // namespace

absl::StatusOr<Recomputation> Recomputation::Begin(std::string_view study_text) {
  MUTUAL_ASSIGN_OR_RETURN(study::Study study, study::ParseStudy(study_text, SolveNoise));
  MUTUAL_ASSIGN_OR_RETURN(std::unique_ptr<study::Recipe> recipe, study::MakeRecipe(study));
  Recomputation begun(std::move(study), std::move(recipe));
  if (begun.study_.privacy.clip_rule) begun.clip_ = begun.study_.privacy.clip;
  if (begun.recipe_->needs_model()) {
    MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(begun.study_));
    const std::vector<float> start = study::InitialModel(begun.study_, layout);
    begun.state_ = aggregation::StartAt(std::vector<double>(start.begin(), start.end()));
  }
  return begun;
}

transparency::StudyTerms Recomputation::Terms() const {
  return {std::string(study::KindName(study_.recipe)),
          recipe_->dimension(),
          study_.rounds(),
          study_.privacy.noise_multiplier,
          study_.privacy.sampling_rate,
          study_.privacy.delta,
          recipe_->member_bound(),
          static_cast<uint64_t>(study_.cohort.min_nodes),
          static_cast<uint64_t>(study_.cohort.assumed_colluders),
          study_.cost().local_steps};
}

std::optional<Digest> Recomputation::NamedStart() const {
  const auto* spec = std::get_if<study::TrainSpec>(&study_.recipe);
  return spec == nullptr ? std::nullopt : spec->start_model;
}

absl::Status Recomputation::BeginAt(std::string_view model) {
  MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(study_));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<float> start, study::ParseModel(model, layout));
  state_ = aggregation::StartAt(std::vector<double>(start.begin(), start.end()));
  return absl::OkStatus();
}

std::optional<Digest> Recomputation::StartModel() const {
  if (!recipe_->needs_model()) return std::nullopt;
  return ModelDigest(state_.parameters);
}

absl::StatusOr<std::vector<uint32_t>> Recomputation::AddUp(const RoundFiles& files) const {
  const size_t values = recipe_->dimension();
  std::vector<uint32_t> total(files.is_masked ? aggregation::masking::PaddedWords(values) : values,
                              0);
  for (const std::string& path : files.contributions) {
    MUTUAL_RETURN_IF_ERROR(AddFile(path, Sign::kPlus, &total));
  }
  for (const std::string& path : files.class_sums) {
    MUTUAL_RETURN_IF_ERROR(AddFile(path, Sign::kMinus, &total));
  }
  total.resize(values);  // what stands in the padding counts for nothing
  return total;
}

Digest Recomputation::DigestOf(const std::vector<uint32_t>& sum) {
  // The centred representative of a word has the same 32 bits.
  return crypto::Sha256(aggregation::ToBytes(sum));
}

absl::Status Recomputation::Finish(const study::ReleasedSum& sum, RoundOutput* output) const {
  MUTUAL_ASSIGN_OR_RETURN(const study::Result result, recipe_->Finish(sum));
  output->result = crypto::Sha256(study::ToJson(result));
  return absl::OkStatus();
}

bool Recomputation::EndsEarly(const study::ReleasedSum& sum) {
  const int patience = std::get<study::TrainSpec>(study_.recipe).patience;
  if (patience == 0 || round_ == study_.rounds()) return false;
  const auto at = study::TrainVectorOf(study_).evaluation_at();
  return study::EndsWith(patience, round_, {sum.values[at + 1], sum.values[at]}, &stop_);
}

absl::Status Recomputation::Train(const study::ReleasedSum& sum, RoundOutput* output) {
  const auto& spec = std::get<study::TrainSpec>(study_.recipe);
  const auto parameters = static_cast<long>(study::TrainVectorOf(study_).parameters);
  const double expected =
      spec.expected_members * study_.privacy.sampling_rate * (1 - spec.evaluation_share);
  std::vector<double> gradient(sum.values.begin(), sum.values.begin() + parameters);
  const double used = clip_.value_or(0);
  if (clip_) {
    const double stretch = used / *study_.privacy.clip;
    for (double& value : gradient) value *= stretch;
    const study::ReleasedCount count{sum.values[static_cast<size_t>(parameters)], expected};
    clip_ = study::NextClip(*study_.privacy.clip_rule, used, study::UnclippedShare(study_, count));
  }
  // With local steps: down the mean of the differences that were counted.
  const double divisor = spec.local ? -static_cast<double>(sum.nodes) : expected;
  for (double& value : gradient) value /= divisor;
  const aggregation::OptimizerOptions options = OptionsOf(spec);
  MUTUAL_RETURN_IF_ERROR(aggregation::Step(options, gradient, &state_));
  const bool ends_early = EndsEarly(sum);
  if (round_ != study_.rounds() && !ends_early) {
    output->model = ModelDigest(state_.parameters);
    return absl::OkStatus();
  }
  output->model = ModelDigest(aggregation::Averaged(options, state_));
  MUTUAL_ASSIGN_OR_RETURN(study::Result result, recipe_->Finish(sum));
  if (clip_) study::NameClip(study_, used, &result);
  if (ends_early) study::NameEarlyEnd(spec, round_, &result);
  if (spec.averaging != 0) {
    study::NameLastIterate(spec, ModelDigest(state_.parameters), &result);
  }
  output->result = crypto::Sha256(study::ToJson(result));
  return absl::OkStatus();
}

absl::StatusOr<RoundOutput> Recomputation::Next(const RoundFiles& files) {
  const privacy::Rounding rounding =
      recipe_->needs_model() ? privacy::Rounding::kPerBatch : privacy::Rounding::kPerMember;
  MUTUAL_ASSIGN_OR_RETURN(
      const privacy::Grid grid,
      privacy::MakeGrid({recipe_->dimension(), recipe_->member_bound(),
                         study_.privacy.noise_multiplier, files.roster_size, rounding}));
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<uint32_t> total, AddUp(files));
  ++round_;
  RoundOutput output{DigestOf(total), {}, {}};
  const auto nodes = static_cast<double>(files.contributions.size());
  study::ReleasedSum sum{InUnits(study_, total, grid),
                         static_cast<double>(grid.noise_stddev) * std::sqrt(nodes) / grid.scale,
                         static_cast<int>(files.contributions.size())};
  if (recipe_->needs_model()) {
    MUTUAL_RETURN_IF_ERROR(Train(sum, &output));
    return output;
  }
  // A statistic takes the expected share of members; scaled back to all of them.
  for (double& value : sum.values) value /= study_.privacy.sampling_rate;
  sum.noise_stddev /= study_.privacy.sampling_rate;
  MUTUAL_RETURN_IF_ERROR(Finish(sum, &output));
  return output;
}

}  // namespace mutual::audit
