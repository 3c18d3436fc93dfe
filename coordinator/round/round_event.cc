// Events as bytes: a tag byte, then length-prefixed fields in order.
#include <limits>

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
  std::string operator()(const CloseLogged& event) const {
    return Pack('l', {std::to_string(event.entry), event.leaf.ToHex(),
                      std::to_string(event.tally_deadline), event.checkpoint});
  }
  std::string operator()(const TallyArrived& event) const {
    std::string sums;
    for (const auto& one : event.sums) {
      sums += std::to_string(one.mask_class) + " " + one.sum.ToHex() + "\n";
    }
    return Pack('y', {event.node, std::to_string(event.entry), sums});
  }
  std::string operator()(const ClassSumArrived& event) const {
    return Pack('s', {std::to_string(event.mask_class), event.sum.ToHex()});
  }
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

absl::StatusOr<RoundEvent> ParseClose(const std::vector<std::string>& fields) {
  CloseLogged event;
  MUTUAL_ASSIGN_OR_RETURN(event.entry, ParseUint64(fields[0]));
  MUTUAL_ASSIGN_OR_RETURN(event.leaf, Digest::FromHex(fields[1]));
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t deadline, ParseUint64(fields[2]));
  if (deadline > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return Malformed();
  event.tally_deadline = static_cast<int64_t>(deadline);
  event.checkpoint = fields[3];
  return RoundEvent(event);
}

absl::StatusOr<aggregation::masking::ClassDigest> ParseClass(const std::string& text) {
  const size_t space = text.find(' ');
  if (space == std::string::npos) return Malformed();
  aggregation::masking::ClassDigest one;
  MUTUAL_ASSIGN_OR_RETURN(const uint64_t number, ParseUint64(text.substr(0, space)));
  if (number > std::numeric_limits<uint32_t>::max()) return Malformed();
  one.mask_class = static_cast<uint32_t>(number);
  MUTUAL_ASSIGN_OR_RETURN(one.sum, Digest::FromHex(text.substr(space + 1)));
  return one;
}

absl::StatusOr<RoundEvent> ParseTally(const std::vector<std::string>& fields) {
  TallyArrived event{fields[0], 0, {}};
  MUTUAL_ASSIGN_OR_RETURN(event.entry, ParseUint64(fields[1]));
  for (size_t at = 0; at < fields[2].size();) {
    const size_t end = fields[2].find('\n', at);
    if (end == std::string::npos) return Malformed();
    MUTUAL_ASSIGN_OR_RETURN(event.sums.emplace_back(), ParseClass(fields[2].substr(at, end - at)));
    at = end + 1;
  }
  return RoundEvent(event);
}

absl::StatusOr<RoundEvent> ParseClassSum(const std::vector<std::string>& fields) {
  MUTUAL_ASSIGN_OR_RETURN(const auto one, ParseClass(fields[0] + " " + fields[1]));
  return RoundEvent(ClassSumArrived{one.mask_class, one.sum});
}

size_t FieldCount(char tag) {
  switch (tag) {
    case 'o':
    case 'f':
      return 1;
    case 'c':
    case 'l':
      return 4;
    case 'y':
      return 3;
    case 'd':
    case 'r':
    case 's':
      return 2;
    default:
      return 0;
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
    case 'o':
      return RoundEvent(RoundOpened{fields[0]});
    case 'c': {
      const auto event = ParseContribution(fields);
      return event.ok() ? event : Malformed();
    }
    case 'd':
      return RoundEvent(NodeDeclined{fields[0], fields[1]});
    case 't':
      return RoundEvent(DeadlinePassed{});
    case 'l':
    case 'y':
    case 's': {
      const auto event = tag == 'l'   ? ParseClose(fields)
                         : tag == 'y' ? ParseTally(fields)
                                      : ParseClassSum(fields);
      return event.ok() ? event : Malformed();
    }
    case 'r': {
      const auto sum = Digest::FromHex(fields[0]), outcome = Digest::FromHex(fields[1]);
      if (!sum.ok() || !outcome.ok()) return Malformed();
      return RoundEvent(SumReleased{*sum, *outcome});
    }
    case 'f':
      return RoundEvent(RoundFailed{fields[0]});
    default:
      return Malformed();
  }
}

}  // namespace mutual::coordinator
