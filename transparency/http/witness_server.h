// A witness over HTTP (C2SP tlog-witness v1.0.0).
//
//   POST /add-checkpoint                    GET /<hex SHA-256 of an origin>/checkpoint
//
// Status codes and bytes: transparency/witness.h and docs/LOG_FORMAT.md.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "transparency/http/http_listener.h"
#include "transparency/witness.h"

namespace mutual::transparency {

// Both submission and monitoring prefix are the root. 404 for other paths. Thread-safe.
HttpAnswer AnswerAsWitness(Witness& witness, const HttpRequest& request);

// Serves `witness`, which outlives the listener; `answered`, if any, hears of every add-checkpoint
// and its answer, from any thread. Errors as of HttpListener::Start.
using Answered = std::function<void(const std::string& body, const WitnessAnswer& answer)>;
absl::StatusOr<std::unique_ptr<HttpListener>> ServeWitness(const std::string& address,
                                                           Witness& witness, Answered answered);

}  // namespace mutual::transparency
