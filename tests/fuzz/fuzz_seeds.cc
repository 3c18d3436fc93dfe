// Writes the seed inputs of the fuzz targets: fuzz_seeds FOLDER makes FOLDER/<noun>/<number>.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/fuzz/room_seeds.h"
#include "tests/transparency/naive_tree.h"
#include "tests/transparency/sample_entry.h"
#include "tests/transparency/vector.h"
#include "transparency/checkpoint.h"
#include "transparency/entry_bundle.h"
#include "transparency/proof.h"
#include "transparency/stage.h"
#include "transparency/tile.h"
#include "transparency/witness_request.h"

namespace mutual::transparency {
namespace {

using Inputs = std::vector<std::string>;

bool Write(const std::filesystem::path& folder, const Inputs& inputs) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (size_t i = 0; i < inputs.size(); ++i) {
    std::ofstream file(folder / std::to_string(i), std::ios::binary);
    file << inputs[i];
    if (!file.good()) return false;
  }
  return true;
}

Inputs Entries() {
  const NoteSigner signer = *NoteSigner::Create("coordinator", testing::KeyOf("coordinator"));
  const std::vector<const NoteSigner*> signers = {&signer};
  Inputs inputs = {"fed.example/mutual/dance@v1\nlog fed.example/audit\nstep left\n"};
  for (const EntryType& type : EntryTypes()) {
    const std::string text = testing::TextOf(type.name, testing::SampleFields(type));
    inputs.push_back(text);
    inputs.push_back(SignEntry(*Entry::Parse(text), signers)->ToBytes());
  }
  return inputs;
}

Inputs Values() {
  Inputs inputs;
  for (int kind = 0; kind <= static_cast<int>(ValueKind::kSealedHash); ++kind) {
    inputs.push_back(testing::SampleOf(static_cast<ValueKind>(kind)));
  }
  return inputs;
}

Inputs Requests() {
  const testing::NaiveTree tree = testing::TreeOfSize(20);
  Inputs inputs = {"old 0\n\n" + testing::VectorCheckpoint()};
  for (const uint64_t from : {uint64_t{0}, uint64_t{1}, uint64_t{7}}) {
    const Checkpoint head{std::string(testing::kOrigin), 20, tree.Root(20), ""};
    inputs.push_back(PrintAddCheckpoint({from, *ProveConsistency(from, 20, tree.Reader()),
                                         *SignCheckpoint(head, testing::LogSigner())}));
  }
  return inputs;
}

Inputs Policies() {
  const std::string log = "log " + std::string(testing::kLogVkey),
                    key = std::string(testing::kWitnessVkey);
  const std::string other = testing::VkeyOf("b", KeyType::kCosignature);
  return {log + "\nquorum none\n",
          log + " https://fed.example\n# x\nwitness a " + key + "\nquorum a\n",
          log + "\nwitness a " + key + "\nwitness b " + other +
              " url\ngroup g 2 a b\ngroup h any g\nquorum h\n"};
}

Inputs Tiles() {
  const testing::NaiveTree tree = testing::TreeOfSize(3);
  return {"tile/0/000", "tile/7/x001/x234/067.p/255", "tile/entries/x001/234.p/1",
          "tile/entries/000.p/3", '\x02' + PrintTile(tree.leaves())};
}

Inputs Bundles() {
  return {'\x02' + *PrintBundle(std::vector<std::string>{"alpha", "beta", "gamma"})};
}

Inputs Proofs() {
  Proof proof{"beta", 1, {LeafHash("alpha"), LeafHash("gamma")}, testing::VectorCheckpoint()};
  Inputs inputs = {PrintProof(proof)};
  proof.entry.reset();
  inputs.push_back(PrintProof(proof));
  return inputs;
}

Inputs Stages() {
  const testing::NaiveTree tree = testing::TreeOfSize(3);
  const std::string stage =
      *PrintStage({std::string(testing::kOrigin), tree.Head(1), tree.Head(3), {"beta", "gamma"}});
  return {stage.substr(0, stage.rfind("sha256 "))};
}

bool WriteAll(const std::filesystem::path& folder) {
  for (const auto& [noun, inputs] : fuzz::RoomSeeds()) {
    if (!Write(folder / noun, inputs)) return false;
  }
  const Inputs keys = {std::string(testing::kLogVkey), std::string(testing::kWitnessVkey)};
  const Inputs texts = {"e\xcc\x81\xc3\xaa\xcc\xa3", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8",
                        "\xea\xb0\x80", "\xe0\xa7\x87\xe0\xa6\xbe q\xcc\xa3\xcc\x87",
                        "\xf0\x9d\x85\x9e\xef\xac\xaa"};
  return Write(folder / "checkpoint", {std::string(testing::kCheckpointText),
                                       std::string(testing::kCheckpointText) + "more\n"}) &&
         Write(folder / "entry", Entries()) && Write(folder / "entry_value", Values()) &&
         Write(folder / "nfc", texts) && Write(folder / "note", {testing::VectorCheckpoint()}) &&
         Write(folder / "policy", Policies()) && Write(folder / "vkey", keys) &&
         Write(folder / "tile", Tiles()) && Write(folder / "bundle", Bundles()) &&
         Write(folder / "proof", Proofs()) && Write(folder / "stage", Stages()) &&
         Write(folder / "witness", Requests()) && Write(folder / "witness_request", Requests());
}

}  // namespace
}  // namespace mutual::transparency

int main(int argc, char** argv) {
  if (argc != 2 || !mutual::transparency::WriteAll(argv[1])) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER (which must be writable)\n");
    return 1;
  }
  return 0;
}
