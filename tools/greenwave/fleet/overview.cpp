#include "fleet/overview.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.h"
#include "fleet/reading.h"
#include "fleet/table.h"

namespace greenwave::fleet {

namespace {

constexpr std::array<const char*, 8> states{"in-sync", "applying", "waiting",  "held",
                                            "paused",  "failed",   "reverted", "not-reporting"};
constexpr std::size_t bar_width = 40;

std::string counts_text(const nlohmann::json& summary, const cli::Style& style) {
  const auto& counts = map_in(summary, "counts");
  std::string text;
  for (const auto* state : states) {
    const auto count = count_in(counts, state);
    if (count == 0) continue;
    text += fmt::format("  {:>7}  {}\n", count, cli::paint(style, paint_of_state(state), state));
  }
  return text;
}

/// "3 failed: SystemdUnit/spat: exit 203", and the devices.
std::string reason_text(const nlohmann::json& reason, const std::string& state, const cli::Style& style) {
  const auto devices = count_in(reason, "devices");
  const auto said = text_in(reason, "reason");
  return fmt::format("  {} {}: {}\n      {}\n", devices, state,
                     cli::wrap(said.empty() ? "no reason given" : said, 4, style.width),
                     cli::wrap(names_in(reason, "examples", devices), 6, style.width));
}

std::string inventory_text(const nlohmann::json& summary, Time now, const cli::Style& style) {
  const auto& inventory = map_in(summary, "inventory");
  if (inventory.empty()) return "Inventory: the hub has read none yet\n";
  auto text = fmt::format("Inventory: commit {}, read {}\n", commit_in(inventory, "commit"),
                          ago_in(inventory, "readAt", now));
  for (const auto& problem : list_in(inventory, "problems")) {
    if (problem.is_string()) {
      text += "  " + cli::paint(style, cli::Paint::caution, "problem") + " " +
              cli::wrap(problem.get_ref<const std::string&>(), 10, style.width) + "\n";
    }
  }
  const auto unlisted = count_in(summary, "unlisted");
  if (unlisted > 0) {
    text += fmt::format("  {} reporting, but not in it: greenwave fleet devices --unlisted\n",
                        count_of(unlisted, "device"));
  }
  return text;
}

struct Part {
  std::size_t devices;
  char mark;
  cli::Paint paint;
};

/// Each part that has any device gets a mark at least.
std::string bar(const std::vector<Part>& parts, std::size_t devices, const cli::Style& style) {
  std::string text;
  std::size_t used = 0;
  auto left = static_cast<std::size_t>(
      std::ranges::count_if(parts, [](const Part& part) { return part.devices > 0; }));
  for (const auto& part : parts) {
    if (part.devices == 0) continue;
    --left;
    const auto share = std::min(static_cast<double>(part.devices) / static_cast<double>(devices), 1.0);
    const auto width =
        std::clamp<std::size_t>(static_cast<std::size_t>(share * bar_width), 1, bar_width - used - left);
    used += width;
    text += cli::paint(style, part.paint, std::string(width, part.mark));
  }
  return "[" + text + std::string(bar_width - used, '.') + "]";
}

std::string wave_text(const nlohmann::json& wave, Time now, const cli::Style& style) {
  const auto name = text_in(wave, "wave");
  const auto devices = count_in(wave, "devices");
  const auto healthy = std::min(count_in(wave, "healthy"), devices);
  const auto failed = count_in(wave, "failed");
  const auto reverted = count_in(wave, "reverted");
  const auto silent = count_in(wave, "silent");
  auto text = fmt::format("{}  {}\n", cli::paint(style, cli::Paint::strong, name.empty() ? "branch" : name),
                          text_in(wave, "ref"));
  const auto subject = text_in(wave, "subject");
  text += "  " + commit_in(wave, "commit");
  if (!subject.empty()) text += " " + cli::wrap(subject, 15, style.width);
  if (const auto since = time_in(wave, "since")) text += ", since " + cli::relative(*since, now);
  text += "\n";
  if (devices == 0) return text + "  no devices\n";
  text += "  " +
          bar({{failed + reverted, '!', cli::Paint::bad},
               {healthy, '#', cli::Paint::good},
               {silent, '?', cli::Paint::caution}},
              devices, style) +
          fmt::format(" {} of {} healthy\n", healthy, devices);
  text += fmt::format("  {} have it, {} failed, {} reverted, {} silent\n", count_in(wave, "has"), failed,
                      reverted, silent);
  if (const auto halted = text_in(wave, "halted"); !halted.empty()) {
    text +=
        "  " + cli::paint(style, cli::Paint::bad, "halted") + ": " + cli::wrap(halted, 4, style.width) + "\n";
  }
  for (const auto& reason : list_in(wave, "reasons")) text += reason_text(reason, "failed", style);
  return text;
}

}  // namespace

std::string status_text(const nlohmann::json& summary, Time now, const cli::Style& style) {
  auto text = fmt::format("{}: {}", cli::paint(style, cli::Paint::strong, text_in(summary, "city")),
                          count_of(count_in(summary, "total") -
                                       std::min(count_in(summary, "retired"), count_in(summary, "total")),
                                   "device"));
  text += fmt::format(", last report {}\n", ago_in(summary, "lastReport", now));
  text += counts_text(summary, style);
  const auto& reasons = list_in(summary, "reasons");
  if (!reasons.empty()) text += "Reasons:\n";
  for (const auto& reason : reasons) text += reason_text(reason, text_in(reason, "state"), style);
  return text + inventory_text(summary, now, style);
}

bool needs_attention(const nlohmann::json& summary) {
  const auto& counts = map_in(summary, "counts");
  const bool trouble = std::ranges::any_of(
      states, [&](const char* state) { return is_trouble(state) && count_in(counts, state) > 0; });
  return trouble || count_in(summary, "unlisted") > 0 ||
         !list_in(map_in(summary, "inventory"), "problems").empty();
}

std::string rollout_text(const nlohmann::json& rollout, Time now, const cli::Style& style) {
  std::string text;
  for (const auto& wave : list_in(rollout, "waves")) text += wave_text(wave, now, style);
  return text.empty() ? "The hub has not read the city's repository yet.\n" : text;
}

std::string cities_text(const nlohmann::json& cities, const cli::Style& style) {
  Table table({{"CITY", 14},
               {"STATE", 7},
               {"DEVICES", 7},
               {"IN-SYNC", 7},
               {"FAILED", 6},
               {"SILENT", 6},
               {"COMMIT", 12},
               {"HEARD", 7}});
  for (const auto& city : list_in(cities, "cities")) {
    const auto state = text_in(city, "state");
    const auto& figures = map_in(city, "figures");
    const auto& counts = map_in(figures, "counts");
    const auto failed = count_in(counts, "failed") + count_in(counts, "reverted");
    const auto number = [&](std::size_t count) {
      return Cell{figures.empty() ? "-" : std::to_string(count)};
    };
    const auto age = std::chrono::seconds(count_in(city, "age"));
    table.add({{text_in(city, "city")},
               {state, state == "current" ? cli::Paint::good : cli::Paint::caution},
               number(count_in(figures, "total")),
               number(count_in(counts, "in-sync")),
               {number(failed).text, failed > 0 ? std::optional(cli::Paint::bad) : std::nullopt},
               number(count_in(counts, "not-reporting")),
               {commit_in(map_in(figures, "commit"), "oid")},
               {figures.empty() ? "never" : to_words(age)}},
              text_in(city, "error"));
  }
  return table.empty() ? "The hub names no city.\n" : table.text(style);
}

bool needs_attention_in_cities(const nlohmann::json& cities) {
  return std::ranges::any_of(list_in(cities, "cities"), [](const auto& city) {
    const auto& counts = map_in(map_in(city, "figures"), "counts");
    return text_in(city, "state") != "current" ||
           count_in(counts, "failed") + count_in(counts, "reverted") > 0;
  });
}

bool has_failures(const nlohmann::json& rollout) {
  return std::ranges::any_of(list_in(rollout, "waves"), [](const auto& wave) {
    return count_in(wave, "failed") + count_in(wave, "reverted") > 0;
  });
}

}  // namespace greenwave::fleet
