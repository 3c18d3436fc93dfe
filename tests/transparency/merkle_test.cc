#include "transparency/merkle.h"

#include <map>
#include <memory>

#include "base/status.h"
#include "tests/catch.h"
#include "tests/transparency/naive_tree.h"
#include "transparency/compact_range.h"

namespace mutual::transparency {
namespace {

using testing::NaiveTree;
using testing::TreeOfSize;

constexpr size_t kLargest = 600;

// Remembers the roots of perfect subtrees, so that proofs of many sizes stay cheap.
HashReader Remembering(const NaiveTree& tree) {
  auto known = std::make_shared<std::map<std::pair<int, uint64_t>, Digest>>();
  return [known, reader = tree.Reader()](const Subtree& subtree) -> absl::StatusOr<Digest> {
    const auto key = std::make_pair(subtree.level, subtree.index);
    if (!known->contains(key)) (*known)[key] = *reader(subtree);
    return (*known)[key];
  };
}

std::vector<Digest> RootsUpTo(const NaiveTree& tree) {
  std::vector<Digest> roots;
  for (size_t size = 0; size <= tree.size(); ++size) roots.push_back(tree.Root(size));
  return roots;
}

void RequireEveryInclusionProof(size_t largest) {
  const NaiveTree tree = TreeOfSize(largest);
  const HashReader reader = Remembering(tree);
  const std::vector<Digest> roots = RootsUpTo(tree);
  for (size_t size = 1; size <= largest; ++size) {
    for (size_t index = 0; index < size; ++index) {
      const auto proof = ProveInclusion(index, size, reader);
      REQUIRE(proof.ok());
      // The naive path costs `size` hashes, so every seventh index is compared with it.
      if (index % 7 == size % 7) REQUIRE(*proof == tree.Path(index, 0, size));
      REQUIRE(VerifyInclusion(tree.leaves()[index], index, {size, roots[size]}, *proof).ok());
    }
  }
}

void RequireEveryConsistencyProof(size_t largest) {
  const NaiveTree tree = TreeOfSize(largest);
  const HashReader reader = Remembering(tree);
  const std::vector<Digest> roots = RootsUpTo(tree);
  for (size_t size = 1; size <= largest; ++size) {
    for (size_t old = 0; old <= size; ++old) {
      const auto proof = ProveConsistency(old, size, reader);
      REQUIRE(proof.ok());
      REQUIRE(VerifyConsistency({old, roots[old]}, {size, roots[size]}, *proof).ok());
      if (old == 0 || old == size) continue;
      REQUIRE_FALSE(VerifyConsistency({old, roots[old - 1]}, {size, roots[size]}, *proof).ok());
      REQUIRE_FALSE(VerifyConsistency({old, roots[old]}, {size, roots[size - 1]}, *proof).ok());
    }
  }
}

}  // namespace

TEST_CASE("Leaf, node and root hashes are those of the published vector", "[merkle]") {
  const Digest alpha = LeafHash("alpha");
  const Digest beta = LeafHash("beta");
  const Digest gamma = LeafHash("gamma");
  CHECK(alpha.ToHex().starts_with("2a158d8a"));
  CHECK(alpha.ToHex().ends_with("c4f82b"));
  CHECK(beta.ToHex().starts_with("e23537b0"));
  CHECK(beta.ToHex().ends_with("d46924"));
  CHECK(gamma.ToHex().starts_with("4c79d0d6"));
  CHECK(gamma.ToHex().ends_with("0e51"));
  CHECK(NodeHash(alpha, beta).ToHex().starts_with("983cb57c"));
  CHECK(NodeHash(alpha, beta).ToHex().ends_with("56b4b"));
  const Digest root = RootOf(std::vector<Digest>{alpha, beta, gamma});
  CHECK(Base64Encode(root.bytes) == "OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=");
}

TEST_CASE("The root of an empty tree is the hash of nothing", "[merkle]") {
  const std::string expected = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  CHECK(Base64Encode(EmptyRoot().bytes) == expected);
  CHECK(RootOf({}) == EmptyRoot());
  CHECK(CompactRange().Root() == EmptyRoot());
  CHECK(*ReadRoot(0, nullptr) == EmptyRoot());
}

TEST_CASE("Roots of sizes 0 to 600 are those of a naive tree, three ways", "[merkle]") {
  const NaiveTree tree = TreeOfSize(kLargest);
  const HashReader reader = Remembering(tree);
  CompactRange range;
  for (size_t size = 0; size <= kLargest; ++size) {
    const Digest expected = tree.Root(size);
    REQUIRE(range.Head() == TreeHead{size, expected});
    REQUIRE(RootOf(std::span(tree.leaves()).first(size)) == expected);
    REQUIRE(*ReadRoot(size, reader) == expected);
    const auto read = CompactRange::Read(size, reader);
    REQUIRE_OK(read);
    REQUIRE(read->Head() == range.Head());
    if (size < kLargest) range.Append(tree.leaves()[size]);
  }
}

TEST_CASE("An appended leaf reports every perfect subtree it completes", "[merkle]") {
  const NaiveTree tree = TreeOfSize(64);
  CompactRange range;
  size_t reported = 0;
  for (const Digest& leaf : tree.leaves()) {
    range.Append(leaf, [&](const Subtree& subtree, const Digest& root) {
      const size_t begin = subtree.index << subtree.level;
      REQUIRE(root == tree.Root(begin, begin + (size_t{1} << subtree.level)));
      ++reported;
    });
  }
  CHECK(reported == 127);  // 64 + 32 + … + 1
}

TEST_CASE("Every inclusion proof of sizes 1 to 200 is the RFC's and verifies", "[merkle]") {
  RequireEveryInclusionProof(200);
}

TEST_CASE("Every inclusion proof of sizes 1 to 600 is the RFC's and verifies", "[merkle][.slow]") {
  RequireEveryInclusionProof(kLargest);
}

TEST_CASE("Every consistency proof of sizes 1 to 200 verifies and no other root does", "[merkle]") {
  RequireEveryConsistencyProof(200);
}

TEST_CASE("Every consistency proof of sizes 1 to 600 verifies and no other root does",
          "[merkle][.slow]") {
  RequireEveryConsistencyProof(kLargest);
}

TEST_CASE("Consistency proofs hold the hashes of the RFC's example", "[merkle]") {
  const NaiveTree tree = TreeOfSize(7);  // RFC 6962 section 2.1.3
  const HashReader reader = tree.Reader();
  const auto c = tree.leaves()[2], d = tree.leaves()[3], j = tree.leaves()[6];
  CHECK(*ProveConsistency(3, 7, reader) ==
        std::vector<Digest>{c, d, tree.Root(0, 2), tree.Root(4, 7)});
  CHECK(*ProveConsistency(4, 7, reader) == std::vector<Digest>{tree.Root(4, 7)});
  CHECK(*ProveConsistency(6, 7, reader) ==
        std::vector<Digest>{tree.Root(4, 6), j, tree.Root(0, 4)});
}

TEST_CASE("A changed, shortened or lengthened proof is refused", "[merkle]") {
  const size_t size = GENERATE(2u, 3u, 7u, 8u, 100u, 256u, 257u);
  const NaiveTree tree = TreeOfSize(size);
  const TreeHead head = tree.Head(size);
  for (size_t index = 0; index < size; index += 1 + size / 9) {
    const std::vector<Digest> good = *ProveInclusion(index, size, tree.Reader());
    for (size_t i = 0; i < good.size(); ++i) {
      std::vector<Digest> changed = good;
      changed[i].bytes[i % 32] ^= 1;
      const absl::Status status = VerifyInclusion(tree.leaves()[index], index, head, changed);
      REQUIRE(status.code() == absl::StatusCode::kDataLoss);
      REQUIRE(ErrorCode(status) == "PROOF_WRONG");
    }
    std::vector<Digest> other = good;
    other.pop_back();
    REQUIRE(ErrorCode(VerifyInclusion(tree.leaves()[index], index, head, other)) == "PROOF_WRONG");
    other = good;
    other.push_back(good.back());
    REQUIRE(ErrorCode(VerifyInclusion(tree.leaves()[index], index, head, other)) == "PROOF_WRONG");
    REQUIRE_FALSE(VerifyInclusion(tree.leaves()[index], (index + 1) % size, head, good).ok());
  }
}

TEST_CASE("A changed, shortened or lengthened consistency proof is refused", "[merkle]") {
  const size_t size = GENERATE(2u, 3u, 7u, 8u, 100u, 257u);
  const NaiveTree tree = TreeOfSize(size);
  const TreeHead head = tree.Head(size);
  for (size_t old = 1; old < size; ++old) {
    const TreeHead old_head = tree.Head(old);
    const std::vector<Digest> good = *ProveConsistency(old, size, tree.Reader());
    for (size_t i = 0; i < good.size(); ++i) {
      std::vector<Digest> changed = good;
      changed[i].bytes[i % 32] ^= 0x80;
      REQUIRE(ErrorCode(VerifyConsistency(old_head, head, changed)) == "PROOF_WRONG");
    }
    std::vector<Digest> other = good;
    other.pop_back();
    REQUIRE(ErrorCode(VerifyConsistency(old_head, head, other)) == "PROOF_WRONG");
    other = good;
    other.push_back(good.back());
    REQUIRE(ErrorCode(VerifyConsistency(old_head, head, other)) == "PROOF_WRONG");
  }
}

TEST_CASE("Indices and sizes outside the tree are the caller's fault", "[merkle]") {
  const NaiveTree tree = TreeOfSize(5);
  const TreeHead head = tree.Head(5);
  CHECK_THAT(std::string(ProveInclusion(5, 5, tree.Reader()).status().message()),
             ContainsSubstring("leaf 5 was asked for in a tree of 5 leaves"));
  CHECK(VerifyInclusion(tree.leaves()[0], 5, head, {}).code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK(ProveConsistency(6, 5, tree.Reader()).status().code() ==
        absl::StatusCode::kInvalidArgument);
  CHECK_THAT(std::string(VerifyConsistency(head, tree.Head(4), {}).message()),
             ContainsSubstring("the old size 5 is above the new size 4"));
}

TEST_CASE("Equal sizes want equal roots, and size 0 the empty root, both without hashes",
          "[merkle]") {
  const NaiveTree tree = TreeOfSize(4);
  const TreeHead head = tree.Head(4);
  const TreeHead empty{0, EmptyRoot()};
  const std::vector<Digest> one = {head.root};
  CHECK(VerifyConsistency(head, head, {}).ok());
  CHECK(VerifyConsistency(empty, head, {}).ok());
  CHECK(VerifyConsistency(empty, empty, {}).ok());
  CHECK(ErrorCode(VerifyConsistency(head, head, one)) == "PROOF_WRONG");
  CHECK(ErrorCode(VerifyConsistency(empty, head, one)) == "PROOF_WRONG");
  CHECK(ErrorCode(VerifyConsistency({4, tree.Root(3)}, head, {})) == "PROOF_WRONG");
  CHECK(ErrorCode(VerifyConsistency({0, tree.Root(3)}, head, {})) == "PROOF_WRONG");
  CHECK(ErrorCode(VerifyConsistency(empty, {0, tree.Root(3)}, {})) == "PROOF_WRONG");
}

TEST_CASE("Proofs of trees of 2^64 - 1 leaves end", "[merkle]") {
  const HashReader same = [](const Subtree&) -> absl::StatusOr<Digest> { return Digest{}; };
  const uint64_t size = ~uint64_t{0};
  CHECK(ProveInclusion(size - 1, size, same)->size() == 63);
  CHECK(ProveConsistency(size - 1, size, same).ok());
  const std::vector<Digest> proof(70);
  CHECK(ErrorCode(VerifyInclusion({}, 0, {size, {}}, proof)) == "PROOF_WRONG");
  CHECK(ErrorCode(VerifyConsistency({size - 1, {}}, {size, {}}, proof)) == "PROOF_WRONG");
}

TEST_CASE("A reader's error is passed on", "[merkle]") {
  const HashReader broken = [](const Subtree&) -> absl::StatusOr<Digest> {
    return Unavailable("the disk is away");
  };
  CHECK(ReadRoot(3, broken).status().code() == absl::StatusCode::kUnavailable);
  CHECK(ProveInclusion(1, 3, broken).status().code() == absl::StatusCode::kUnavailable);
  CHECK(ProveConsistency(1, 3, broken).status().code() == absl::StatusCode::kUnavailable);
  CHECK(CompactRange::Read(3, broken).status().code() == absl::StatusCode::kUnavailable);
}

}  // namespace mutual::transparency
