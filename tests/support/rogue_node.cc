// A node that misbehaves in every way that its coordinator must answer for itself: prints one line
// "attempt CODE" each.
//
//   rogue-node DIR DIGEST bad|twice|late|refuse      DIR: an enrolled node's folder, DIGEST: a
//   study
//
// Built with the tests only.
#include <cstdio>
#include <functional>

#include "aggregation/masking/mask_sum.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/status.h"
#include "client/node/channel_log.h"
#include "client/node/home.h"
#include "client/node/round_guard.h"
#include "client/node/trust.h"
#include "crypto/digest.h"
#include "transparency/proof.h"

namespace mutual {
namespace {

// A contribution as the rogue signs and sends it; each attempt changes one thing of an honest one.
struct Attempt {
  Digest study;
  uint64_t round = 1, signed_length = 0;
  std::string node, signed_bytes, sent_bytes;
};

class Rogue {
 public:
  static absl::StatusOr<Rogue> Begin(const std::filesystem::path& folder,
                                     const std::string& digest) {
    Rogue rogue;
    rogue.file_ = folder / "rogue.bin";
    MUTUAL_ASSIGN_OR_RETURN(rogue.home_, client::Home::Load(folder));
    MUTUAL_ASSIGN_OR_RETURN(rogue.channel_, rogue.home_->Connect());
    MUTUAL_ASSIGN_OR_RETURN(
        rogue.trust_, client::Trust::Open(folder, rogue.home_->origin(), rogue.home_->log_key()));
    MUTUAL_ASSIGN_OR_RETURN(const client::TrustReply shown, rogue.channel_->GetTrust());
    MUTUAL_RETURN_IF_ERROR(client::SeeShown(*rogue.channel_, *rogue.trust_, shown.checkpoint));
    MUTUAL_ASSIGN_OR_RETURN(const auto studies, rogue.channel_->ListStudies());
    for (const client::StudySummary& study : studies) {
      if (study.digest.ToHex() != digest) continue;
      MUTUAL_ASSIGN_OR_RETURN(const study::Study parsed,
                              study::ParseStudy(study.text, client::SolveNoise));
      MUTUAL_ASSIGN_OR_RETURN(const auto recipe, study::MakeRecipe(parsed));
      const uint64_t words = aggregation::masking::PaddedWords(recipe->dimension());
      const std::string honest(words * 4, '\1');
      rogue.honest_ = {study.digest, 1, words, rogue.home_->organisation(), honest, honest};
      return rogue;
    }
    return NotFound("no study %s", digest);
  }

  void Try(const char* name, const std::function<void(Attempt&)>& change) {
    Attempt attempt = honest_;
    change(attempt);
    const absl::StatusOr<std::string> receipt = Send(attempt);
    std::printf("%s %s\n", name,
                receipt.ok() ? Place(*receipt).c_str() : ErrorCode(receipt.status()).c_str());
    std::fflush(stdout);
  }

  absl::Status Decline() { return channel_->Decline(honest_.study, 1, "NODE_REFUSED"); }

 private:
  // Whether the receipt is of the entry sent last, of an earlier one, or of none.
  std::string Place(const std::string& receipt) const {
    if (receipt.empty()) return "NOT_COUNTED";
    const auto proof = transparency::ParseProof(receipt);
    return proof.ok() && proof->entry == sent_ ? "COUNTED" : "FIRST_COUNTS";
  }

  absl::StatusOr<std::string> Send(const Attempt& attempt) {
    transparency::EntryWriter writer("contribution", home_->origin());
    writer.Head("seen", trust_->seen())
        .Study(attempt.study)
        .Integer("round", attempt.round)
        .Text("node", attempt.node)
        .Integer("vector-len", attempt.signed_length)
        .Hash("sha256", crypto::Sha256(attempt.signed_bytes))
        .Time("time", SystemClock().Now());
    MUTUAL_ASSIGN_OR_RETURN(const transparency::Entry entry, writer.Finish());
    MUTUAL_ASSIGN_OR_RETURN(const std::string signed_entry, home_->SignEntry(entry));
    MUTUAL_RETURN_IF_ERROR(WriteFileDurably(file_, attempt.sent_bytes, FileMode::kSecret));
    sent_ = signed_entry;
    return channel_->Upload(
        {attempt.study, attempt.round, signed_entry, file_.string(), attempt.sent_bytes.size()});
  }

  std::filesystem::path file_;
  std::string sent_;
  std::unique_ptr<client::Home> home_;
  std::unique_ptr<client::Channel> channel_;
  std::unique_ptr<client::Trust> trust_;
  Attempt honest_;
};

absl::Status Misbehave(const std::string& folder, const std::string& digest) {
  MUTUAL_ASSIGN_OR_RETURN(Rogue rogue, Rogue::Begin(folder, digest));
  rogue.Try("signs-another-length", [](Attempt& attempt) { attempt.signed_length += 1; });
  rogue.Try("sends-too-much", [](Attempt& attempt) { attempt.sent_bytes += "12345678"; });
  rogue.Try("sends-other-bytes", [](Attempt& attempt) { attempt.sent_bytes[0] = 'x'; });
  rogue.Try("sends-too-little", [](Attempt& attempt) { attempt.sent_bytes.resize(4); });
  rogue.Try("speaks-for-another", [](Attempt& attempt) { attempt.node = "north"; });
  rogue.Try("answers-a-later-round", [](Attempt& attempt) { attempt.round = 2; });
  rogue.Try("answers-another-study", [](Attempt& attempt) { attempt.study.bytes.fill(7); });
  return absl::OkStatus();
}

// Garbage of the right shape counts: it is masked with no key. Another one after it does not.
absl::Status AnswerTwice(const std::string& folder, const std::string& digest) {
  MUTUAL_ASSIGN_OR_RETURN(Rogue rogue, Rogue::Begin(folder, digest));
  const auto other = [](Attempt& attempt) {
    attempt.signed_bytes[0] = 'x';
    attempt.sent_bytes[0] = 'x';
  };
  rogue.Try("answers", [](Attempt&) {});
  rogue.Try("answers-twice", other);
  return absl::OkStatus();
}

absl::Status AnswerLate(const std::string& folder, const std::string& digest) {
  MUTUAL_ASSIGN_OR_RETURN(Rogue rogue, Rogue::Begin(folder, digest));
  rogue.Try("answers-late", [](Attempt&) {});
  return absl::OkStatus();
}

absl::Status Decline(const std::string& folder, const std::string& digest) {
  MUTUAL_ASSIGN_OR_RETURN(Rogue rogue, Rogue::Begin(folder, digest));
  return rogue.Decline();
}

}  // namespace
}  // namespace mutual

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string how = argv[3];
  const auto act = how == "twice"    ? mutual::AnswerTwice
                   : how == "late"   ? mutual::AnswerLate
                   : how == "refuse" ? mutual::Decline
                                     : mutual::Misbehave;
  const absl::Status status = act(argv[1], argv[2]);
  if (!status.ok()) std::fprintf(stderr, "rogue-node: %s\n", mutual::Describe(status).c_str());
  return status.ok() ? 0 : 1;
}
