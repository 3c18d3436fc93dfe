// Our masks beside pairwise masking: the same nodes, values and drop-outs, one core, one run.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "bench/masked_round.h"
#include "bench/pairwise_round.h"

namespace mutual::bench {
namespace {

struct Case {
  uint32_t nodes;
  uint32_t pairwise_sample, masked_sample;  // 0: the whole round is made and its sum checked
};

nlohmann::ordered_json JsonOf(const Case& one, size_t values, const PairwiseCost& pairwise,
                              const MaskedCost& masked) {
  const double survivors = one.nodes - one.nodes * 3 / 10;
  // After the last upload: what stands between it and the sum. Scrutineers work side by side.
  const double waits = masked.scrutineer + masked.coordinator;
  const double ours = one.nodes * masked.share + survivors * masked.mask + 4 * masked.scrutineer +
                      masked.coordinator;
  const double theirs = one.nodes * pairwise.share + survivors * pairwise.mask + pairwise.unmask;
  return {{"nodes", one.nodes},
          {"values", values},
          {"dropped", one.nodes * 3 / 10},
          {"masked",
           {{"node_share_ms", masked.share * 1e3},
            {"node_mask_ms", masked.mask * 1e3},
            {"scrutineer_s", masked.scrutineer},
            {"coordinator_s", masked.coordinator},
            {"sum_checked", masked.is_exact}}},
          {"pairwise",
           {{"node_share_ms", pairwise.share * 1e3},
            {"node_mask_ms", pairwise.mask * 1e3},
            {"server_unmask_s", pairwise.unmask},
            {"expansions", pairwise.expansions},
            {"expansions_made", pairwise.expansions_made},
            {"sum_checked", pairwise.is_exact}}},
          {"ratio_node_mask", pairwise.mask / masked.mask},
          {"ratio_server", pairwise.unmask / masked.coordinator},
          {"ratio_after_upload", pairwise.unmask / waits},
          {"ratio_all_work", theirs / ours}};
}

absl::Status Run(size_t values, bool json) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  // The large case is sampled: it would take minutes, and every expansion costs the same.
  for (const Case& one : {Case{16, 0, 0}, Case{1000, 4, 20}}) {
    const uint32_t dropped = one.nodes * 3 / 10;
    MUTUAL_ASSIGN_OR_RETURN(
        const MaskedCost masked,
        RunMaskedRound({one.nodes, dropped, values, {4, 2}, one.masked_sample}));
    MUTUAL_ASSIGN_OR_RETURN(
        const PairwiseCost pairwise,
        RunPairwiseRound({one.nodes, dropped, one.nodes * 2 / 3, values, one.pairwise_sample}));
    all.push_back(JsonOf(one, values, pairwise, masked));
    if (!json) std::printf("%s\n", all.back().dump(1).c_str());
    std::fflush(stdout);
  }
  if (json) std::printf("%s\n", all.dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace mutual::bench

int main(int argc, char** argv) {
  CLI::App app("Our masks beside pairwise masking (Bonawitz et al. 2017), one core, one run.");
  size_t values = 1000000;
  bool json = false;
  app.add_option("--values", values, "values in a vector")->capture_default_str();
  app.add_flag("--json", json, "one line of JSON");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = mutual::bench::Run(values, json);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", mutual::Describe(status).c_str());
  return 1;
}
