#include "tools/audit/history.h"

#include <algorithm>

namespace mutual::audit {
namespace {

Member* Find(std::map<std::string, Member>& members, const std::string& name) {
  const auto found = members.find(name);
  return found == members.end() ? nullptr : &found->second;
}

}  // namespace

Member* History::FindNode(const std::string& name) {
  return Find(members, transparency::NodeKeyName(name));
}
Member* History::FindResearcher(const std::string& name) {
  return Find(members, transparency::ResearcherKeyName(name));
}

Member* History::FindOwner(const std::string& key_name) {
  const std::string officer = "officer/";
  if (key_name.compare(0, officer.size(), officer) != 0) return Find(members, key_name);
  const std::string rest = key_name.substr(officer.size());
  return FindNode(rest.substr(0, rest.find('/')));
}

StudyHistory* History::FindStudy(const Digest& digest) {
  const auto found = studies.find(digest);
  return found == studies.end() ? nullptr : &found->second;
}

std::vector<const StudyHistory*> History::InOrder() const {
  std::vector<const StudyHistory*> order;
  for (const auto& [digest, study] : studies) order.push_back(&study);
  std::sort(order.begin(), order.end(),
            [](const StudyHistory* a, const StudyHistory* b) { return a->propose < b->propose; });
  return order;
}

}  // namespace mutual::audit
