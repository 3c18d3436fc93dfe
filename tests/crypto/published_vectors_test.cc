// Every case of the published vector files, when the folder with them is beside the project.
#include <algorithm>
#include <fstream>
#include <set>

#include <nlohmann/json.hpp>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/key_agreement.h"
#include "crypto/prg.h"
#include "crypto/signing_key.h"
#include "tests/catch.h"

namespace mutual::crypto {
namespace {

// The file's JSON, or a discarded value after saying that the folder is absent.
nlohmann::json Vectors(const std::string& name) {
  std::ifstream file(std::string(MUTUAL_SOURCE_DIR) + "/../shared/reference/vectors/" + name);
  if (!file) {
    WARN("skipped: no vectors (" + name + ")");
    return nlohmann::json(nlohmann::json::value_t::discarded);
  }
  return nlohmann::json::parse(file, nullptr, false);
}

std::string Bytes(const nlohmann::json& hex) { return *HexDecode(hex.get<std::string>()); }

bool Verifies(const std::string& key, const std::string& message, const std::string& signature) {
  const auto verify_key = VerifyKey::FromBytes(AsBytes(key));
  return verify_key.ok() && verify_key->Verify(message, AsBytes(signature)).ok();
}

bool Has(const nlohmann::json& flags, const std::set<std::string>& names) {
  return std::any_of(flags.begin(), flags.end(),
                     [&](const auto& flag) { return names.count(flag) > 0; });
}

}  // namespace

TEST_CASE("Wycheproof AES-256-GCM", "[crypto][vectors]") {
  const auto json = Vectors("wycheproof/aes_gcm_test.json");
  if (json.is_discarded()) return;
  int checked = 0;
  for (const auto& group : json["testGroups"]) {
    if (group["ivSize"] != 96 || group["keySize"] != 256 || group["tagSize"] != 128) continue;
    for (const auto& test : group["tests"]) {
      INFO("case " << test["tcId"]);
      const std::string sealed = Bytes(test["ct"]) + Bytes(test["tag"]);
      const auto opened = Open(AsBytes(Bytes(test["key"])), AsBytes(Bytes(test["iv"])),
                               AsBytes(sealed), Bytes(test["aad"]));
      REQUIRE(opened.ok() == (test["result"] == "valid"));
      if (opened.ok()) REQUIRE(opened->Equals(AsBytes(Bytes(test["msg"]))));
      ++checked;
    }
  }
  REQUIRE(checked > 50);
}

TEST_CASE("Wycheproof Ed25519", "[crypto][vectors]") {
  const auto json = Vectors("wycheproof/ed25519_test.json");
  if (json.is_discarded()) return;
  int checked = 0;
  for (const auto& group : json["testGroups"]) {
    for (const auto& test : group["tests"]) {
      INFO("case " << test["tcId"]);
      REQUIRE(Verifies(Bytes(group["publicKey"]["pk"]), Bytes(test["msg"]), Bytes(test["sig"])) ==
              (test["result"] == "valid"));
      ++checked;
    }
  }
  REQUIRE(checked == json["numberOfTests"].get<int>());
}

TEST_CASE("Wycheproof HKDF-SHA256", "[crypto][vectors]") {
  const auto json = Vectors("wycheproof/hkdf_sha256_test.json");
  if (json.is_discarded()) return;
  for (const auto& group : json["testGroups"]) {
    for (const auto& test : group["tests"]) {
      INFO("case " << test["tcId"]);
      const auto output = HkdfSha256(AsBytes(Bytes(test["ikm"])), AsBytes(Bytes(test["salt"])),
                                     Bytes(test["info"]), test["size"].get<size_t>());
      REQUIRE(output.ok() == (test["result"] == "valid"));
      if (output.ok()) REQUIRE(output->Equals(AsBytes(Bytes(test["okm"]))));
    }
  }
}

TEST_CASE("Wycheproof X25519, all-zero results refused", "[crypto][vectors]") {
  const auto json = Vectors("wycheproof/x25519_test.json");
  if (json.is_discarded()) return;
  int refused = 0;
  for (const auto& group : json["testGroups"]) {
    for (const auto& test : group["tests"]) {
      INFO("case " << test["tcId"]);
      const auto key = AgreementKey::FromBytes(AsBytes(Bytes(test["private"])));
      REQUIRE_OK(key);
      const auto shared = key->Agree(AsBytes(Bytes(test["public"])));
      const std::string expected = Bytes(test["shared"]);
      const bool zero = expected == std::string(32, '\0');
      REQUIRE(shared.ok() == !zero);
      refused += zero ? 1 : 0;
      if (shared.ok()) REQUIRE(shared->Equals(AsBytes(expected)));
    }
  }
  REQUIRE(refused == 31);
}

TEST_CASE("NIST SP 800-38A AES-256-CTR", "[crypto][vectors]") {
  const auto json = Vectors("nist/nist_800_38a.json");
  if (json.is_discarded()) return;
  int checked = 0;
  for (const auto& test : json) {
    if (test["cipher"] != "ctr" || test["key"].get<std::string>().size() != 64) continue;
    const std::string iv = Bytes(test.contains("iv") ? test["iv"] : test["counter"]);
    const auto stream = KeyStream::CreateWithIv(AsBytes(Bytes(test["key"])), AsBytes(iv));
    REQUIRE_OK(stream);
    const bool decrypts = test["name"].get<std::string>().find("Decrypt") != std::string::npos;
    for (const auto& block : test["blocks"]) {
      const std::string in = Bytes(block[decrypts ? "ciphertext" : "plaintext"]);
      std::vector<uint8_t> out(in.size());
      (*stream)->Xor(AsBytes(in), out);
      REQUIRE(AsText(out) == Bytes(block[decrypts ? "plaintext" : "ciphertext"]));
      ++checked;
    }
  }
  REQUIRE(checked > 0);
}

// Policy (crypto/signing_key.h): the key is canonical and not of small order, s is reduced, and the equation
// holds without the cofactor, R compared byte for byte.
TEST_CASE("CCTV Ed25519 edge cases follow the stated policy", "[crypto][vectors]") {
  const auto json = Vectors("cctv/ed25519vectors.json");
  if (json.is_discarded()) return;
  int accepted = 0;
  for (const auto& test : json) {
    INFO("case " << test["number"]);
    const auto& flags = test["flags"];
    const bool verifies =
        Verifies(Bytes(test["key"]), test["msg"].get<std::string>(), Bytes(test["sig"]));
    if (!flags.is_null() && Has(flags, {"low_order_A", "non_canonical_A", "non_canonical_R",
                                        "low_order_residue"})) {
      REQUIRE_FALSE(verifies);
    } else {
      REQUIRE(verifies);
      ++accepted;
    }
  }
  REQUIRE(accepted > 0);
}

TEST_CASE("Ed25519 speccheck: small order and malleable signatures are refused",
          "[crypto][vectors]") {
  const auto json = Vectors("ed25519_speccheck/cases.json");
  if (json.is_discarded()) return;
  // Cases 0 and 1 small-order A; 2 small-order R, valid; 3 mixed, valid; 4 and 5 need the cofactor; 6 and 7 s not
  // reduced; 8 non-canonical R; 9 non-canonical R in the hash; 10 and 11 non-canonical A.
  const std::set<size_t> accepted = {2, 3};
  REQUIRE(json.size() == 12);
  for (size_t i = 0; i < json.size(); ++i) {
    INFO("case " << i);
    REQUIRE(Verifies(Bytes(json[i]["pub_key"]), Bytes(json[i]["message"]),
                     Bytes(json[i]["signature"])) == (accepted.count(i) > 0));
  }
}

}  // namespace mutual::crypto
