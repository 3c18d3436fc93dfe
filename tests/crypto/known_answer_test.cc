// Facts from the standards, so that the suite has substance without the vector folder.
#include <array>
#include <vector>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/invitation.h"
#include "crypto/key_agreement.h"
#include "crypto/prg.h"
#include "crypto/random.h"
#include "crypto/signing_key.h"
#include "tests/catch.h"

namespace mutual::crypto {
namespace {
std::string Raw(const char* hex) { return *HexDecode(hex); }
}  // namespace

TEST_CASE("SHA-256 of abc, whole and in pieces (FIPS 180-4)", "[crypto]") {
  const std::string expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  REQUIRE(Sha256("abc").ToHex() == expected);
  Sha256Stream stream;
  stream.Update("a");
  stream.Update("bc");
  REQUIRE(stream.Finish().ToHex() == expected);
  stream.Update("abc");
  REQUIRE(stream.Finish().ToHex() == expected);
}

TEST_CASE("HKDF-SHA256, RFC 5869 case 1, and its longest output", "[crypto]") {
  const auto output =
      HkdfSha256(AsBytes(std::string(22, '\x0b')), AsBytes(Raw("000102030405060708090a0b0c")),
                 Raw("f0f1f2f3f4f5f6f7f8f9"), 42);
  REQUIRE_OK(output);
  REQUIRE(HexEncode(output->bytes()) ==
          "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  REQUIRE(HkdfSha256({}, {}, "", 8160).ok());
  REQUIRE_FALSE(HkdfSha256({}, {}, "", 8161).ok());
}

TEST_CASE("Ed25519, RFC 8032 test 1", "[crypto]") {
  const auto key = SigningKey::FromSeed(
      AsBytes(Raw("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
  REQUIRE_OK(key);
  REQUIRE(HexEncode(key->verify_key().bytes()) ==
          "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const std::string signature = key->Sign("");
  REQUIRE(HexEncode(AsBytes(signature)).substr(0, 16) == "e5564300c360ac72");
  REQUIRE_OK(key->verify_key().Verify("", AsBytes(signature)));
  REQUIRE_FALSE(key->verify_key().Verify("x", AsBytes(signature)).ok());
  REQUIRE_FALSE(key->verify_key().Verify("", AsBytes(signature.substr(1))).ok());
}

TEST_CASE("Small-order and non-canonical Ed25519 keys are refused", "[crypto]") {
  const char* const bad = GENERATE(
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "0100000000000000000000000000000000000000000000000000000000000080",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  REQUIRE_FALSE(VerifyKey::FromBytes(AsBytes(Raw(bad))).ok());
}

TEST_CASE("Both sides of X25519 agree; an all-zero secret is refused", "[crypto]") {
  SystemRandom random;
  const AgreementKey a = AgreementKey::Generate(random), b = AgreementKey::Generate(random);
  const auto ab = a.Agree(b.public_key()), ba = b.Agree(a.public_key());
  REQUIRE_OK(ab);
  REQUIRE_OK(ba);
  REQUIRE(ab->Equals(ba->bytes()));
  const std::array<uint8_t, 32> zero{};
  REQUIRE_FALSE(a.Agree(zero).ok());
}

TEST_CASE("A sealed message opens only with its key, nonce and associated data", "[crypto]") {
  const std::string key(32, 'k'), nonce(12, 'n'), other(12, 'o');
  const auto sealed = Seal(AsBytes(key), AsBytes(nonce), AsBytes("hello"), "aad");
  REQUIRE_OK(sealed);
  REQUIRE(Open(AsBytes(key), AsBytes(nonce), AsBytes(*sealed), "aad")->Equals(AsBytes("hello")));
  REQUIRE_FALSE(Open(AsBytes(key), AsBytes(other), AsBytes(*sealed), "aad").ok());
  REQUIRE_FALSE(Open(AsBytes(key), AsBytes(nonce), AsBytes(*sealed), "aae").ok());
  REQUIRE_FALSE(Open(AsBytes(key), AsBytes(nonce), AsBytes("short"), "aad").ok());
}

TEST_CASE("A key stream is the same bytes however it is read", "[crypto]") {
  const std::string key(32, 'k');
  const auto whole = *KeyStream::Create(AsBytes(key)), parts = *KeyStream::Create(AsBytes(key));
  std::vector<uint8_t> expected(100000), piece(777);
  whole->Fill(expected);
  for (const uint64_t offset : {0u, 1u, 15u, 16u, 17u, 4095u, 65537u, 99000u}) {
    parts->Seek(offset);
    parts->Fill(piece);
    REQUIRE(std::equal(piece.begin(), piece.end(), expected.begin() + static_cast<long>(offset)));
  }
}

TEST_CASE("FastRandom gives fresh bytes across its re-keying", "[crypto]") {
  SystemRandom system;
  FastRandom a(system), b(system);
  std::vector<uint8_t> first(3 << 20), second(3 << 20);
  a.Fill(first);
  b.Fill(second);
  REQUIRE(first != second);
  size_t ones = 0;
  for (const uint8_t byte : first) ones += static_cast<size_t>(__builtin_popcount(byte));
  // 25,165,824 fair bits: 6 standard deviations are 15,050; false failure below 2e-9.
  REQUIRE(std::abs(static_cast<double>(ones) - 12582912.0) < 15050);
}

TEST_CASE("Invitation codes survive the round trip and notice a typing error", "[crypto]") {
  Invitation invitation;
  invitation.address = "coordinator.example:7443";
  invitation.ca_fingerprint = Sha256("ca");
  invitation.log_key = Sha256("log").bytes;
  invitation.secret = std::string(16, 's');
  const std::string code = invitation.ToCode();
  const auto parsed = Invitation::Parse(code);
  REQUIRE_OK(parsed);
  REQUIRE(parsed->address == invitation.address);
  REQUIRE(parsed->secret == invitation.secret);
  REQUIRE(parsed->ToCode() == code);
  for (size_t i = 0; i < code.size(); ++i) {
    std::string wrong = code;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    if (wrong != code) REQUIRE_FALSE(Invitation::Parse(wrong).ok());
  }
  REQUIRE_FALSE(Invitation::Parse(code.substr(0, code.size() - 5)).ok());
}

TEST_CASE("Adding key stream words is filling and adding, from any place", "[crypto]") {
  const std::array<uint8_t, 32> key{9};
  const auto stream = KeyStream::Create(key).value();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{1023}, size_t{1024}, size_t{2500}}) {
    for (const uint64_t offset : {uint64_t{0}, uint64_t{4}, uint64_t{4100}, uint64_t{1} << 34}) {
      std::vector<uint8_t> bytes(4 * size);
      stream->Seek(offset);
      stream->Fill(bytes);
      std::vector<uint32_t> total(size, 0xfffffff0), want(size, 0xfffffff0);
      for (size_t i = 0; i < bytes.size(); ++i) want[i / 4] += uint32_t{bytes[i]} << (8 * (i % 4));
      stream->Seek(offset);
      stream->AddWords(total);
      REQUIRE(total == want);
    }
  }
  std::vector<uint32_t> two(2000, 0), one(2000, 0);  // calls continue where the last one ended
  stream->Seek(0);
  stream->AddWords(one);
  stream->Seek(0);
  stream->AddWords(std::span(two).first(37));
  stream->AddWords(std::span(two).subspan(37));
  REQUIRE(one == two);
}

}  // namespace mutual::crypto
