// verify-bundle: a release bundle says what was released, checked offline.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "study/page/dictionary.h"
#include "study/page/result_page.h"
#include "tools/audit/bundle_files.h"
#include "tools/audit/commands.h"
#include "tools/audit/recomputation.h"
#include "tools/audit/rules.h"

namespace mutual::audit {
namespace {

// The three entries that a bundle turns on, and the study.
struct Release {
  const BundledEntry* propose;
  const BundledEntry* close;
  const BundledEntry* release;
  std::optional<Recomputation> study;
  std::vector<std::string> organisations;
};

std::optional<Release> CheckStudy(const BundleFiles& files, Findings* findings) {
  Release found{files.Only("propose"), files.Only("close"), files.Only("release"), {}, {}};
  const std::string* const text = files.Find("study.toml");
  if (text == nullptr || found.propose == nullptr || found.close == nullptr ||
      found.release == nullptr) {
    findings->Fail("BUNDLE-STUDY",
                   "want study.toml and one receipt each of propose, close and release");
    return std::nullopt;
  }
  for (const BundledEntry* const entry : {found.propose, found.close, found.release}) {
    const auto digest = entry->entry.Hash("study");
    if (digest.ok() && *digest == crypto::Sha256(*text)) continue;
    findings->Fail("BUNDLE-STUDY",
                   "study.toml is not the study of the " + entry->entry.type() + " entry",
                   entry->index);
    return std::nullopt;
  }
  auto begun = Recomputation::Begin(*text);
  const auto proposed = transparency::StudyTerms::Of(found.propose->entry);
  const auto released = transparency::StudyTerms::Of(found.release->entry);
  if (!begun.ok() || !proposed.ok() || !released.ok() || !(*proposed == begun->Terms()) ||
      !(*released == begun->Terms())) {
    findings->Fail("BUNDLE-STUDY", "the log states other terms than study.toml",
                   found.release->index);
    return std::nullopt;
  }
  findings->Pass("BUNDLE-STUDY", absl::StrFormat("\"%s\", digest %s", begun->study().title,
                                                 begun->study().digest.Short()));
  found.study = *std::move(begun);
  return found;
}

// Whether the named file has the digest that the release states under `key`.
bool HasReleasedDigest(const BundleFiles& files, const Release& release, const std::string& name,
                       const std::string& key) {
  const std::string* const bytes = files.Find(name);
  const auto digest = release.release->entry.Hash(key);
  return bytes != nullptr && digest.ok() && crypto::Sha256(*bytes) == *digest;
}

void CheckResult(const BundleFiles& files, const Release& release, Findings* findings) {
  if (HasReleasedDigest(files, release, "result.json", "result")) {
    findings->Pass("BUNDLE-RESULT", "result.json");
  } else {
    findings->Fail("BUNDLE-RESULT", "result.json is not the result that was released",
                   release.release->index);
  }
  if (!release.release->entry.Has("model")) {
    findings->NotAsked("BUNDLE-MODEL", "the study trained no model");
  } else if (HasReleasedDigest(files, release, "model.f32", "model")) {
    findings->Pass("BUNDLE-MODEL", "model.f32");
  } else {
    findings->Fail("BUNDLE-MODEL", "model.f32 is not the model that was released",
                   release.release->index);
  }
}

// The contributions of the close are those of the receipts, and as many as the release counts.
void CheckPeople(const BundleFiles& files, Release* release, Findings* findings) {
  const auto closed = release->close->entry.Integers("contribution");
  const auto count = release->release->entry.Integer("count");
  const auto close_index = release->release->entry.Integer("close");
  std::vector<uint64_t> receipts;
  for (const BundledEntry& entry : files.entries()) {
    const auto study = entry.entry.Hash("study");
    const auto node = entry.entry.Text("node");
    if (entry.entry.type() != "contribution" || !node.ok() || !study.ok() ||
        *study != release->study->study().digest) {
      continue;
    }
    receipts.push_back(entry.index);
    release->organisations.push_back(*node);
  }
  std::sort(release->organisations.begin(), release->organisations.end());
  std::vector<uint64_t> named = closed.ok() ? *closed : std::vector<uint64_t>();
  std::sort(named.begin(), named.end());
  std::sort(receipts.begin(), receipts.end());
  if (!close_index.ok() || *close_index != release->close->index || !count.ok() ||
      *count != named.size() || named.empty()) {
    findings->Fail("BUNDLE-PEOPLE", "the release does not count what the close names",
                   release->release->index);
  } else if (receipts.empty() || receipts.size() < named.size()) {
    findings->Skip("BUNDLE-PEOPLE",
                   absl::StrFormat("%d of %d contributions have a receipt here; the log has all",
                                   receipts.size(), named.size()));
  } else if (receipts != named) {
    findings->Fail("BUNDLE-PEOPLE", "receipts are of other contributions than the close names",
                   release->close->index);
  } else {
    findings->Pass("BUNDLE-PEOPLE", absl::StrJoin(release->organisations, ", "));
  }
}

// The release's own figures.
struct Claims {
  double delta = 0, node = 0, released = 0;
};

std::optional<Claims> CheckEpsilon(const Release& release, Findings* findings) {
  const transparency::Entry& entry = release.release->entry;
  const auto node = entry.Real("epsilon-node"), released = entry.Real("epsilon-public");
  const auto least = entry.Integer("least-count");
  if (!node.ok() || !released.ok() || !least.ok()) {
    findings->Fail("EPSILON", "the release states no epsilons", release.release->index);
    return std::nullopt;
  }
  EpsilonCache epsilons;
  const transparency::StudyTerms terms = release.study->Terms();
  constexpr double kRounding = 1 - 1e-9;
  if (*node < kRounding * epsilons.Node(terms, terms.rounds) ||
      *released < kRounding * epsilons.Public(terms, terms.rounds, *least)) {
    findings->Fail("EPSILON", "the release claims less than its noise, rate and rounds give",
                   release.release->index);
  } else {
    findings->Pass("EPSILON",
                   absl::StrFormat("epsilon_node %.3g, epsilon_public %.3g", *node, *released));
  }
  return Claims{terms.delta, *node, *released};
}

// What people read, against what was released: the table, the page, the passport.
void CheckPages(const BundleFiles& files, const Release& release, const Claims& claims,
                Findings* findings) {
  const std::string* const json = files.Find("result.json");
  const auto result =
      json == nullptr ? absl::NotFoundError("no result.json") : study::ResultFromJson(*json);
  if (!result.ok()) return findings->Fail("BUNDLE-PAGES", "result.json cannot be read");
  const study::Study& study = release.study->study();
  const study::ResultPage page{study,
                               *result,
                               claims.delta,
                               claims.node,
                               claims.released,
                               release.organisations,
                               release.release->entry.log(),
                               release.release->index};
  const std::string* const csv = files.Find("result.csv");
  const std::string* const html = files.Find("result.html");
  const std::string* const passport_text = files.Find("passport.json");
  const auto passport =
      nlohmann::json::parse(passport_text == nullptr ? "" : *passport_text, nullptr, false);
  const auto privacy =
      passport.is_object() ? passport.value("privacy", nlohmann::json()) : passport;
  const bool honest = privacy.is_object() && passport.value("study", "") == study.digest.ToHex() &&
                      privacy.value("epsilon_node", 0.0) == claims.node &&
                      privacy.value("epsilon_public", 0.0) == claims.released &&
                      privacy.value("delta", 0.0) == claims.delta;
  if (csv == nullptr || *csv != study::ToDefinedCsv(*result)) {
    findings->Fail("BUNDLE-PAGES", "result.csv does not say what result.json says");
  }
  if (html == nullptr || *html != study::ToHtml(page)) {
    findings->Fail("BUNDLE-PAGES", "result.html is not the page of this result and these receipts");
  }
  if (!honest)
    findings->Fail("BUNDLE-PAGES", "passport.json states another study or other privacy");
  for (int file = 0; file < 3; ++file) findings->Count("BUNDLE-PAGES");
  findings->PassRest({"BUNDLE-PAGES"});
}

}  // namespace

void CheckBundle(const std::string& folder, const transparency::Policy* policy,
                 Findings* findings) {
  const BundleFiles files = BundleFiles::Read(folder, policy, findings);
  auto release = CheckStudy(files, findings);
  if (!release) return;
  CheckResult(files, *release, findings);
  CheckPeople(files, &*release, findings);
  const auto claims = CheckEpsilon(*release, findings);
  if (claims) CheckPages(files, *release, *claims, findings);
}

int RunVerifyBundle(const CommandOptions& options, const std::string& folder) {
  const auto policy = TrustOf(options);
  if (!policy.ok()) return Refuse(policy.status());
  Findings findings;
  CheckBundle(folder, *policy ? &**policy : nullptr, &findings);
  return Show(options, {"verify-bundle", folder, NextStep(findings, "FOLDER"), &findings});
}

}  // namespace mutual::audit
