// Policy::Parse: one line at a time, so that every error names its line.
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.h"
#include "base/status.h"
#include "transparency/policy.h"

namespace mutual::transparency {
namespace {

using Items = std::vector<std::string>;

Items Split(std::string_view line) {
  Items items;
  size_t at = 0;
  while ((at = line.find_first_not_of(" \t", at)) != std::string_view::npos) {
    const size_t end = std::min(line.find_first_of(" \t", at), line.size());
    items.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return items;
}

absl::Status CheckOctets(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) {
      return InvalidArgument(
          "the policy has the control character 0x%02x; want spaces, tabs, newlines", byte);
    }
  }
  return absl::OkStatus();
}

}  // namespace

class PolicyReader {
 public:
  absl::StatusOr<Policy> Read(std::string_view text) {
    size_t number = 0;
    while (!text.empty()) {
      ++number;
      const size_t end = text.find('\n');
      if (end == std::string_view::npos) {
        return InvalidArgument("line %d: the policy does not end in a newline; it is cut short",
                               number);
      }
      const absl::Status status = ReadLine(Split(text.substr(0, end)));
      if (!status.ok()) return Annotate(status, absl::StrFormat("policy line %d", number));
      text.remove_prefix(end + 1);
    }
    if (policy_.quorum_.empty())
      return InvalidArgument("the policy has no quorum line; add \"quorum NAME\"");
    return std::move(policy_);
  }

 private:
  absl::Status ReadLine(const Items& items) {
    if (items.empty() || items[0][0] == '#') return absl::OkStatus();
    if (items[0] == "quorum") return ReadQuorum(items);
    if (++lines_ > kMaxPolicyLines) {
      return InvalidArgument("more than %d definitions, the most accepted", kMaxPolicyLines);
    }
    if (items[0] == "log") return ReadLog(items);
    if (items[0] == "witness") return ReadWitness(items);
    if (items[0] == "group") return ReadGroup(items);
    return InvalidArgument("found \"%s\", want log, witness, group or quorum", items[0]);
  }

  absl::StatusOr<NoteVerifier> ReadKey(const std::string& vkey, KeyType type) const {
    MUTUAL_ASSIGN_OR_RETURN(NoteVerifier key, NoteVerifier::FromVkey(vkey));
    if (key.type() != type) {
      return InvalidArgument("key %s is of type %d, want %d (a log's is 1, a witness's 4)", vkey,
                             static_cast<int>(key.type()), static_cast<int>(type));
    }
    return key;
  }

  absl::Status ReadLog(const Items& items) {
    if (items.size() < 2 || items.size() > 3) return InvalidArgument("want \"log VKEY [URL]\"");
    MUTUAL_ASSIGN_OR_RETURN(NoteVerifier key, ReadKey(items[1], KeyType::kNote));
    MUTUAL_RETURN_IF_ERROR(AddKey(key));
    policy_.logs_.push_back({std::move(key), items.size() == 3 ? items[2] : ""});
    return absl::OkStatus();
  }

  absl::Status ReadWitness(const Items& items) {
    if (items.size() < 3 || items.size() > 4)
      return InvalidArgument("want \"witness NAME VKEY [URL]\"");
    MUTUAL_ASSIGN_OR_RETURN(NoteVerifier key, ReadKey(items[2], KeyType::kCosignature));
    MUTUAL_RETURN_IF_ERROR(AddKey(key));
    MUTUAL_RETURN_IF_ERROR(Define(items[1]));
    policy_.witnesses_.push_back({items[1], std::move(key), items.size() == 4 ? items[3] : ""});
    return absl::OkStatus();
  }

  absl::Status ReadGroup(const Items& items) {
    if (items.size() < 4) return InvalidArgument("want \"group NAME all|any|K MEMBER...\"");
    PolicyGroup group{items[1], 0, Items(items.begin() + 3, items.end())};
    MUTUAL_ASSIGN_OR_RETURN(group.threshold, ReadThreshold(items[2], group.members.size()));
    for (const std::string& member : group.members) {
      if (defined_.count(member) == 0) return Undefined(member);
      if (!grouped_.insert(member).second) {
        return InvalidArgument(
            "\"%s\" is listed a second time, want each name in at most one group", member);
      }
    }
    MUTUAL_RETURN_IF_ERROR(Define(group.name));
    policy_.groups_.push_back(std::move(group));
    return absl::OkStatus();
  }

  static absl::StatusOr<size_t> ReadThreshold(const std::string& text, size_t members) {
    if (text == "all") return members;
    if (text == "any") return size_t{1};
    const absl::StatusOr<uint64_t> k = ParseUint64(text);
    if (!k.ok() || *k < 1 || *k > members) {
      return InvalidArgument("threshold is \"%s\", want all, any or 1 to %d", text, members);
    }
    return static_cast<size_t>(*k);
  }

  absl::Status ReadQuorum(const Items& items) {
    if (items.size() != 2) return InvalidArgument("want \"quorum NAME\" or \"quorum none\"");
    if (!policy_.quorum_.empty()) return InvalidArgument("a second quorum line, want one");
    if (items[1] != "none" && defined_.count(items[1]) == 0) return Undefined(items[1]);
    policy_.quorum_ = items[1];
    return absl::OkStatus();
  }

  // A log's key and a witness's must differ as well: each signs one kind of message only.
  absl::Status AddKey(const NoteVerifier& key) {
    if (keys_.insert(key.key().bytes()).second) return absl::OkStatus();
    return InvalidArgument("the key of %s stands in the policy already, want each key once",
                           key.name());
  }

  absl::Status Define(const std::string& name) {
    if (name == "none") return InvalidArgument("\"none\" is a fixed word, want another name");
    if (defined_.insert(name).second) return absl::OkStatus();
    return InvalidArgument("\"%s\" is defined already, want another name", name);
  }

  static absl::Status Undefined(const std::string& name) {
    return InvalidArgument("\"%s\" is not defined above this line; define a name before its use",
                           name);
  }

  Policy policy_;
  size_t lines_ = 0;
  std::set<std::string> defined_, grouped_;
  std::set<std::array<uint8_t, 32>> keys_;
};

absl::StatusOr<Policy> Policy::Parse(std::string_view text) {
  if (text.size() > kMaxPolicyBytes) {
    return InvalidArgument("the policy has %d bytes, want at most %d", text.size(),
                           kMaxPolicyBytes);
  }
  MUTUAL_RETURN_IF_ERROR(CheckOctets(text));
  return PolicyReader().Read(text);
}

}  // namespace mutual::transparency
