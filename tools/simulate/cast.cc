#include "tools/simulate/cast.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/ids.h"
#include "base/status.h"
#include "client/data/node_config.h"
#include "study/plan/dice.h"
#include "tools/simulate/member_file.h"
#include "tools/simulate/seeded_stream.h"
#include "tools/simulate/split_table.h"

namespace mutual::simulate {
namespace {

namespace fs = std::filesystem;

absl::Status TooFew(size_t found, size_t wanted, const char* why) {
  return WithCode(
      InvalidArgument("%d organisations are simulated, want at least %d: %s", found, wanted, why),
      "SIMULATE_CAST");
}

absl::StatusOr<client::TableConfig> TableFrom(const std::string& file, const std::string& name) {
  if (absl::EndsWith(file, ".toml")) {
    MUTUAL_ASSIGN_OR_RETURN(const client::NodeConfig config, client::LoadNodeConfig(file));
    const auto found = config.tables.find(name);
    if (found != config.tables.end()) return found->second;
    return WithCode(FailedPrecondition("%s has no [tables.%s], which the study reads", file, name),
                    "SCHEMA_NOT_MET");
  }
  client::TableConfig table;
  table.file = file;
  MUTUAL_ASSIGN_OR_RETURN(table.delimiter, DelimiterOf(file));
  return table;
}

// Names that organisations may have, or nothing when one of the wanted is not.
bool AreNames(const std::vector<std::string>& wanted, const std::vector<std::string>& needed) {
  const std::set<std::string> distinct(wanted.begin(), wanted.end());
  return distinct.size() == wanted.size() &&
         std::all_of(wanted.begin(), wanted.end(),
                     [](const std::string& name) { return NodeId::Parse(name).ok(); }) &&
         std::all_of(needed.begin(), needed.end(),
                     [&](const std::string& name) { return distinct.count(name) > 0; });
}

}  // namespace

absl::StatusOr<Cast> Cast::Create(const study::Study& study, const DataRequest& request,
                                  const fs::path& scratch) {
  Cast cast(&study);
  std::vector<std::string> names;
  const auto add = [&](const std::string& name, const client::TableConfig& table, double members) {
    names.push_back(name);
    cast.roles_.push_back({name, table, static_cast<uint64_t>(members)});
  };
  if (!request.split_by.empty()) {
    if (request.files.size() != 1) {
      return WithCode(InvalidArgument("--split-by needs one table, found %d; name it with --data",
                                      request.files.size()),
                      "SIMULATE_SPLIT");
    }
    MUTUAL_ASSIGN_OR_RETURN(const char delimiter, DelimiterOf(request.files[0]));
    MUTUAL_ASSIGN_OR_RETURN(
        const auto parts,
        SplitTable({request.files[0], request.split_by, delimiter, 1000}, scratch));
    client::TableConfig table;
    table.delimiter = delimiter;
    for (const auto& [value, path] : parts) {
      table.file = path.string();
      add(value, table, 0);
    }
  } else if (!request.files.empty()) {
    for (const std::string& file : request.files) {
      MUTUAL_ASSIGN_OR_RETURN(const client::TableConfig table, TableFrom(file, study.table));
      add(fs::path(table.file).stem().string(), table, 0);
    }
  } else {
    for (const double size : request.sizes) add("", {}, size);
  }
  MUTUAL_RETURN_IF_ERROR(cast.NameRoles(names));
  MUTUAL_RETURN_IF_ERROR(request.resample ? cast.ReadPool() : cast.CountMembers());
  return cast;
}

absl::Status Cast::CountMembers() {
  for (Role& role : roles_) {
    if (role.table.file.empty()) continue;
    MUTUAL_ASSIGN_OR_RETURN(
        const client::ReadReport report,
        client::ReadTable(role.table, study_->schema,
                          [](const std::string&, const std::vector<double>&) {}));
    role.members = report.members;
  }
  return absl::OkStatus();
}

absl::Status Cast::NameRoles(const std::vector<std::string>& wanted) {
  const std::vector<std::string>& scrutineers = study_->scrutineers.organisations;
  const size_t count = roles_.size();
  if (count < static_cast<size_t>(study_->cohort.min_nodes)) {
    return TooFew(count, static_cast<size_t>(study_->cohort.min_nodes), "the study's min_nodes");
  }
  if (count < scrutineers.size()) {
    return TooFew(count, scrutineers.size(), "the study's scrutineers are organisations too");
  }
  if (AreNames(wanted, scrutineers)) return absl::OkStatus();
  size_t number = 0;
  for (size_t i = 0; i < count; ++i) {
    if (i < scrutineers.size()) {
      roles_[i].name = scrutineers[i];
      continue;
    }
    do {
      roles_[i].name = absl::StrFormat("org-%04d", ++number);
    } while (std::count(scrutineers.begin(), scrutineers.end(), roles_[i].name) > 0);
  }
  return absl::OkStatus();
}

absl::Status Cast::ReadPool() {
  for (Role& role : roles_) {
    if (role.table.file.empty()) {
      return WithCode(
          InvalidArgument("--resample draws members from tables; name them with --data"),
          "SIMULATE_CAST");
    }
    MUTUAL_ASSIGN_OR_RETURN(study::MemberSample members, ReadMembers(*study_, role.table));
    role.members = members.size();
    role.table = {};
    std::move(members.begin(), members.end(), std::back_inserter(pool_));
  }
  return absl::OkStatus();
}

absl::StatusOr<client::TableConfig> Cast::TableOf(size_t index, uint64_t seed,
                                                  const fs::path& path) const {
  const Role& role = roles_[index];
  if (!role.table.file.empty()) return role.table;
  const uint64_t own = SeedFor(seed, "members of " + role.name);
  study::MemberSample members;
  if (pool_.empty()) {
    members = study::AssumedMembers(*study_, role.members, own);
  } else {
    study::Dice dice(own);
    for (uint64_t i = 0; i < role.members; ++i) {
      members.push_back(pool_[dice.Word() % pool_.size()]);
    }
  }
  MUTUAL_RETURN_IF_ERROR(WriteMembers(*study_, members, path));
  client::TableConfig table;
  table.file = path.string();
  return table;
}

}  // namespace mutual::simulate
