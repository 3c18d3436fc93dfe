#include "coordinator/service/start_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/file.h"
#include "base/status.h"
#include "study/model.h"

namespace mutual::coordinator {
namespace {

const std::optional<Digest>& NamedBy(const study::Study& study) {
  static const std::optional<Digest> none;
  const auto* spec = std::get_if<study::TrainSpec>(&study.recipe);
  return spec == nullptr ? none : spec->start_model;
}

std::filesystem::path MarkOf(const PublishedModels& models, const Digest& digest) {
  return models.folder / "public-models" / digest.ToHex();
}

absl::StatusOr<bool> IsPublished(const PublishedModels& models, const Digest& digest) {
  std::error_code ignored;
  if (std::filesystem::exists(MarkOf(models, digest), ignored)) return true;
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<StudyRecord> studies, models.journal->Studies());
  return std::any_of(studies.begin(), studies.end(), [&digest](const StudyRecord& record) {
    return record.state == "finished" && record.model == digest.ToHex();
  });
}

}  // namespace

absl::StatusOr<Digest> ShareModel(const PublishedModels& models, std::string_view bytes) {
  float value = 0;
  bool is_finite = !bytes.empty() && bytes.size() % sizeof(value) == 0;
  for (size_t at = 0; is_finite && at < bytes.size(); at += sizeof(value)) {
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    is_finite = std::isfinite(value);
  }
  if (!is_finite) {
    return WithCode(
        InvalidArgument("the file has %d bytes, want finite little-endian float32 numbers "
                        "and nothing else, tensors in the order of an exported model",
                        bytes.size()),
        "MODEL_NOT_FINITE");
  }
  MUTUAL_ASSIGN_OR_RETURN(const Digest digest, models.store->Put(bytes));
  std::error_code error;
  std::filesystem::create_directories(MarkOf(models, digest).parent_path(), error);
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(MarkOf(models, digest).string(), "", FileMode::kPublic));
  return digest;
}

absl::Status CheckStartModel(const PublishedModels& models, const study::Study& study) {
  const std::optional<Digest>& start = NamedBy(study);
  if (!start) return absl::OkStatus();
  MUTUAL_ASSIGN_OR_RETURN(const bool is_published, IsPublished(models, *start));
  if (!is_published || !models.store->Has(*start)) {
    return WithCode(
        NotFound("start_model %s was published by no study of this federation; name one "
                 "that was, or ask the coordinator's operator to share it: "
                 "mutual-coordinator share-model FILE",
                 start->Short()),
        "START_MODEL_UNKNOWN");
  }
  return StartModelOf(*models.store, study).status();
}

absl::StatusOr<std::vector<float>> StartModelOf(const ContentStore& store,
                                                const study::Study& study) {
  MUTUAL_ASSIGN_OR_RETURN(const study::ModelLayout layout, study::LayoutOf(study));
  const std::optional<Digest>& start = NamedBy(study);
  if (!start) return study::InitialModel(study, layout);
  MUTUAL_ASSIGN_OR_RETURN(const std::string bytes, store.Get(*start));
  return study::ParseModel(bytes, layout);
}

}  // namespace mutual::coordinator
