#include "tools/simulate/misbehaving_channel.h"

#include <algorithm>
#include <functional>

#include "aggregation/masking/wrapped_key.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "transparency/signed_entry.h"

namespace mutual::simulate {
namespace {

using transparency::Entry;
using transparency::EntryField;
using transparency::EntryWriter;

// The entry with fields changed, not yet signed.
absl::StatusOr<Entry> Altered(const std::string& bytes,
                              const std::function<void(EntryField&)>& change) {
  MUTUAL_ASSIGN_OR_RETURN(const auto signed_entry, transparency::ParseSignedEntry(bytes));
  EntryWriter writer(signed_entry.entry.type(), signed_entry.entry.log());
  for (EntryField field : signed_entry.entry.fields()) {
    change(field);
    writer.Text(field.key, field.value);
  }
  return writer.Finish();
}

// What a class-sum or sealed line ends with: a digest's digits, the last one changed.
void SpoilEnd(std::string* value) { value->back() = value->back() == '0' ? '1' : '0'; }

}  // namespace

absl::StatusOr<std::string> MisbehavingChannel::Forge(const std::string& bytes) const {
  MUTUAL_ASSIGN_OR_RETURN(const Entry entry, Altered(bytes, [](EntryField&) {}));
  crypto::SystemRandom random;
  MUTUAL_ASSIGN_OR_RETURN(
      const transparency::NoteSigner stranger,
      transparency::NoteSigner::Create(transparency::NodeKeyName(home_->organisation()),
                                       crypto::SigningKey::Generate(random)));
  const transparency::NoteSigner* const signers[] = {&stranger};
  MUTUAL_ASSIGN_OR_RETURN(const auto forged, transparency::SignEntry(entry, signers));
  return forged.ToBytes();
}

// Other bytes than those of the round's contribution; with kTwice they are properly signed for.
absl::StatusOr<std::string> MisbehavingChannel::UploadOther(client::UploadCall call) {
  MUTUAL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(call.file, call.bytes));
  bytes[0] = static_cast<char>(bytes[0] ^ 1);
  call.file += ".other";
  MUTUAL_RETURN_IF_ERROR(WriteFileDurably(call.file, bytes, FileMode::kSecret));
  if (misdeed_ == Misdeed::kTwice) {
    MUTUAL_ASSIGN_OR_RETURN(const auto signed_entry, transparency::ParseSignedEntry(call.entry));
    EntryWriter writer("contribution", signed_entry.entry.log());
    for (const EntryField& field : signed_entry.entry.fields()) {
      if (field.key != "sha256") writer.Text(field.key, field.value);
    }
    writer.Hash("sha256", crypto::Sha256(bytes));
    MUTUAL_ASSIGN_OR_RETURN(const Entry entry, writer.Finish());
    MUTUAL_ASSIGN_OR_RETURN(call.entry, home_->SignEntry(entry));
  }
  return SendNoted(call);
}

absl::StatusOr<std::string> MisbehavingChannel::SendNoted(const client::UploadCall& call) {
  auto receipt = Send(call);
  if (!receipt.ok()) {
    const std::string code = ErrorCode(receipt.status());
    refusals_.push_back(code.empty() ? absl::StatusCodeToString(receipt.status().code()) : code);
  }
  return receipt;
}

absl::StatusOr<std::string> MisbehavingChannel::Upload(const client::UploadCall& call) {
  client::UploadCall sent = call;
  switch (misdeed_) {
    case Misdeed::kWrongLength: {
      MUTUAL_ASSIGN_OR_RETURN(const Entry entry, Altered(call.entry, [](EntryField& field) {
                                if (field.key == "vector-len") field.value += "0";
                              }));
      MUTUAL_ASSIGN_OR_RETURN(sent.entry, home_->SignEntry(entry));
      return SendNoted(sent);
    }
    case Misdeed::kForged: {
      MUTUAL_ASSIGN_OR_RETURN(sent.entry, Forge(call.entry));
      return SendNoted(sent);
    }
    case Misdeed::kBadDigest:
      return UploadOther(call);
    case Misdeed::kTwice: {
      const auto receipt = InProcessChannel::Upload(call);
      UploadOther(call).status().IgnoreError();  // noted
      return receipt;
    }
    case Misdeed::kLate:
      kept_ = call;
      return Unavailable("kept back until the round is over");
    default:
      return InProcessChannel::Upload(call);
  }
}

absl::Status MisbehavingChannel::Decline(const Digest& study, uint64_t round,
                                         const std::string& code) {
  declined_ = code;
  return InProcessChannel::Decline(study, round, code);
}

absl::Status MisbehavingChannel::SendKept() {
  if (!kept_) return absl::OkStatus();
  return SendNoted(*std::exchange(kept_, std::nullopt)).status();
}

absl::StatusOr<std::string> MisbehavingChannel::SubmitMaskEntry(
    const std::string& bytes, const std::vector<client::WrappedKeyCall>& wrapped) {
  MUTUAL_ASSIGN_OR_RETURN(const auto signed_entry, transparency::ParseSignedEntry(bytes));
  const std::string& type = signed_entry.entry.type();
  if (misdeed_ == Misdeed::kLyingScrutineer && type == "tally") {
    MUTUAL_ASSIGN_OR_RETURN(const Entry entry, Altered(bytes, [](EntryField& field) {
                              if (field.key == "class-sum") SpoilEnd(&field.value);
                            }));
    MUTUAL_ASSIGN_OR_RETURN(const std::string lie, home_->SignEntry(entry));
    return InProcessChannel::SubmitMaskEntry(lie, wrapped);
  }
  if (misdeed_ != Misdeed::kBadKeys || type != "masks" || wrapped.empty()) {
    return InProcessChannel::SubmitMaskEntry(bytes, wrapped);
  }
  std::vector<client::WrappedKeyCall> spoilt = wrapped;
  spoilt[0].ciphertext[0] = static_cast<char>(spoilt[0].ciphertext[0] ^ 1);
  aggregation::masking::WrappedKey key;
  key.mask_class = spoilt[0].mask_class;
  key.holder = spoilt[0].holder;
  key.ciphertext = spoilt[0].ciphertext;
  std::copy_n(AsBytes(spoilt[0].ephemeral).begin(), key.ephemeral.size(), key.ephemeral.begin());
  MUTUAL_ASSIGN_OR_RETURN(auto sealed, signed_entry.entry.SealedHashes("sealed"));
  sealed[0].hash = key.ToDigest();
  EntryWriter writer(type, signed_entry.entry.log());
  for (const EntryField& field : signed_entry.entry.fields()) {
    if (field.key != "sealed") writer.Text(field.key, field.value);
  }
  for (const transparency::SealedHash& one : sealed) writer.Sealed("sealed", one);
  MUTUAL_ASSIGN_OR_RETURN(const Entry entry, writer.Finish());
  MUTUAL_ASSIGN_OR_RETURN(const std::string lie, home_->SignEntry(entry));
  return InProcessChannel::SubmitMaskEntry(lie, spoilt);
}

}  // namespace mutual::simulate
