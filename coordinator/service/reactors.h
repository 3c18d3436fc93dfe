// Streams that the services share: content in chunks, and messages pushed when something changed.
//
// Each reactor owns itself and dies in OnDone. Calls into the core hold no lock of the reactor's.
#pragma once

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "absl/synchronization/mutex.h"
#include "coordinator/service/federation_core.h"
#include "coordinator/service/identity.h"
#include "mutual/federation/v1/federation.pb.h"

namespace mutual::coordinator {

// A unary answer: sets the response or the error and finishes.
grpc::ServerUnaryReactor* Reply(grpc::CallbackServerContext* context, const absl::Status& status);

// The same for a call that may wait for the log: `call` runs on a thread that may block.
grpc::ServerUnaryReactor* ReplyLater(grpc::CallbackServerContext* context, FederationCore& core,
                                     std::function<absl::Status()> call);

// The newest checkpoint and the receipt of the policy in force. Heeds what the caller has seen.
void AnswerTrust(FederationCore& core, const federation::v1::TrustRequest& request,
                 federation::v1::TrustResponse* response);

// Streams a file in chunks of 64 KiB from `offset`.
class ContentReactor final : public grpc::ServerWriteReactor<federation::v1::Chunk> {
 public:
  ContentReactor(const absl::Status& refused, const std::string& path, uint64_t offset);
  void OnWriteDone(bool ok) override;
  void OnDone() override { delete this; }

 private:
  void Next();
  std::ifstream file_;
  federation::v1::Chunk chunk_;
};

// Pushes `next()` while it gives messages, again whenever the core changed. `next` says with `end` that the message was
// the last. One write at a time; thread-safe.
template <typename Message>
class PushReactor final : public grpc::ServerWriteReactor<Message> {
 public:
  using Next = std::function<std::optional<Message>(bool* end)>;
  PushReactor(FederationCore& core, const absl::Status& refused, Next next)
      : core_(core), next_(std::move(next)) {
    if (!refused.ok()) {
      finished_ = true;
      this->Finish(ToGrpc(refused));
      return;
    }
    subscription_ = core_.Subscribe([this] { Pump(); });
    Pump();
  }
  void OnWriteDone(bool ok) override {
    {
      const absl::MutexLock lock(&mutex_);
      writing_ = false;
      if (!ok) end_ = true;
    }
    Pump();
  }
  void OnCancel() override {
    {
      const absl::MutexLock lock(&mutex_);
      end_ = true;
    }
    Pump();
  }
  void OnDone() override {
    if (subscription_ != 0) core_.Unsubscribe(subscription_);
    delete this;
  }

 private:
  void Pump() {
    bool finish = false;
    {
      const absl::MutexLock lock(&mutex_);
      if (writing_ || finished_) return;
      std::optional<Message> message;
      if (!end_) message = next_(&end_);
      if (message) {
        message_ = *std::move(message);
        writing_ = true;
      } else if (end_) {
        finished_ = finish = true;
      } else {
        return;
      }
    }
    if (finish) {
      this->Finish(grpc::Status::OK);
    } else {
      this->StartWrite(&message_);
    }
  }

  FederationCore& core_;
  Next next_;
  absl::Mutex mutex_;
  Message message_;
  bool writing_ = false, end_ = false, finished_ = false;
  uint64_t subscription_ = 0;
};

}  // namespace mutual::coordinator
