#include "coordinator/round/key_exchange.h"

#include "base/encoding.h"
#include "base/status.h"
#include "crypto/digest.h"
#include "tests/catch.h"
#include "tests/support/one_entry_log.h"

namespace mutual::coordinator {
namespace {

namespace masking = aggregation::masking;
using testing::kTestOrigin;
using transparency::Entry;
using transparency::EntryWriter;

const std::vector<std::string> kScrutineers = {"north", "east", "south"};

masking::PublicKey KeyNumber(uint8_t number) {
  masking::PublicKey key{};
  key.fill(number);
  return key;
}

EntryWriter Begin(const std::string& type, const std::string& node) {
  EntryWriter writer(type, kTestOrigin);
  writer.Head("seen", {1, Digest{}})
      .Study(Digest{})
      .Integer("window", 1)
      .Text("node", node)
      .Time("time", absl::UnixEpoch());
  return writer;
}

// A join window of three scrutineers, any two of whom unmask: three classes of two holders.
struct Fixture {
  Fixture() : classes(*masking::MaskClasses::Create({3, 2})) {}

  Entry Key(const std::string& node, uint8_t number) const {
    Digest key;
    key.bytes = KeyNumber(number);
    return *Begin("scrutineer", node).Hash("x25519", key).Finish();
  }
  // What "mill" wraps for every holder of every class.
  std::vector<masking::WrappedKey> Wrapped() const {
    std::vector<masking::WrappedKey> wrapped;
    for (uint32_t c = 0; c < classes.size(); ++c) {
      for (const uint32_t holder : classes.Holders(c)) {
        wrapped.push_back({c, holder, KeyNumber(9), std::string(48, 'c')});
      }
    }
    return wrapped;
  }
  Entry Masks(const std::vector<masking::WrappedKey>& wrapped) const {
    EntryWriter writer = Begin("masks", "mill");
    for (uint32_t c = 0; c < classes.size(); ++c) writer.Class("commit", {c, Digest{}});
    for (const masking::WrappedKey& one : wrapped) {
      writer.Sealed("sealed", {one.mask_class, kScrutineers[one.holder], one.ToDigest()});
    }
    return *writer.Finish();
  }
  void Take(uint64_t index, const Entry& entry, const std::string& node,
            const std::vector<masking::WrappedKey>& wrapped = {}) {
    const auto signer = *transparency::NoteSigner::Create("node/" + node, testing::KeyOf('n'));
    const transparency::NoteSigner* const signers[] = {&signer};
    REQUIRE_OK(exchange.Take({index, transparency::SignEntry(entry, signers)->ToBytes(), wrapped}));
  }
  void TakeKeys(size_t count) {
    for (size_t i = 0; i < count; ++i) {
      const auto number = static_cast<uint8_t>(i + 1);
      Take(i, Key(kScrutineers[i], number), kScrutineers[i]);
    }
  }

  masking::MaskClasses classes;
  KeyExchange exchange = *KeyExchange::Create({kTestOrigin, Digest{}, classes, {}}, kScrutineers);
};

}  // namespace

TEST_CASE("A join window goes from keys over masks to confirmations", "[masks]") {
  Fixture f;
  f.TakeKeys(3);
  CHECK(f.exchange.HasAllKeys());
  REQUIRE_OK(f.exchange.Check(f.Masks(f.Wrapped()), f.Wrapped()));
  f.Take(3, f.Masks(f.Wrapped()), "mill", f.Wrapped());
  CHECK(f.exchange.HasMasks("mill"));
  CHECK_FALSE(f.exchange.IsUsable("mill"));
  CHECK(f.exchange.WrappedFor(3, "east")->size() == 2);
  CHECK(ErrorCode(f.exchange.WrappedFor(4, "east").status()) == "MASK_KEY_MISSING");
  for (const std::string& name : kScrutineers) {
    CHECK(f.exchange.ToConfirm(name) == std::vector<uint64_t>{3});
    f.Take(4, *Begin("keys-ok", name).Integer("masks", 3).Finish(), name);
    CHECK(f.exchange.ToConfirm(name).empty());
  }
  CHECK(f.exchange.IsConfirmed("mill"));
  CHECK(f.exchange.IsUsable("mill"));
}

TEST_CASE("Masks wait for the scrutineers' keys", "[masks]") {
  Fixture f;
  f.TakeKeys(1);
  CHECK(ErrorCode(f.exchange.Check(f.Masks(f.Wrapped()), f.Wrapped())) == "KEYS_MISSING");
}

TEST_CASE("⚔ After the first masks no further scrutineer comes, and the others keep their keys",
          "[masks]") {
  Fixture f;
  REQUIRE_OK(f.exchange.Check(f.Key("south", 3), {}));
  f.Take(0, f.Key("north", 1), "north");
  f.Take(1, f.Key("east", 2), "east");
  f.Take(2, f.Masks({f.Wrapped().front()}), "mill");
  const absl::Status late = f.exchange.Check(f.Key("south", 3), {});
  CHECK(ErrorCode(late) == "KEY_WINDOW_CLOSED");
  CHECK_THAT(std::string(late.message()), ContainsSubstring("goes on without south"));
}

TEST_CASE("Only scrutineers publish keys, and none of zeros", "[masks]") {
  const Fixture f;
  CHECK(ErrorCode(f.exchange.Check(f.Key("mill", 1), {})) == "NOT_A_SCRUTINEER");
  CHECK(ErrorCode(f.exchange.Check(f.Key("north", 0), {})) == "MASKS_MALFORMED");
}

TEST_CASE("⚔ Masks that are not sealed for every holder once, in order, are refused", "[masks]") {
  Fixture f;
  f.TakeKeys(3);
  const auto code = [&](const std::vector<masking::WrappedKey>& sealed,
                        const std::vector<masking::WrappedKey>& wrapped) {
    return ErrorCode(f.exchange.Check(f.Masks(sealed), wrapped));
  };
  std::vector<masking::WrappedKey> other = f.Wrapped();
  CHECK(code(other, other).empty());
  other[2].ciphertext[0] = 'x';  // what is handed over is not what the entry promises
  CHECK(code(f.Wrapped(), other) == "MASKS_MALFORMED");
  other = f.Wrapped();
  std::swap(other[0], other[1]);
  CHECK(code(other, other) == "MASKS_MALFORMED");
  other = f.Wrapped();
  other.pop_back();
  CHECK(code(other, other) == "MASKS_MALFORMED");
  other = f.Wrapped();
  other.push_back(other.back());
  CHECK(code(other, other) == "MASKS_MALFORMED");
  CHECK(code(f.Wrapped(), {}) == "MASKS_MALFORMED");
}

TEST_CASE("A confirmation of masks that are not there is refused", "[masks]") {
  Fixture f;
  f.TakeKeys(3);
  const Entry entry = *Begin("keys-ok", "north").Integer("masks", 77).Finish();
  CHECK(ErrorCode(f.exchange.Check(entry, {})) == "MASKS_MALFORMED");
}

TEST_CASE("A window's journalled event is read as it was written, or not at all", "[masks]") {
  const Fixture f;
  const MaskEvent event{7, "entry", f.Wrapped()};
  const std::string bytes = Serialize(event);
  const auto read = ParseMaskEvent(bytes);
  REQUIRE_OK(read);
  CHECK(read->wrapped == event.wrapped);
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = ParseMaskEvent(bytes.substr(0, size));
    if (cut.ok()) {
      CHECK(Serialize(*cut) == bytes.substr(0, size));
    } else {
      CHECK(ErrorCode(cut.status()) == "JOURNAL_CORRUPT");
    }
  }
  std::string wide;
  for (const std::string& field :
       {std::string("7"), std::string("entry"), std::string("4294967296"), std::string("0"),
        std::string(32, 'k'), std::string("c")}) {
    AppendLengthPrefixed(field, &wide);
  }
  CHECK(ErrorCode(ParseMaskEvent(wide).status()) == "JOURNAL_CORRUPT");  // a class beyond 32 bits
}

}  // namespace mutual::coordinator
