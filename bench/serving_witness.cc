#include "bench/serving_witness.h"

#include <cstdio>
#include <string>

#include "base/status.h"

namespace mutual::bench {

absl::StatusOr<std::unique_ptr<ServingWitness>> ServingWitness::Start(const client::Home& home) {
  std::unique_ptr<ServingWitness> serving(new ServingWitness());
  MUTUAL_ASSIGN_OR_RETURN(serving->store_,
                          transparency::FileWitnessStore::Open(home.folder() / "witness"));
  MUTUAL_ASSIGN_OR_RETURN(transparency::CosignatureSigner signer, home.WitnessSigner());
  MUTUAL_ASSIGN_OR_RETURN(const transparency::NoteVerifier log,
                          transparency::NoteVerifier::Create(
                              home.origin(), transparency::KeyType::kNote, home.log_key()));
  MUTUAL_ASSIGN_OR_RETURN(serving->witness_,
                          transparency::Witness::Create(
                              {std::move(signer), {log}, serving->store_.get(), &serving->clock_}));
  MUTUAL_ASSIGN_OR_RETURN(serving->channel_, home.Connect());
  serving->thread_ = std::thread([raw = serving.get()] { raw->Serve(); });
  return serving;
}

ServingWitness::~ServingWitness() {
  if (channel_ != nullptr) channel_->Cancel();
  if (thread_.joinable()) thread_.join();
}

void ServingWitness::Serve() {
  const absl::Status ended = channel_->WatchCheckpoints([this](const std::string& body) {
    if (body.empty()) return true;
    const transparency::WitnessAnswer answer = witness_->AddCheckpoint(body);
    return channel_->Cosign({answer.code, answer.content_type, answer.body}).ok();
  });
  if (!ended.ok() && !absl::IsCancelled(ended)) {
    std::fprintf(stderr, "a witness has stopped: %s\n", Describe(ended).c_str());
  }
}

}  // namespace mutual::bench
