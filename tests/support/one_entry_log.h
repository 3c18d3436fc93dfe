// A log of one entry, signed by a key of its own and cosigned by nobody: receipts for tests.
#pragma once

#include <string>

#include "base/encoding.h"
#include "crypto/signing_key.h"
#include "transparency/checkpoint.h"
#include "transparency/merkle.h"
#include "transparency/proof.h"
#include "transparency/signed_entry.h"

namespace mutual::testing {

inline constexpr char kTestOrigin[] = "fed.example/audit";

inline crypto::SigningKey KeyOf(char letter) {
  return *crypto::SigningKey::FromSeed(AsBytes(std::string(32, letter)));
}

// The receipt of `entry`, signed by the key of `signer`, in a log of size 1 whose key is KeyOf(log).
inline std::string ReceiptOf(const transparency::Entry& entry, char log = 'l') {
  const auto coordinator =
      *transparency::NoteSigner::Create(transparency::kCoordinatorKeyName, KeyOf('c'));
  const transparency::NoteSigner* const signers[] = {&coordinator};
  const auto signed_entry = *transparency::SignEntry(entry, signers);
  const auto log_signer = *transparency::NoteSigner::Create(kTestOrigin, KeyOf(log));
  transparency::Proof proof;
  proof.entry = signed_entry.ToBytes();
  proof.checkpoint = *transparency::SignCheckpoint(
      {kTestOrigin, 1, transparency::LeafHash(*proof.entry), ""}, log_signer);
  return PrintProof(proof);
}

}  // namespace mutual::testing
