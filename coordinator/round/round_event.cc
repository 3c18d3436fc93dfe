// Events as bytes: a tag byte, then length-prefixed fields in order.
#include "base/encoding.h"
#include "base/status.h"
#include "coordinator/round/round_machine.h"

namespace mutual::coordinator {
namespace {

absl::Status Malformed() {
  return WithCode(DataLoss("a journalled event is malformed; restore the journal from a backup"),
                  "JOURNAL_CORRUPT");
}

std::string Pack(char tag, const std::vector<std::string>& fields) {
  std::string bytes(1, tag);
  for (const std::string& field : fields) AppendLengthPrefixed(field, &bytes);
  return bytes;
}

absl::StatusOr<std::vector<std::string>> Unpack(std::string_view bytes, size_t count) {
  std::vector<std::string> fields;
  while (!bytes.empty()) {
    if (bytes.size() < 4) return Malformed();
    size_t size = 0;
    for (size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(bytes[i]);
    bytes.remove_prefix(4);
    if (bytes.size() < size) return Malformed();
    fields.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  if (fields.size() != count) return Malformed();
  return fields;
}

struct Serializer {
  std::string operator()(const RoundOpened& event) const { return Pack('o', {event.entry}); }
  std::string operator()(const ContributionArrived& event) const {
    return Pack('c', {event.node, event.sha256.ToHex(), std::to_string(event.bytes),
                      std::to_string(event.entry)});
  }
  std::string operator()(const NodeDeclined& event) const {
    return Pack('d', {event.node, event.code});
  }
  std::string operator()(const DeadlinePassed&) const { return Pack('t', {}); }
  std::string operator()(const SumReleased& event) const {
    return Pack('r', {event.sum.ToHex(), event.outcome.ToHex()});
  }
  std::string operator()(const RoundFailed& event) const { return Pack('f', {event.reason}); }
};

absl::StatusOr<RoundEvent> ParseContribution(const std::vector<std::string>& fields) {
  ContributionArrived event;
  event.node = fields[0];
  MUTUAL_ASSIGN_OR_RETURN(event.sha256, Digest::FromHex(fields[1]));
  MUTUAL_ASSIGN_OR_RETURN(event.bytes, ParseUint64(fields[2]));
  MUTUAL_ASSIGN_OR_RETURN(event.entry, ParseUint64(fields[3]));
  return RoundEvent(event);
}

size_t FieldCount(char tag) {
  switch (tag) {
    case 'o': case 'f': return 1;
    case 'c': return 4;
    case 'd': case 'r': return 2;
    default: return 0;
  }
}

}  // namespace

std::string Serialize(const RoundEvent& event) { return std::visit(Serializer{}, event); }

absl::StatusOr<RoundEvent> ParseEvent(std::string_view bytes) {
  if (bytes.empty()) return Malformed();
  const char tag = bytes[0];
  MUTUAL_ASSIGN_OR_RETURN(const std::vector<std::string> fields,
                          Unpack(bytes.substr(1), FieldCount(tag)));
  switch (tag) {
    case 'o': return RoundEvent(RoundOpened{fields[0]});
    case 'c': {
      const auto event = ParseContribution(fields);
      return event.ok() ? event : Malformed();
    }
    case 'd': return RoundEvent(NodeDeclined{fields[0], fields[1]});
    case 't': return RoundEvent(DeadlinePassed{});
    case 'r': {
      const auto sum = Digest::FromHex(fields[0]), outcome = Digest::FromHex(fields[1]);
      if (!sum.ok() || !outcome.ok()) return Malformed();
      return RoundEvent(SumReleased{*sum, *outcome});
    }
    case 'f': return RoundEvent(RoundFailed{fields[0]});
    default: return Malformed();
  }
}

}  // namespace mutual::coordinator
