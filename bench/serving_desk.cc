#include "bench/serving_desk.h"

#include "base/status.h"

namespace mutual::bench {

absl::StatusOr<std::unique_ptr<ServingDesk>> ServingDesk::Start(const client::Home& home,
                                                                client::Trust* trust,
                                                                client::MaskKeys* masks) {
  std::unique_ptr<ServingDesk> serving(new ServingDesk());
  MUTUAL_ASSIGN_OR_RETURN(serving->ledger_,
                          client::Ledger::Open((home.folder() / "ledger.sqlite").string()));
  serving->room_ = std::make_unique<client::ReadingRoom>(home.origin(), trust);
  serving->desk_ = std::make_unique<client::MaskDesk>(
      client::DeskParts{&home, serving->ledger_.get(), masks, serving->room_.get(),
                        &serving->clock_, &serving->random_, [](const std::string&) {}});
  serving->thread_ = std::thread([raw = serving.get()] { raw->desk_->Serve(); });
  return serving;
}

ServingDesk::~ServingDesk() {
  if (desk_ != nullptr) desk_->Stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace mutual::bench
