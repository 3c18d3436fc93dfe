// What an organisation signs about a study: a proposal, a mandate or an objection.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/channel/channel.h"
#include "client/ledger/ledger.h"
#include "client/node/home.h"
#include "client/node/trust.h"
#include "study/study_file.h"

namespace mutual::client {

// Takes what the coordinator shows of the log: its policy and newest checkpoint. Errors as of
// Trust.
absl::Status Follow(Trust& trust, const TrustReply& shown);

struct AnswerFacts {
  bool accepted = false;
  absl::Time now;
};
// The node's answer to `study`, for its ledger and for Channel::AnswerStudy. `trust` has seen the
// log.
absl::StatusOr<AnswerRecord> MakeAnswer(const Home& home, Trust& trust, const study::Study& study,
                                        const AnswerFacts& facts);

// The study's terms and both figures, signed by the researcher.
absl::StatusOr<std::string> ProposeEntry(const Home& home, Trust& trust, const study::Study& study,
                                         absl::Time now);

}  // namespace mutual::client
