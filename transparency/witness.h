// A witness: cosigns the checkpoints of logs it knows as long as each extends the one before.
//
// The logic of C2SP tlog-witness v1.0.0 without HTTP: bytes in, a status code and bytes out. What
// it cosigned last is durable before an answer leaves. Bytes and codes: docs/LOG_FORMAT.md.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "transparency/checkpoint.h"
#include "transparency/cosignature.h"
#include "transparency/note.h"
#include "transparency/witness_request.h"
#include "transparency/witness_store.h"

namespace mutual::transparency {

// Safe from any thread, and for several objects over one store: every change is one
// compare-and-swap.
class Witness {
 public:
  struct Options {
    CosignatureSigner signer;
    std::vector<NoteVerifier>
        logs;             // type 0x01, the name is the origin; several keys of one are fine
    WitnessStore* store;  // outlives the witness
    const Clock* clock;   // outlives the witness
  };
  // INVALID_ARGUMENT when a log key is not of type 0x01 or is the witness's own key.
  static absl::StatusOr<std::unique_ptr<Witness>> Create(Options options);

  // The answer to `body` of POST <prefix>/add-checkpoint:
  //   200 signature lines; 400 malformed, or old size above the checkpoint's; 403 no, or a bad,
  //   signature by a trusted key; 404 unknown origin; 409 old size is not the size cosigned last
  //   (body: that size); 422 proof or root wrong; 500 the store failed, 503 others keep winning the
  //   race.
  // The same size and root again is answered with a new time.
  WitnessAnswer AddCheckpoint(std::string_view body);

  // The answer to GET <prefix>/<origin_hash>/checkpoint, where `origin_hash` is the lowercase hex
  // SHA-256 of the origin: 200 with the checkpoint cosigned last, signed by log and witness, or
  // 404.
  WitnessAnswer GetCheckpoint(std::string_view origin_hash);

  const NoteVerifier& verifier() const { return options_.signer.verifier(); }

 private:
  explicit Witness(Options options);
  struct Proposal;
  // The proposal of `body`, or an answer that refuses it.
  WitnessAnswer Read(std::string_view body, Proposal* proposal) const;
  // Refuses, or cosigns and swaps. Code 0: somebody else swapped first.
  WitnessAnswer Decide(const Proposal& proposal);
  absl::StatusOr<Checkpoint> ReadRecord(const std::string& origin, const std::string& record) const;

  const Options options_;
  std::map<std::string, std::vector<NoteVerifier>> keys_of_;  // by origin
  std::map<std::string, std::string> origin_of_;              // by hex SHA-256
};

}  // namespace mutual::transparency
