// A join window at the coordinator: who may say what when, and a window that anybody who reads the
// log comes to as well.
#include "coordinator/round/key_exchange.h"

#include "aggregation/masking/dispute.h"
#include "aggregation/masking/key_holder.h"
#include "aggregation/masking/node_keys.h"
#include "base/encoding.h"
#include "base/status.h"
#include "tests/catch.h"
#include "tests/support/seeded_random.h"
#include "tests/transparency/vector.h"
#include "transparency/signed_entry.h"

namespace mutual::coordinator {
namespace {

namespace masking = aggregation::masking;
namespace tl = transparency;
using tl::testing::KeyOf;
using tl::testing::kOrigin;

const std::vector<std::string> kScrutineers = {"east", "north", "south", "west"};
const Digest kStudy = crypto::Sha256("a study");

crypto::AgreementKey WindowKey(const std::string& name) {
  return *crypto::AgreementKey::FromBytes(crypto::Sha256("x25519 " + name).bytes);
}
masking::KeyWindow EmptyWindow() {
  return {std::string(kOrigin), kStudy, *masking::MaskClasses::Create({4, 2}), {}};
}
// The window with the keys of `present`.
masking::KeyWindow WindowWith(const std::set<std::string>& present) {
  masking::KeyWindow window = EmptyWindow();
  for (const std::string& name : kScrutineers) {
    window.scrutineer_keys.push_back(present.count(name) > 0 ? WindowKey(name).public_key()
                                                             : masking::PublicKey{});
  }
  return window;
}
masking::KeyWindow FullWindow() { return WindowWith({kScrutineers.begin(), kScrutineers.end()}); }

tl::EntryWriter Writer(const std::string& type, const std::string& node) {
  tl::EntryWriter writer(type, kOrigin);
  writer.Head("seen", {1, Digest{}})
      .Study(kStudy)
      .Text("node", node)
      .Time("time", absl::UnixEpoch());
  if (type != "dispute") writer.Integer("window", 1);
  return writer;
}
tl::Entry KeyEntry(const std::string& name, const Digest& key) {
  return *Writer("scrutineer", name).Hash("x25519", key).Finish();
}
tl::Entry KeyEntry(const std::string& name) {
  return KeyEntry(name, Digest{WindowKey(name).public_key()});
}
tl::Entry KeysOk(const std::string& name, const std::vector<uint64_t>& masks) {
  tl::EntryWriter writer = Writer("keys-ok", name);
  for (const uint64_t index : masks) writer.Integer("masks", index);
  return *writer.Finish();
}
tl::Entry Complaint(const std::string& by, const std::string& about, uint64_t masks) {
  return *Writer("dispute", by)
              .Text("about", about)
              .Text("code", "MASK_KEY_MISMATCH")
              .Integer("entry", masks)
              .Integer("class", 0)
              .Finish();
}
tl::Entry RevealEntry(const std::string& by, const std::string& about,
                      const std::vector<uint64_t>& entries) {
  tl::EntryWriter writer = Writer("dispute", by);
  writer.Text("about", about).Text("code", "MASK_KEY_REVEALED");
  for (const uint64_t index : entries) writer.Integer("entry", index);
  return *writer.Integer("class", 0)
              .Hash("ephemeral-secret", crypto::Sha256("e"))
              .Text("ciphertext", "00")
              .Finish();
}

// A node's masks entry and what it wrapped, drawn for one window.
struct Drawn {
  masking::KeyWindow window;
  mutual::testing::SeededRandom random;
  masking::NodeKeys keys;
  Drawn(const std::string& node, const masking::KeyWindow& drawn_for, uint64_t seed = 7)
      : window(drawn_for),
        random(seed),
        keys(*masking::NodeKeys::Draw(*NodeId::Parse(node), drawn_for, random)) {}
  std::vector<masking::WrappedKey> Wrapped() const {
    std::vector<masking::WrappedKey> all;
    for (const masking::WrappedKey& one : keys.wrapped()) {
      if (!one.ciphertext.empty()) all.push_back(one);
    }
    return all;
  }
  tl::Entry Entry() const {
    const masking::MaskCommitments& masks = keys.commitments();
    tl::EntryWriter writer = Writer("masks", masks.node.name());
    for (uint32_t c = 0; c < window.classes.size(); ++c) {
      writer.Class("commit", {c, masks.commits[c]});
      const auto& holders = window.classes.Holders(c);
      for (size_t i = 0; i < holders.size(); ++i) {
        if (!window.IsPresent(holders[i])) continue;
        writer.Sealed("sealed", {c, kScrutineers[holders[i]], masks.wrappings[c][i]});
      }
    }
    return *writer.Finish();
  }
};

struct Exchange {
  KeyExchange keys = *KeyExchange::Create(EmptyWindow(), kScrutineers);
  uint64_t next = 10;

  absl::Status TakeAt(uint64_t index, const tl::Entry& entry,
                      const std::vector<masking::WrappedKey>& wrapped = {}) {
    const auto signer = *tl::NoteSigner::Create("node/" + *entry.Text("node"), KeyOf("any"));
    const tl::NoteSigner* const signers[] = {&signer};
    return keys.Take({index, tl::SignEntry(entry, signers)->ToBytes(), wrapped});
  }
  // As the service does: checked, logged, taken.
  uint64_t Log(const tl::Entry& entry, const std::vector<masking::WrappedKey>& wrapped = {}) {
    REQUIRE_OK(keys.Check(entry, wrapped));
    REQUIRE_OK(TakeAt(next, entry, wrapped));
    return next++;
  }
  void AllKeys() {
    for (const std::string& name : kScrutineers) Log(KeyEntry(name));
  }
  std::string Refusal(const tl::Entry& entry,
                      const std::vector<masking::WrappedKey>& wrapped = {}) const {
    return ErrorCode(keys.Check(entry, wrapped));
  }
};

}  // namespace

TEST_CASE("Keys, masks and confirmations make a node ready", "[keys]") {
  Exchange exchange;
  exchange.AllKeys();
  REQUIRE(exchange.keys.HasAllKeys());
  const Drawn farm("farm", FullWindow());
  const uint64_t masks = exchange.Log(farm.Entry(), farm.Wrapped());
  REQUIRE(exchange.keys.HasMasks("farm"));
  CHECK(exchange.keys.ToConfirm("north") == std::vector<uint64_t>{masks});
  CHECK(exchange.keys.WrappedFor(masks, "north")->size() == 3);
  CHECK(ErrorCode(exchange.keys.WrappedFor(99, "north").status()) == "MASK_KEY_MISSING");
  exchange.Log(KeysOk("north", {masks}));
  exchange.Log(KeysOk("south", {masks}));
  CHECK(!exchange.keys.IsUsable("farm"));  // two classes have one confirmed holder
  exchange.Log(KeysOk("west", {masks}));
  CHECK(exchange.keys.IsUsable("farm"));
  CHECK(!exchange.keys.IsConfirmed("farm"));
  exchange.Log(KeysOk("east", {masks}));
  CHECK(exchange.keys.IsConfirmed("farm"));
  CHECK(exchange.keys.ToConfirm("north").empty());
}

TEST_CASE("Each rule of the join window refuses with its code", "[keys]") {
  Exchange exchange;
  const Drawn farm("farm", FullWindow());
  CHECK(exchange.Refusal(farm.Entry(), farm.Wrapped()) == "KEYS_MISSING");
  CHECK(exchange.Refusal(KeyEntry("farm")) == "NOT_A_SCRUTINEER");
  CHECK(exchange.Refusal(KeyEntry("east", Digest{})) == "MASKS_MALFORMED");
  for (const char* const name : {"east", "north", "south"}) exchange.Log(KeyEntry(name));
  CHECK(exchange.Refusal(farm.Entry(), farm.Wrapped()) == "MASKS_MALFORMED");  // for west too
  const Drawn mill("mill", WindowWith({"east", "north", "south"}));
  auto altered = mill.Wrapped();
  altered[0].ciphertext[0] ^= 1;
  CHECK(exchange.Refusal(mill.Entry(), altered) == "MASKS_MALFORMED");
  altered = mill.Wrapped();
  altered.pop_back();
  CHECK(exchange.Refusal(mill.Entry(), altered) == "MASKS_MALFORMED");
  altered = mill.Wrapped();
  altered[0].holder = 9;
  CHECK(exchange.Refusal(mill.Entry(), altered) == "MASKS_MALFORMED");
  const uint64_t masks = exchange.Log(mill.Entry(), mill.Wrapped());
  CHECK(exchange.Refusal(KeyEntry("west")) == "KEY_WINDOW_CLOSED");
  CHECK(exchange.Refusal(KeyEntry("east")).empty());  // again, after a crash
  CHECK(exchange.Refusal(KeysOk("farm", {masks})) == "NOT_A_SCRUTINEER");
  CHECK(exchange.Refusal(KeysOk("east", {masks + 1})) == "MASKS_MALFORMED");
  CHECK(exchange.Refusal(Complaint("mill", "farm", masks)) == "NOT_A_SCRUTINEER");
  CHECK(exchange.Refusal(Complaint("east", "mill", 3)) == "MASKS_MALFORMED");
  CHECK(exchange.Refusal(RevealEntry("mill", "east", {masks, 77})) == "MASKS_MALFORMED");
  CHECK(exchange.keys.Take({5, "no entry", {}}).code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("A dispute is answered, the class drawn again and confirmed: a liar excludes nobody",
          "[keys][attack]") {
  Exchange exchange;
  exchange.AllKeys();
  Drawn farm("farm", FullWindow());
  const masking::MaskCommitments before = farm.keys.commitments();
  const uint64_t masks = exchange.Log(farm.Entry(), farm.Wrapped());
  for (const char* const name : {"east", "north", "south"}) exchange.Log(KeysOk(name, {masks}));
  const uint64_t complaint = exchange.Log(Complaint("west", "farm", masks));  // a lie
  CHECK(exchange.keys.ToReveal("farm") == std::vector<uint64_t>{complaint});
  CHECK(exchange.keys.ToConfirm("west").empty());
  CHECK(!exchange.keys.IsConfirmed("farm"));
  CHECK(exchange.keys.IsUsable("farm"));  // already without the liar
  const masking::KeyDispute dispute{3, before.node, before.ToDigest(), 0};
  const auto reveal = farm.keys.Reveal(dispute, farm.random);
  REQUIRE_OK(reveal);
  CHECK(*masking::JudgeDispute(FullWindow(), before, *reveal) == masking::Verdict::kScrutineerLied);
  exchange.Log(RevealEntry("farm", "west", {masks, complaint}));
  CHECK(!exchange.keys.HasMasks("farm"));  // what is public is void
  CHECK(!exchange.keys.IsUsable("farm"));
  CHECK(exchange.keys.ToReveal("farm").empty());
  const uint64_t again = exchange.Log(farm.Entry(), farm.Wrapped());
  for (const char* const name : {"east", "north", "south"}) exchange.Log(KeysOk(name, {again}));
  CHECK(exchange.keys.IsUsable("farm"));
  exchange.Log(Complaint("west", "farm", again));  // it would go on for ever
  CHECK(exchange.keys.ToReveal("farm").empty());
  CHECK(exchange.keys.IsUsable("farm"));
}

TEST_CASE("A keys-ok of masks before a redraw confirms nothing", "[keys][attack]") {
  Exchange exchange;
  exchange.AllKeys();
  Drawn farm("farm", FullWindow());
  const uint64_t masks = exchange.Log(farm.Entry(), farm.Wrapped());
  const uint64_t complaint = exchange.Log(Complaint("west", "farm", masks));
  exchange.Log(RevealEntry("farm", "west", {masks, complaint}));
  const Drawn redrawn("farm", FullWindow(), 8);
  exchange.Log(redrawn.Entry(), redrawn.Wrapped());
  for (const std::string& name : kScrutineers) exchange.Log(KeysOk(name, {masks}));
  CHECK(!exchange.keys.IsUsable("farm"));
}

TEST_CASE("Entries taken in another order than the log's give the window that the log gives",
          "[keys]") {
  const auto three = WindowWith({"east", "north", "south"});
  const Drawn farm("farm", three);
  SECTION("a key logged just after the first masks is void") {
    Exchange exchange;
    for (const char* const name : {"east", "north", "south"}) exchange.Log(KeyEntry(name));
    REQUIRE_OK(exchange.TakeAt(21, KeyEntry("west")));  // reached us first
    REQUIRE_OK(exchange.TakeAt(20, farm.Entry(), farm.Wrapped()));
    CHECK(!exchange.keys.HasKeyOf("west"));
    CHECK(exchange.keys.HasMasks("farm"));
    const Drawn mill("mill", three);
    CHECK(exchange.Refusal(mill.Entry(), mill.Wrapped()).empty());
  }
  SECTION("masks logged just after a key that they do not know are void") {
    Exchange exchange;
    for (const char* const name : {"east", "north", "south"}) exchange.Log(KeyEntry(name));
    REQUIRE_OK(exchange.TakeAt(21, farm.Entry(), farm.Wrapped()));
    REQUIRE(exchange.keys.HasMasks("farm"));
    REQUIRE_OK(exchange.TakeAt(20, KeyEntry("west")));
    CHECK(exchange.keys.HasKeyOf("west"));
    CHECK(!exchange.keys.HasMasks("farm"));  // it is asked for others
  }
  SECTION("a scrutineer's first key counts, and one entry once") {
    Exchange exchange;
    exchange.Log(KeyEntry("east"));
    exchange.Log(KeyEntry("east", crypto::Sha256("another key")));
    for (const char* const name : {"north", "south", "west"}) exchange.Log(KeyEntry(name));
    const Drawn dock("dock", FullWindow());
    const uint64_t masks = exchange.Log(dock.Entry(), dock.Wrapped());
    REQUIRE_OK(exchange.TakeAt(masks, KeysOk("east", {masks})));
    CHECK(exchange.keys.ToConfirm("east") == std::vector<uint64_t>{masks});
  }
}

TEST_CASE("A scrutineer without a key in the window confirms nothing", "[keys][attack]") {
  Exchange exchange;
  const auto three = WindowWith({"east", "north", "south"});
  for (const char* const name : {"east", "north", "south"}) exchange.Log(KeyEntry(name));
  const Drawn farm("farm", three);
  const uint64_t masks = exchange.Log(farm.Entry(), farm.Wrapped());
  for (const char* const name : {"east", "north", "west"}) exchange.Log(KeysOk(name, {masks}));
  CHECK(!exchange.keys.IsUsable("farm"));
}

TEST_CASE("Masks whose wrapped keys a crash lost are asked for again", "[keys]") {
  Exchange exchange;
  exchange.AllKeys();
  const Drawn farm("farm", FullWindow());
  REQUIRE_OK(exchange.TakeAt(exchange.next++, farm.Entry()));
  CHECK(!exchange.keys.HasMasks("farm"));
  CHECK(exchange.keys.ToConfirm("east").empty());
  // Asked again, the node draws the same, of which the log keeps the first entry.
  const uint64_t first = exchange.next - 1;
  REQUIRE(exchange.keys.HasTaken(first));
  REQUIRE_OK(exchange.TakeAt(first, farm.Entry(), farm.Wrapped()));
  CHECK(exchange.keys.HasMasks("farm"));
  CHECK(exchange.keys.ToConfirm("east") == std::vector<uint64_t>{first});
  CHECK(exchange.keys.WrappedFor(first, "east")->size() == 3);
  // What was taken with its entry is not replaced.
  REQUIRE_OK(exchange.TakeAt(first, farm.Entry(), {}));
  CHECK(exchange.keys.WrappedFor(first, "east")->size() == 3);
}

TEST_CASE("A journalled mask event is read back exactly, and cut short or flipped never crashes",
          "[keys]") {
  const Drawn farm("farm", FullWindow());
  const std::string bytes = Serialize(MaskEvent{17, farm.Entry().text(), farm.Wrapped()});
  const auto whole = ParseMaskEvent(bytes);
  REQUIRE_OK(whole);
  CHECK(Serialize(*whole) == bytes);
  CHECK(whole->wrapped.size() == 12);
  size_t shorter = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = ParseMaskEvent(std::string_view(bytes).substr(0, size));
    if (cut.ok()) {  // between two wrapped keys: a shorter list
      ++shorter;
      REQUIRE(Serialize(*cut) == bytes.substr(0, size));
    } else {
      REQUIRE(ErrorCode(cut.status()) == "JOURNAL_CORRUPT");
    }
  }
  CHECK(shorter == 12);
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      const auto parsed = ParseMaskEvent(flipped);
      if (parsed.ok()) {
        REQUIRE(Serialize(*parsed) == flipped);  // another event, none that looks like this one
      } else {
        REQUIRE(ErrorCode(parsed.status()) == "JOURNAL_CORRUPT");
      }
    }
  }
}

}  // namespace mutual::coordinator
