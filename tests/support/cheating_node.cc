// `mutual-node` that cheats, for tests of whom the others believe. It is the real program; the
// linker puts three functions of this file before those of the same name (--wrap), so nothing in
// the real program knows of it. Built with the tests only and never installed.
//
// MUTUAL_CHEAT says how, one word or several:
//   class-sum     one word of every class sum is another
//   disputes-X    says of node X's mask keys, which are good, that they do not match
//   lost-reveal   the first answer to a dispute reaches the coordinator, and its receipt gets lost
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "aggregation/masking/key_holder.h"
#include "aggregation/masking/mask_sum.h"
#include "base/status.h"
#include "client/channel/channel.h"
#include "client/node/node_program.h"
#include "privacy/noise_stock.h"

namespace mutual {
namespace {

bool Cheats(const std::string& how) {
  const char* const said = std::getenv("MUTUAL_CHEAT");
  return said != nullptr && std::strstr(said, how.c_str()) != nullptr;
}

using Keys = std::span<const crypto::Secret>;
using Wrapped = std::span<const aggregation::masking::WrappedKey>;
using Received = absl::StatusOr<
    std::variant<aggregation::masking::AcceptedKeys, aggregation::masking::KeyDispute>>;

}  // namespace

absl::Status RealAddMasks(Keys keys, uint32_t threads, std::span<uint32_t> total) __asm__(
    "__real__ZN6mutual11aggregation7masking8AddMasksESt4spanIKNS_6crypto6SecretELm1844674407370955"
    "1615EEjS2_IjLm18446744073709551615EE");
Received
RealReceive(const aggregation::masking::KeyHolder* holder, const aggregation::masking::MaskCommitments& masks, Wrapped wrapped) __asm__(
    "__real__ZNK6mutual11aggregation7masking9KeyHolder7ReceiveERKNS1_"
    "15MaskCommitmentsESt4spanIKNS1_"
    "10WrappedKeyELm18446744073709551615EE");
absl::StatusOr<std::string>
RealSubmit(client::Channel* channel, const std::string& entry, const std::vector<client::WrappedKeyCall>& wrapped) __asm__(
    "__real__ZN6mutual6client11GrpcChannel15SubmitMaskEntryERKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEERKSt6vectorINS0_14WrappedKeyCallESaISB_EE");

// A node masks with one key a class of four; a scrutineer's class sum has a key a node.
absl::Status CheatingAddMasks(Keys keys, uint32_t threads, std::span<uint32_t> total) __asm__(
    "__wrap__ZN6mutual11aggregation7masking8AddMasksESt4spanIKNS_6crypto6SecretELm1844674407370955"
    "1615EEjS2_IjLm18446744073709551615EE");
absl::Status CheatingAddMasks(Keys keys, uint32_t threads, std::span<uint32_t> total) {
  MUTUAL_RETURN_IF_ERROR(RealAddMasks(keys, threads, total));
  if (Cheats("class-sum") && keys.size() > 4) total[0] += 1000;
  return absl::OkStatus();
}

Received
CheatingReceive(const aggregation::masking::KeyHolder* holder, const aggregation::masking::MaskCommitments& masks, Wrapped wrapped) __asm__(
    "__wrap__ZNK6mutual11aggregation7masking9KeyHolder7ReceiveERKNS1_15MaskCommitmentsESt4span"
    "IKNS1_10WrappedKeyELm18446744073709551615EE");
Received CheatingReceive(const aggregation::masking::KeyHolder* holder,
                         const aggregation::masking::MaskCommitments& masks, Wrapped wrapped) {
  Received received = RealReceive(holder, masks, wrapped);
  if (!received.ok() || !Cheats("disputes-" + masks.node.name())) return received;
  const auto* const accepted = std::get_if<aggregation::masking::AcceptedKeys>(&*received);
  if (accepted == nullptr) return received;
  return aggregation::masking::KeyDispute{accepted->keys_ok.scrutineer, masks.node,
                                          masks.ToDigest(), wrapped.front().mask_class};
}

absl::StatusOr<std::string>
CheatingSubmit(client::Channel* channel, const std::string& entry, const std::vector<client::WrappedKeyCall>& wrapped) __asm__(
    "__wrap__ZN6mutual6client11GrpcChannel15SubmitMaskEntryERKNSt7__cxx1112basic_stringIcSt11char_"
    "traitsIcESaIcEEERKSt6vectorINS0_14WrappedKeyCallESaISB_EE");
absl::StatusOr<std::string> CheatingSubmit(client::Channel* channel, const std::string& entry,
                                           const std::vector<client::WrappedKeyCall>& wrapped) {
  static bool is_lost = false;
  const auto receipt = RealSubmit(channel, entry, wrapped);
  const bool is_reveal = entry.find("\nephemeral-secret ") != std::string::npos;
  if (!Cheats("lost-reveal") || !is_reveal || is_lost) return receipt;
  is_lost = true;
  return Unavailable("the receipt was lost");
}

}  // namespace mutual

int main(int argc, char** argv) {
  const int result =
      mutual::client::RunNodeProgram(argc, argv, [](mutual::crypto::RandomSource& random) {
        return std::make_unique<mutual::privacy::NoiseStock>(random, 1);
      });
  std::fflush(nullptr);
  std::_Exit(result);  // as the real program
}
