#include "coordinator/service/raw_message.h"

#include <google/protobuf/io/coded_stream.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>

#include "base/status.h"

namespace mutual::coordinator {
namespace {

// Protocol Buffers' tag of a length-delimited field: its number and wire type 2.
constexpr uint32_t TagOf(uint32_t field) { return field << 3 | 2; }

absl::Status Malformed() {
  return InvalidArgument("a message of the upload is malformed, want a header or bytes");
}

}  // namespace

std::string RawMessage::Joined() const {
  std::string joined;
  joined.reserve(size);
  for (const std::string_view piece : pieces) joined += piece;
  return joined;
}

absl::StatusOr<RawMessage> ReadRaw(grpc::ByteBuffer* message) {
  grpc::ProtoBufferReader reader(message);
  if (!reader.status().ok()) return Malformed();
  google::protobuf::io::CodedInputStream input(&reader);
  RawMessage raw;
  const uint32_t tag = input.ReadTag();
  if (tag != TagOf(1) && tag != TagOf(2)) return Malformed();
  raw.is_header = tag == TagOf(1);
  uint32_t left = 0;
  if (!input.ReadVarint32(&left)) return Malformed();
  while (left > 0) {
    const void* data = nullptr;
    int here = 0;
    if (!input.GetDirectBufferPointer(&data, &here)) return Malformed();
    const uint32_t size = std::min(left, static_cast<uint32_t>(here));
    raw.pieces.emplace_back(static_cast<const char*>(data), size);
    raw.size += size;
    left -= size;
    if (!input.Skip(static_cast<int>(size))) return Malformed();
  }
  if (input.ReadTag() != 0 || !input.ConsumedEntireMessage()) return Malformed();
  return raw;
}

}  // namespace mutual::coordinator
