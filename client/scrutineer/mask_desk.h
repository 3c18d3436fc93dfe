// The desk that does what studies' masks ask of this organisation, beside the node's rounds.
#pragma once

#include <atomic>
#include <set>

#include "client/scrutineer/node_desk.h"
#include "client/scrutineer/scrutineer_desk.h"

namespace mutual::client {

// Runs on a thread of its own with a connection of its own. Not thread-safe, except Stop().
class MaskDesk {
 public:
  explicit MaskDesk(const DeskParts& parts) : parts_(parts), node_(parts), scrutineer_(parts) {}

  // Does duties as they come until Stop(); reconnects. A duty that fails is said and tried again
  // when the coordinator next sends one.
  void Serve();
  void Stop();

  // One duty; kNone looks whether keys have had their day. Public for tests.
  absl::Status Do(Channel& channel, const MaskDuty& duty);

 private:
  absl::Status ServeOnce(Channel& channel);
  absl::Status Sweep(Channel& channel);
  bool Wait(absl::Duration duration) const;  // false when stopped meanwhile

  DeskParts parts_;
  NodeDesk node_;
  ScrutineerDesk scrutineer_;
  std::set<std::string> said_;  // one line for each refusal
  std::atomic<bool> stopping_ = false;
  std::atomic<Channel*> channel_ = nullptr;
};

}  // namespace mutual::client
