#include "study/statement.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "study/text.h"

namespace mutual::study {
namespace {

// Reads "key value" lines in order; the first failure sticks.
class LineReader {
 public:
  LineReader(const std::string& text, const std::string& type)
      : lines_(absl::StrSplit(text, '\n')), type_(type) {
    if (lines_.empty() || lines_[0] != type) Fail("the first line");
    next_ = 1;
  }
  std::string Value(const std::string& key) {
    const std::string prefix = key + " ";
    if (!status_.ok() || next_ >= lines_.size() || lines_[next_].rfind(prefix, 0) != 0) {
      Fail(key);
      return "";
    }
    const std::string value = lines_[next_++].substr(prefix.size());
    if (value.empty() || !IsReadable(value, TextShape::kLine)) Fail(key);
    return value;
  }
  std::string Node(const std::string& key) {
    const std::string name = Value(key);
    if (!NodeId::Parse(name).ok()) Fail(key);
    return name;
  }
  bool Next(const std::string& key) const {
    return next_ < lines_.size() && lines_[next_].rfind(key + " ", 0) == 0;
  }
  uint64_t Whole(const std::string& key) { return Take(key, ParseUint64(Value(key)), uint64_t{0}); }
  int Small(const std::string& key) {
    const uint64_t value = Whole(key);
    if (value > 1000000) Fail(key);
    return static_cast<int>(value);
  }
  double Real(const std::string& key) { return Take(key, ParseDouble(Value(key)), 0.0); }
  Digest Hash(const std::string& key) { return Take(key, Digest::FromHex(Value(key)), Digest{}); }
  absl::Time Time(const std::string& key) {
    absl::Time time;
    if (!ParseUtc(Value(key), &time)) Fail(key);
    return time;
  }
  absl::Status End() {
    if (next_ + 1 != lines_.size() || !lines_[next_].empty()) Fail("the end");
    return status_;
  }

 private:
  template <typename T>
  T Take(const std::string& key, absl::StatusOr<T> value, T otherwise) {
    if (value.ok()) return *value;
    Fail(key);
    return otherwise;
  }
  void Fail(const std::string& where) {
    if (status_.ok()) {
      status_ = WithCode(InvalidArgument("statement of type %s is malformed at %s", type_, where),
                         "STATEMENT_MALFORMED");
    }
  }
  std::vector<std::string> lines_;
  std::string type_;
  size_t next_ = 0;
  absl::Status status_;
};

constexpr char kRoundStart[] = "mutual/round-start@v1";
constexpr char kContribution[] = "mutual/contribution@v1";
constexpr char kAnswer[] = "mutual/answer@v1";

}  // namespace

std::string RoundStart::ToText() const {
  std::string text = absl::StrFormat("%s\nlog %s\nstudy %s\nround %d\n", kRoundStart, origin,
                                     study.ToHex(), round);
  if (model) text += "model " + model->ToHex() + "\n";
  return text + absl::StrFormat(
                    "vector-len %d\nsampling-rate %s\nmember-bound %s\nnoise-multiplier %s\n"
                    "min-nodes %d\nroster-size %d\nroster %s\ndeadline %s\n",
                    vector_length, FormatDouble(sampling_rate), FormatDouble(member_bound),
                    FormatDouble(noise_multiplier), min_nodes, roster_size, roster.ToHex(),
                    FormatUtc(deadline));
}

absl::StatusOr<RoundStart> RoundStart::Parse(const std::string& text) {
  LineReader reader(text, kRoundStart);
  RoundStart start;
  start.origin = reader.Value("log");
  start.study = reader.Hash("study");
  start.round = reader.Whole("round");
  if (reader.Next("model")) start.model = reader.Hash("model");
  start.vector_length = reader.Whole("vector-len");
  start.sampling_rate = reader.Real("sampling-rate");
  start.member_bound = reader.Real("member-bound");
  start.noise_multiplier = reader.Real("noise-multiplier");
  start.min_nodes = reader.Small("min-nodes");
  start.roster_size = reader.Small("roster-size");
  start.roster = reader.Hash("roster");
  start.deadline = reader.Time("deadline");
  MUTUAL_RETURN_IF_ERROR(reader.End());
  return start;
}

std::string ContributionStatement::ToText() const {
  return absl::StrFormat(
      "%s\nlog %s\nstudy %s\nround %d\nnode %s\nvector-len %d\nsha256 %s\ntime %s\n", kContribution,
      origin, study.ToHex(), round, node, vector_length, sha256.ToHex(), FormatUtc(time));
}

absl::StatusOr<ContributionStatement> ContributionStatement::Parse(const std::string& text) {
  LineReader reader(text, kContribution);
  ContributionStatement statement;
  statement.origin = reader.Value("log");
  statement.study = reader.Hash("study");
  statement.round = reader.Whole("round");
  statement.node = reader.Node("node");
  statement.vector_length = reader.Whole("vector-len");
  statement.sha256 = reader.Hash("sha256");
  statement.time = reader.Time("time");
  MUTUAL_RETURN_IF_ERROR(reader.End());
  return statement;
}

std::string Answer::ToText() const {
  return absl::StrFormat("%s\nlog %s\nstudy %s\nnode %s\nanswer %s\ntime %s\n", kAnswer, origin,
                         study.ToHex(), node, accepted ? "accept" : "refuse", FormatUtc(time));
}

absl::StatusOr<Answer> Answer::Parse(const std::string& text) {
  LineReader reader(text, kAnswer);
  Answer answer;
  answer.origin = reader.Value("log");
  answer.study = reader.Hash("study");
  answer.node = reader.Node("node");
  const std::string word = reader.Value("answer");
  answer.accepted = word == "accept";
  answer.time = reader.Time("time");
  MUTUAL_RETURN_IF_ERROR(reader.End());
  if (word != "accept" && word != "refuse") {
    return WithCode(InvalidArgument("answer is \"%s\", want accept or refuse", word),
                    "STATEMENT_MALFORMED");
  }
  return answer;
}

Digest RosterDigest(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return crypto::Sha256(text);
}

}  // namespace mutual::study
