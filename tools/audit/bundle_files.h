// The files of a release bundle (docs/BUNDLE_FORMAT.md), as far as its manifest vouches for them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tools/audit/finding.h"
#include "transparency/entry.h"
#include "transparency/policy.h"

namespace mutual::audit {

// An entry from a receipt, and where it says it stands.
struct BundledEntry {
  uint64_t index = 0;
  transparency::Entry entry;
};

// Not thread-safe.
class BundleFiles {
 public:
  // Reports BUNDLE-FILES, and of every receipt RECEIPT and the checkpoint's checks (without a
  // policy, signatures are skipped).
  static BundleFiles Read(const std::filesystem::path& folder, const transparency::Policy* policy,
                          Findings* findings);

  // Null when the manifest does not name it, or its digest is another.
  const std::string* Find(const std::string& name) const;
  // The only entry of that type among the receipts; null when there is none or several.
  const BundledEntry* Only(const std::string& type) const;
  const std::vector<BundledEntry>& entries() const { return entries_; }

 private:
  void ReadLine(const std::filesystem::path& folder, const std::string& line, Findings* findings);
  void FindStrangers(const std::filesystem::path& folder, Findings* findings);
  std::map<std::string, std::string> files_;
  std::vector<BundledEntry> entries_;
};

}  // namespace mutual::audit
