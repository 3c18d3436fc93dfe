#include "tools/simulate/report.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "study/figure.h"
#include "study/result.h"
#include "tools/simulate/no_noise.h"
#include "tools/simulate/spread.h"

namespace mutual::simulate {
namespace {

using Json = nlohmann::ordered_json;
constexpr size_t kShownFigures = 40;

std::string Data(const SimulationRequest& request) {
  if (request.data.files.empty()) return std::string("made up: ") + study::kAssumption;
  std::string words =
      request.data.split_by.empty() ? "from tables" : "one table split by " + request.data.split_by;
  return words + (request.data.resample ? ", members drawn anew each time" : "");
}

size_t CountState(const SimulationReport& report, const std::string& state) {
  return static_cast<size_t>(
      std::count_if(report.repeats.begin(), report.repeats.end(),
                    [&](const Json& repeat) { return repeat.value("state", "") == state; }));
}

std::string CodesText(const std::map<std::string, uint64_t>& codes) {
  std::string text;
  for (const auto& [code, count] : codes) {
    text += absl::StrFormat("%s%s %d", text.empty() ? "" : ", ", code, count);
  }
  return text;
}

// What happened in the rounds of all repeats, and why repeats were abandoned.
std::string RoundsText(const SimulationReport& report) {
  uint64_t rounds = 0, counted = 0, missed = 0;
  std::map<std::string, uint64_t> lost, refused, reasons;
  for (const Json& repeat : report.repeats) {
    for (const Json& round : repeat["rounds"]) {
      ++rounds;
      counted += round["counted"].get<uint64_t>();
      missed += round["missed"].get<uint64_t>();
      for (const auto& [code, count] : round["lost"].items()) lost[code] += count.get<uint64_t>();
    }
    for (const auto& [code, count] : repeat["refusals"].items())
      refused[code] += count.get<uint64_t>();
    if (repeat["state"] == "abandoned") ++reasons[repeat["reason"].get<std::string>()];
  }
  std::string text = absl::StrFormat("%d rounds; contributions counted: %d; no answer: %d", rounds,
                                     counted, missed);
  if (!lost.empty()) text += "; not counted: " + CodesText(lost);
  if (!refused.empty()) text += "; refused by the coordinator: " + CodesText(refused);
  if (!reasons.empty()) text += "\nAbandoned: " + CodesText(reasons);
  return text + "\n";
}

std::string SpreadText(const SimulationReport& report) {
  std::string text = absl::StrFormat(
      "\nOver %d repeats, 95 %% of results lie within (simulated | as results state it)\n",
      report.repeats.size());
  const std::vector<SpreadFigure> spread = SpreadOf(report.repeats);
  for (size_t i = 0; i < spread.size() && i < kShownFigures; ++i) {
    const SpreadFigure& figure = spread[i];
    const std::string label =
        figure.table + (figure.row.empty() ? "" : ", " + figure.row) + ": " + figure.name;
    if (figure.shown == 0) {
      text += absl::StrFormat("  %-52s withheld\n", label);
      continue;
    }
    const auto width = [](double value) { return study::Readable(value, value); };
    text += absl::StrFormat(
        "  %-52s %12s ±%s | ±%s %s%s\n", label, study::Readable(figure.mean, figure.half_width),
        width(figure.half_width), width(figure.stated), figure.unit,
        figure.withheld > 0 ? absl::StrFormat(" (withheld %d times)", figure.withheld)
                            : std::string());
  }
  if (spread.size() > kShownFigures) {
    text += absl::StrFormat("  and %d figures more (--json lists all)\n",
                            spread.size() - kShownFigures);
  }
  return text;
}

Json SpreadJson(const SimulationReport& report) {
  Json figures = Json::array();
  for (const SpreadFigure& figure : SpreadOf(report.repeats)) {
    figures.push_back({{"table", figure.table},
                       {"row", figure.row},
                       {"name", figure.name},
                       {"unit", figure.unit},
                       {"shown", figure.shown},
                       {"withheld", figure.withheld},
                       {"mean", figure.mean},
                       {"lowest", figure.low},
                       {"highest", figure.high},
                       {"half_width_95", figure.half_width},
                       {"stated_half_width_95", figure.stated}});
  }
  return figures;
}

}  // namespace

std::string TextOf(const SimulationRequest& request, const SimulationReport& report) {
  const std::string mark = request.has_noise ? "" : std::string(kNoNoiseMark) + "\n";
  std::string text = mark;
  text += absl::StrFormat(
      "Simulation of \"%s\"\nstudy %s\n%d organisations with %d members, %s; seed %d\n",
      report.study.title, report.study.digest.ToHex(), report.organisations, report.members,
      Data(request), request.seed);
  text += absl::StrFormat("%d of %d repeats finished. ", CountState(report, "finished"),
                          report.repeats.size());
  text += RoundsText(report);
  const auto first = std::find_if(report.repeats.begin(), report.repeats.end(),
                                  [](const Json& repeat) { return repeat["result"].is_object(); });
  if (first != report.repeats.end()) {
    const auto result = study::ResultFromJson((*first)["result"].dump());
    if (result.ok()) text += "\n" + study::ToText(*result) + "\n";
    const std::string model = first->value("model", "");
    if (!model.empty()) text += "\nmodel " + model + "\n";
  }
  if (report.repeats.size() > 1) text += SpreadText(report);
  return text + mark;
}

Json JsonOf(const SimulationRequest& request, const SimulationReport& report) {
  Json json = {{"study", report.study.digest.ToHex()}, {"title", report.study.title}};
  json["noise"] = request.has_noise ? "on" : "off";
  if (!request.has_noise) json["warning"] = kNoNoiseMark;
  json["organisations"] = report.organisations;
  json["members"] = report.members;
  json["data"] = Data(request);
  json["seed"] = request.seed;
  json["drop_out"] = request.drop_out;
  json["slow"] = request.slow;
  Json misdeeds = Json::object();
  for (const Misdeeds& one : request.misdeeds) misdeeds[NameOf(one.kind)] = one.count;
  json["byzantine"] = misdeeds;
  json["finished"] = CountState(report, "finished");
  json["repeats"] = report.repeats;
  json["spread"] = SpreadJson(report);
  return json;
}

}  // namespace mutual::simulate
