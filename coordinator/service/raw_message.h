// Messages of an upload where they arrived, undecoded.
//
// Decoding would make a second copy of every chunk; with many nodes sending at once those copies
// were a good part of the coordinator's memory and of its time.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mutual::coordinator {

// The one field of a message that holds either a header (field 1) or bytes (field 2), as
// UploadMessage and ClassSumMessage do.
struct RawMessage {
  bool is_header = false;
  std::vector<std::string_view> pieces;  // of the field, in order; they lie in the message
  uint64_t size = 0;                     // of all pieces

  std::string Joined() const;
};

// The pieces are valid as long as `message` is. INVALID_ARGUMENT when it has another field,
// several, or is cut short.
absl::StatusOr<RawMessage> ReadRaw(grpc::ByteBuffer* message);

}  // namespace mutual::coordinator
