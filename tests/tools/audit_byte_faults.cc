// Faults of bytes: files, signatures, checkpoints.
#include "tests/tools/audit_fault.h"

namespace mutual::audit::testing {
namespace {

std::string& FirstWith(Files& files, const std::string& prefix) {
  return files.lower_bound(prefix)->second;
}
void Flip(std::string& bytes, size_t at) { bytes.at(at) = static_cast<char>(bytes[at] ^ 1); }

// The honest entries in another tree, so that only what `change` did is wrong.
Files Forked(const std::function<void(Entries&)>& change) {
  Entries entries = Render(HonestDrafts());
  change(entries);
  return Serve(entries);
}
void UseCheckpoint(Files& files, const CheckpointShape& shape) {
  files["checkpoint"] = SignedCheckpoint(HeadOf(Render(HonestDrafts())), shape);
}
size_t Place(const char* label) { return IndexOf(HonestDrafts(), label); }

std::vector<Fault> EntryFaults() {
  return {
      {"a forged signature under a contribution",
       "ENTRY-SIG",
       kWrong,
       {},
       [](Entries& e) {
         // The text is another one than was signed.
         std::string& entry = e[Place("contribution-wage1-east")];
         entry.replace(entry.find("vector-len 16"), 13, "vector-len 15");
       },
       {}},
      {"another node's signature under a name",
       "SIGNER",
       kRuleBroken,
       {},
       [](Entries& e) {
         std::string& entry = e[Place("contribution-wage1-east")];
         const std::string text = entry.substr(0, entry.find("\n\n") + 1);
         entry = transparency::PrintNote(
             {text, {NoteSigner::Create("node/east", KeyOf("forger"))->Sign(text)}});
       },
       {}},
      {"a coordinator's entry by a forger",
       "SIGNER",
       kRuleBroken,
       {},
       [](Entries& e) {
         std::string& entry = e[Place("close-wage1")];
         const std::string text = entry.substr(0, entry.find("\n\n") + 1);
         entry = transparency::PrintNote(
             {text, {NoteSigner::Create("coordinator", KeyOf("forger"))->Sign(text)}});
       },
       {}},
      {"bytes that are no note",
       "ENTRY-FORM",
       kWrong,
       {},
       [](Entries& e) { e.push_back("not a note"); },
       {}},
      {"an empty entry", "ENTRY-FORM", kWrong, {}, [](Entries& e) { e.push_back(""); }, {}},
      {"an entry with a line too many",
       "ENTRY-FORM",
       kWrong,
       [](Drafts& d) { At(d, "close-wage1").Add("zeal", "great"); },
       {},
       {}},
      {"an entry without a line it needs",
       "ENTRY-FORM",
       kWrong,
       [](Drafts& d) { At(d, "close-wage1").Erase("round-start"); },
       {},
       {}},
      {"a number with a leading zero",
       "ENTRY-FORM",
       kWrong,
       [](Drafts& d) { At(d, "start-wage1").Set("rounds", "01"); },
       {},
       {}},
      {"an entry of another log",
       "ENTRY-LOG",
       kRuleBroken,
       [](Drafts& d) { At(d, "contribution-wage1-east").log = "fed.example/test"; },
       {},
       {}},
      {"an entry inserted",
       "REPEAT",
       kRuleBroken,
       {},
       [](Entries& e) { e.insert(e.begin() + 3, e[2]); },
       {}},
      {"an entry duplicated at the end",
       "REPEAT",
       kRuleBroken,
       {},
       [](Entries& e) { e.push_back(e.back()); },
       {}},
      {"an entry dropped by the coordinator",
       "SEEN",
       kRuleBroken,
       {},
       [](Entries& e) { e.erase(e.begin() + static_cast<long>(Place("enrol-west"))); },
       {}},
      {"two entries swapped by the coordinator",
       "SEEN",
       kRuleBroken,
       {},
       [](Entries& e) { std::swap(e[Place("enrol-east")], e[Place("enrol-west")]); },
       {}},
  };
}

std::vector<Fault> FileFaults() {
  return {
      {"a byte flipped in a tile",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { Flip(FirstWith(f, "tile/0/"), 40); }},
      {"a byte flipped in a bundle",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { Flip(FirstWith(f, "tile/entries/"), 400); }},
      {"a byte flipped in an entry's length",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { Flip(FirstWith(f, "tile/entries/"), 1); }},
      {"a bundle truncated",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { FirstWith(f, "tile/entries/").pop_back(); }},
      {"a bundle with bytes after it",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { FirstWith(f, "tile/entries/") += "x"; }},
      {"an empty bundle",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { FirstWith(f, "tile/entries/").clear(); }},
      {"a tile truncated",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) { FirstWith(f, "tile/0/").pop_back(); }},
      {"two hashes swapped in a tile",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) {
         std::string& tile = FirstWith(f, "tile/0/");
         tile = tile.substr(32, 32) + tile.substr(0, 32) + tile.substr(64);
       }},
      {"an entry dropped from a bundle",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) {
         const auto bundle = Forked([](Entries& e) { e.pop_back(); });
         FirstWith(f, "tile/entries/") = bundle.lower_bound("tile/entries/")->second;
       }},
      {"two entries swapped in a bundle",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) {
         const auto bundle = Forked([](Entries& e) { std::swap(e[4], e[9]); });
         FirstWith(f, "tile/entries/") = bundle.lower_bound("tile/entries/")->second;
       }},
      {"an entry replaced, tiles and all, under the old checkpoint",
       "TREE",
       kWrong,
       {},
       {},
       [](Files& f) {
         const std::string checkpoint = f["checkpoint"];
         f = Forked([](Entries& e) { std::swap(e[4], e[9]); });
         f["checkpoint"] = checkpoint;
       }},
  };
}

std::vector<Fault> CheckpointFaults() {
  return {
      {"a byte flipped in the checkpoint's root",
       "CP-SIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         std::string& bytes = f["checkpoint"];
         char& letter = bytes.at(bytes.find('\n', bytes.find('\n') + 1) + 2);
         letter = letter == 'A' ? 'B' : 'A';
       }},
      {"a byte flipped in the checkpoint's size",
       "CP-SIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         std::string& bytes = f["checkpoint"];
         char& digit = bytes.at(bytes.find('\n') + 1);
         digit = digit == '9' ? '8' : '9';
       }},
      {"a checkpoint that is cut off",
       "CP-FORM",
       kWrong,
       {},
       {},
       [](Files& f) { f["checkpoint"].resize(30); }},
      {"an empty checkpoint", "CP-FORM", kWrong, {}, {}, [](Files& f) { f["checkpoint"] = ""; }},
      {"a size with a leading zero",
       "CP-FORM",
       kWrong,
       {},
       {},
       [](Files& f) {
         std::string& bytes = f["checkpoint"];
         bytes.insert(bytes.find('\n') + 1, "0");
       }},
      {"a checkpoint signed by another key",
       "CP-SIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         UseCheckpoint(f, {std::string(kOrigin), "forger", {"east", "north"}});
       }},
      {"a checkpoint of another log",
       "CP-SIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         UseCheckpoint(f, {"fed.example/other", "vector log", {}});
       }},
      {"a cosignature with a flipped byte",
       "CP-COSIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         std::string& bytes = f["checkpoint"];
         char& letter = bytes.at(bytes.size() - 40);
         letter = letter == 'A' ? 'B' : 'A';
       }},
      {"a cosignature of another origin",
       "CP-COSIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         const auto witness =
             *transparency::CosignatureSigner::Create("witness/south", KeyOf("witness/south"));
         const transparency::TreeHead head = HeadOf(Render(HonestDrafts()));
         const transparency::Checkpoint other{"other.example/audit", head.size, head.root, ""};
         f["checkpoint"] += transparency::PrintSignatureLine(*witness.Sign(other.ToText(), 1));
       }},
      {"a cosignature of another size",
       "CP-COSIG",
       kWrong,
       {},
       {},
       [](Files& f) {
         const auto witness =
             *transparency::CosignatureSigner::Create("witness/south", KeyOf("witness/south"));
         const transparency::TreeHead head = HeadOf(Render(HonestDrafts()));
         const transparency::Checkpoint other{std::string(kOrigin), head.size - 1, head.root, ""};
         f["checkpoint"] += transparency::PrintSignatureLine(*witness.Sign(other.ToText(), 1));
       }},
      {"too few cosignatures",
       "CP-QUORUM",
       kRuleBroken,
       {},
       {},
       [](Files& f) {
         UseCheckpoint(f, {std::string(kOrigin), "vector log", {"east", "west"}});
       }},
      {"a wrong witness",
       "CP-QUORUM",
       kRuleBroken,
       {},
       {},
       [](Files& f) {
         UseCheckpoint(f, {std::string(kOrigin), "vector log", {"east", "west", "mill"}});
       }},
      {"no witness at all",
       "CP-QUORUM",
       kRuleBroken,
       {},
       {},
       [](Files& f) {
         UseCheckpoint(f, {std::string(kOrigin), "vector log", {}});
       }},
      {"a rolled-back log", "APPEND", kWrong, {}, [](Entries& e) { e.resize(e.size() - 3); }, {}},
      {"a forked log",
       "APPEND",
       kWrong,
       [](Drafts& d) { At(d, "incident").Set("what", "Nothing happened."); },
       {},
       {}},
      {"a log rewritten and grown",
       "APPEND",
       kWrong,
       [](Drafts& d) {
         At(d, "incident").Set("what", "Nothing happened.");
         d.push_back(Copy(d, "incident", "incident-2").Set("what", "Nothing at all."));
       },
       {},
       {}},
  };
}

}  // namespace

std::vector<Fault> ByteFaults() {
  std::vector<Fault> all;
  for (const auto& some : {EntryFaults(), FileFaults(), CheckpointFaults()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace mutual::audit::testing
