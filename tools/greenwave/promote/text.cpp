#include "promote/text.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace greenwave::promote {

namespace {

cli::Paint paint_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::settled:
    case Verdict::moves:
      return cli::Paint::good;
    case Verdict::waits:
      return cli::Paint::caution;
    case Verdict::halted:
    case Verdict::blocked:
      return cli::Paint::bad;
  }
  return cli::Paint::strong;
}

std::string decision_text(const Decision& decision, bool dry_run, const cli::Style& style) {
  if (decision.verdict == Verdict::settled && decision.reason.empty()) return "";
  auto word = std::string(to_string(decision.verdict));
  if (decision.verdict == Verdict::moves) {
    word = fmt::format("{} to {}", dry_run ? "would move" : "moved", cli::short_id(decision.to));
  }
  auto text = "    " + cli::paint(style, paint_of(decision.verdict), word);
  if (!decision.reason.empty()) text += ": " + cli::wrap(decision.reason, 6, style.width);
  return text + "\n";
}

}  // namespace

std::string text_of(const std::vector<Stage>& stages, const std::vector<Decision>& decisions, bool dry_run,
                    Time now, const cli::Style& style) {
  std::size_t name_width = 0;
  std::size_t ref_width = 0;
  for (const auto& stage : stages) {
    name_width = std::max(name_width, stage.name.size());
    ref_width = std::max(ref_width, stage.ref.size());
  }
  std::string text;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const auto& stage = stages[i];
    const auto commit = stage.commit.empty() ? "missing" : cli::short_id(stage.commit);
    const auto name = fmt::format("{:<{}}", printable(stage.name), name_width);
    text += fmt::format("{}  {:<{}}  {:<10}", cli::paint(style, cli::Paint::strong, name),
                        printable(stage.ref), ref_width, commit);
    if (stage.name != "source") text += "  " + count_of(stage.devices.size(), "device");
    if (stage.since) text += fmt::format(", since {}", cli::relative(*stage.since, now));
    text += "\n" + decision_text(decisions[i], dry_run, style);
  }
  return text;
}

nlohmann::json to_json(const std::vector<Stage>& stages, const std::vector<Decision>& decisions) {
  auto list = nlohmann::json::array();
  for (std::size_t i = 0; i < stages.size(); ++i) {
    nlohmann::json one{{"name", stages[i].name},
                       {"ref", stages[i].ref},
                       {"commit", stages[i].commit.text()},
                       {"devices", stages[i].devices.size()},
                       {"verdict", to_string(decisions[i].verdict)},
                       {"reason", decisions[i].reason}};
    if (stages[i].since) one["since"] = to_iso(*stages[i].since);
    if (!decisions[i].to.empty()) one["to"] = decisions[i].to.text();
    list.push_back(std::move(one));
  }
  return {{"stages", list}};
}

}  // namespace greenwave::promote
