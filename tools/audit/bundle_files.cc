#include "tools/audit/bundle_files.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "crypto/digest.h"
#include "tools/audit/commands.h"
#include "transparency/proof.h"
#include "transparency/signed_entry.h"

namespace mutual::audit {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMostBytes = uint64_t{1} << 28;
constexpr uint64_t kMostManifest = uint64_t{1} << 20;
constexpr char kReceipts[] = "receipts/";

// A plain name, in the bundle itself or in receipts/: nothing that leads elsewhere.
bool IsPlainName(std::string name) {
  if (name.rfind(kReceipts, 0) == 0) name = name.substr(sizeof(kReceipts) - 1);
  return !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.' || c == '_';
  });
}

}  // namespace

void BundleFiles::ReadLine(const fs::path& folder, const std::string& line, Findings* findings) {
  const size_t gap = std::min(line.find("  "), line.size());
  const std::string name = line.substr(std::min(gap + 2, line.size()));
  const auto digest = Digest::FromHex(line.substr(0, gap));
  if (!digest.ok() || !IsPlainName(name)) {
    return findings->Fail("BUNDLE-FILES", "the manifest has a line that is not DIGEST  NAME");
  }
  auto bytes = ReadFile(folder / name, kMostBytes);
  if (!bytes.ok()) return findings->Fail("BUNDLE-FILES", name + " cannot be read");
  if (crypto::Sha256(*bytes) != *digest) {
    return findings->Fail("BUNDLE-FILES", name + " is not the file that the manifest names");
  }
  files_[name] = *std::move(bytes);
}

void BundleFiles::FindStrangers(const fs::path& folder, Findings* findings) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().lexically_relative(folder).generic_string();
    if (name == "MANIFEST" || name == "receipts" || files_.count(name) == 1) continue;
    findings->Fail("BUNDLE-FILES", "a file is there that the manifest does not vouch for");
  }
}

BundleFiles BundleFiles::Read(const fs::path& folder, const transparency::Policy* policy,
                              Findings* findings) {
  BundleFiles files;
  const auto manifest = ReadFile(folder / "MANIFEST", kMostManifest);
  if (!manifest.ok()) {
    findings->Fail("BUNDLE-FILES", "the folder has no MANIFEST that can be read");
    return files;
  }
  const std::vector<std::string> lines = absl::StrSplit(*manifest, '\n', absl::SkipEmpty());
  for (const std::string& line : lines) files.ReadLine(folder, line, findings);
  files.FindStrangers(folder, findings);
  if (!findings->Has("BUNDLE-FILES", Verdict::kFail)) {
    findings->Pass("BUNDLE-FILES", absl::StrFormat("%d files", files.files_.size()));
  }
  for (const auto& [name, bytes] : files.files_) {
    if (name.rfind(kReceipts, 0) != 0) continue;
    CheckReceipt(bytes, policy, findings);
    const auto proof = transparency::ParseProof(bytes);
    if (!proof.ok() || !proof->entry) continue;
    auto entry = transparency::ParseSignedEntry(*proof->entry);
    if (entry.ok()) files.entries_.push_back({proof->index, std::move(entry->entry)});
  }
  return files;
}

const std::string* BundleFiles::Find(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

const BundledEntry* BundleFiles::Only(const std::string& type) const {
  const BundledEntry* only = nullptr;
  for (const BundledEntry& entry : entries_) {
    if (entry.entry.type() != type) continue;
    if (only != nullptr) return nullptr;
    only = &entry;
  }
  return only;
}

}  // namespace mutual::audit
