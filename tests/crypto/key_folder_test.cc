#include "crypto/key_folder.h"

#include <sys/stat.h>

#include "base/encoding.h"
#include "base/file.h"
#include "base/status.h"
#include "crypto/passphrase.h"
#include "crypto/scrypt.h"
#include "tests/catch.h"
#include "tests/support/temporary_folder.h"

namespace mutual::crypto {
namespace {

Secret Text(std::string_view text) { return Secret::FromBytes(AsBytes(text)); }

AskPassphrase Says(const std::string& text) {
  return [text]() -> absl::StatusOr<Secret> { return Text(text); };
}

absl::StatusOr<Secret> NobodyAsked() { return Internal("a passphrase was asked for"); }

struct Fixture {
  testing::TemporaryFolder root;
  std::filesystem::path path = root.path() / "keys";

  KeyFolder Open(const std::string& passphrase = "") const {
    auto keys = KeyFolder::Open(path, passphrase.empty() ? NobodyAsked : Says(passphrase));
    REQUIRE_OK(keys);
    return *std::move(keys);
  }
  std::string Bytes(const std::string& name) const { return *ReadFile(path / name, 1 << 20); }
};

}  // namespace

TEST_CASE("scrypt gives the published keys", "[crypto]") {
  // RFC 7914 section 12.
  const auto empty = Scrypt({}, {}, {16, 1, 1}, 64);
  REQUIRE_OK(empty);
  CHECK(HexEncode(empty->bytes()) ==
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906");
  const auto salted = Scrypt(AsBytes("password"), AsBytes("NaCl"), {1024, 8, 16}, 64);
  REQUIRE_OK(salted);
  CHECK(HexEncode(salted->bytes()) ==
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
}

TEST_CASE("scrypt refuses costs that are no power of two or above a gigabyte", "[crypto]") {
  const ScryptCost cost = GENERATE(values<ScryptCost>({{0, 8, 1},
                                                       {3, 8, 1},
                                                       {1, 8, 1},
                                                       {16, 0, 1},
                                                       {16, 8, 0},
                                                       {uint64_t{1} << 24, 8, 1},
                                                       {16, 65, 1}}));
  const absl::Status status = Scrypt({}, {}, cost, 32).status();
  CHECK(absl::IsInvalidArgument(status));
}

TEST_CASE("Without a passphrase keys are plain files that only their owner reads", "[keys]") {
  const Fixture fixture;
  const KeyFolder keys = fixture.Open();
  REQUIRE_OK(keys.Write("tls", AsBytes("pem")));
  CHECK(fixture.Bytes("tls.key") == "pem");
  struct stat facts {};
  REQUIRE(::stat((fixture.path / "tls.key").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  CHECK(fixture.Open().Read("tls")->Equals(AsBytes("pem")));
  CHECK(absl::IsNotFound(fixture.Open().Read("identity").status()));
}

TEST_CASE("A passphrase seals the keys that are there and those to come", "[keys]") {
  const Fixture fixture;
  KeyFolder keys = fixture.Open();
  REQUIRE_OK(keys.Write("tls", AsBytes("first secret")));
  REQUIRE_OK(keys.SetPassphrase(Text("open sesame")));
  REQUIRE_OK(keys.Write("identity", AsBytes("second secret")));
  for (const char* const file : {"tls.key", "identity.key", "passphrase"}) {
    CHECK(fixture.Bytes(file).find("secret") == std::string::npos);
    CHECK(fixture.Bytes(file).find("sesame") == std::string::npos);
  }
  const KeyFolder again = fixture.Open("open sesame");
  CHECK(again.has_passphrase());
  CHECK(again.Read("tls")->Equals(AsBytes("first secret")));
  CHECK(again.Read("identity")->Equals(AsBytes("second secret")));
}

TEST_CASE("A wrong passphrase is told from a damaged file", "[keys]") {
  const Fixture fixture;
  KeyFolder keys = fixture.Open();
  REQUIRE_OK(keys.Write("tls", AsBytes("secret")));
  REQUIRE_OK(keys.SetPassphrase(Text("right")));
  const absl::Status wrong = KeyFolder::Open(fixture.path, Says("Right")).status();
  CHECK(ErrorCode(wrong) == "PASSPHRASE_WRONG");
  CHECK_THAT(std::string(wrong.message()), ContainsSubstring("type it again"));

  const std::string sealed = fixture.Bytes("tls.key");
  const std::string damaged = GENERATE_COPY(values<std::string>(
      {sealed.substr(0, sealed.size() - 1), sealed.substr(0, 20), sealed + "\n",
       sealed.substr(0, 24) + "AAAA\n", sealed.substr(0, sealed.size() - 8) + "AAAAAAA\n"}));
  REQUIRE_OK(WriteFileDurably(fixture.path / "tls.key", damaged, FileMode::kSecret));
  CHECK(ErrorCode(fixture.Open("right").Read("tls").status()) == "KEY_CORRUPT");
}

TEST_CASE("A damaged file passphrase is said to be so", "[keys]") {
  const Fixture fixture;
  KeyFolder keys = fixture.Open();
  REQUIRE_OK(keys.SetPassphrase(Text("right")));
  const std::string whole = fixture.Bytes("passphrase");
  const std::string damaged = GENERATE_COPY(
      values<std::string>({"", "mutual passphrase 2\n" + whole.substr(20), whole.substr(0, 40),
                           "mutual passphrase 1\nscrypt 3 8 1 AAAA\nAAAA\n",
                           "mutual passphrase 1\nscrypt 131072 8 1 AAAA\n",
                           "mutual passphrase 1\nscrypt 4294967296 8 1 AAAA\nAAAA\n"}));
  REQUIRE_OK(WriteFileDurably(fixture.path / "passphrase", damaged, FileMode::kSecret));
  CHECK(ErrorCode(KeyFolder::Open(fixture.path, Says("right")).status()) == "KEY_CORRUPT");
}

TEST_CASE("⚔ A sealed key of another name or another folder does not open", "[keys]") {
  const Fixture ours, theirs;
  KeyFolder first = ours.Open(), second = theirs.Open();
  REQUIRE_OK(first.SetPassphrase(Text("same")));
  REQUIRE_OK(second.SetPassphrase(Text("same")));
  REQUIRE_OK(first.Write("tls", AsBytes("a")));
  REQUIRE_OK(first.Write("identity", AsBytes("b")));
  REQUIRE_OK(second.Write("witness", AsBytes("c")));
  std::filesystem::copy_file(ours.path / "identity.key", ours.path / "tls.key",
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::copy_file(theirs.path / "witness.key", ours.path / "witness.key");
  CHECK(ErrorCode(first.Read("tls").status()) == "KEY_CORRUPT");
  CHECK(ErrorCode(first.Read("witness").status()) == "KEY_CORRUPT");
  CHECK(first.Read("identity").ok());
}

TEST_CASE(
    "A passphrase is changed and removed; a crash between two files leaves a folder that opens",
    "[keys]") {
  const Fixture fixture;
  KeyFolder keys = fixture.Open();
  REQUIRE_OK(keys.Write("tls", AsBytes("secret")));
  REQUIRE_OK(keys.SetPassphrase(Text("old")));
  REQUIRE_OK(keys.SetPassphrase(Text("new")));
  CHECK(ErrorCode(KeyFolder::Open(fixture.path, Says("old")).status()) == "PASSPHRASE_WRONG");
  // As if it had died before this key was sealed, or after it was opened again.
  REQUIRE_OK(WriteFileDurably(fixture.path / "late.key", "plain", FileMode::kSecret));
  KeyFolder mixed = fixture.Open("new");
  CHECK(mixed.Read("late")->Equals(AsBytes("plain")));
  CHECK(mixed.Read("tls")->Equals(AsBytes("secret")));
  REQUIRE_OK(mixed.RemovePassphrase());
  CHECK(fixture.Open().Read("tls")->Equals(AsBytes("secret")));
  CHECK_FALSE(std::filesystem::exists(fixture.path / "passphrase"));
}

TEST_CASE("An empty passphrase is none", "[keys]") {
  const Fixture fixture;
  KeyFolder keys = fixture.Open();
  CHECK(absl::IsInvalidArgument(keys.SetPassphrase(Secret())));
  CHECK_FALSE(keys.has_passphrase());
}

TEST_CASE("The passphrase is the first line of the file that the environment names", "[keys]") {
  const Fixture fixture;
  const auto file = fixture.root.path() / "word";
  REQUIRE_OK(WriteFileDurably(file, "open sesame\r\nnot this\n", FileMode::kSecret));
  ::setenv("MUTUAL_PASSPHRASE_FILE", file.c_str(), 1);
  const auto passphrase = ReadPassphrase();
  const auto first = ReadNewPassphrase(NewPassphrase::kFirst);
  REQUIRE_OK(WriteFileDurably(file, "\nempty", FileMode::kSecret));
  const absl::Status empty = ReadPassphrase().status();
  ::unsetenv("MUTUAL_PASSPHRASE_FILE");
  REQUIRE_OK(passphrase);
  CHECK(passphrase->Equals(AsBytes("open sesame")));
  CHECK(first->Equals(AsBytes("open sesame")));
  CHECK(absl::IsInvalidArgument(empty));
}

}  // namespace mutual::crypto
