#include "base/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/listed.h"
#include "city/approvals.h"
#include "impact/markdown.h"
#include "impact/output.h"

namespace greenwave::cli {

namespace {

using Row = std::array<std::string, 8>;

Row heads_of(const city::Impact& impact) {
  return {"wave", impact.by, "devices", "files", "restarts", "pods", "pruned", "over the air"};
}

Row row_of(std::string wave, std::string district, std::size_t devices, const city::Effect& effect) {
  return {std::move(wave),
          std::move(district),
          std::to_string(devices),
          std::to_string(effect.files),
          std::to_string(effect.restarts),
          std::to_string(effect.pods),
          std::to_string(effect.pruned),
          bytes_in_words(effect.bytes)};
}

std::vector<Row> rows_of(const city::Impact& impact) {
  std::vector<Row> rows{heads_of(impact)};
  std::size_t devices = 0;
  city::Effect total;
  for (const auto& [key, value] : table_of(impact)) {
    rows.push_back(row_of(key.first.empty() ? "(rest)" : printable(key.first),
                          key.second.empty() ? "-" : printable(key.second), value.first, value.second));
    devices += value.first;
    total += value.second;
  }
  rows.push_back(row_of("total", "", devices, total));
  return rows;
}

constexpr const char* refuses_all = "refuse the commit, and apply nothing of it";

std::string headline(const city::Impact& impact) {
  const auto judged = impact.devices.size() - impact.gone.size();
  const auto back = impact.taking_back();
  const auto refusing = impact.refusing() - back;
  auto refusal = back == 0 ? "" : fmt::format(" {} refuse{} all of it.", back, back == 1 ? "s" : "");
  if (refusing > 0) refusal += fmt::format(" {} refuse{} part of it.", refusing, refusing == 1 ? "s" : "");
  if (impact.changed() == 0) return fmt::format("None of {} changes.{}", count_of(judged, "device"), refusal);
  const auto ways = static_cast<std::size_t>(
      std::ranges::count_if(impact.groups, [](const city::Group& group) { return !group.changes.empty(); }));
  return fmt::format("{} of {} change{}, in {}.{}", impact.changed(), count_of(judged, "device"),
                     impact.changed() == 1 ? "s" : "", count_of(ways, "way"), refusal);
}

std::string remarks_of(const city::Change& change) {
  const auto cause =
      change.because.empty() ? "" : fmt::format(", because {} changes", printable(change.because));
  return change.caution.empty() ? cause : fmt::format("{}, which {}", cause, change.caution);
}

struct Disruption {
  std::string change;
  std::string remark;
  std::vector<std::uint32_t> devices;
};

/// Every disruptive step with its devices, the one with most devices first.
std::vector<Disruption> disruptions_of(const city::Impact& impact) {
  std::vector<Disruption> all;
  for (const auto& group : impact.groups) {
    for (const auto& change : group.changes) {
      if (!change.disruptive) continue;
      const auto words = change.verb + " " + change.object;
      auto found = std::ranges::find(all, words, &Disruption::change);
      if (found == all.end()) found = all.insert(all.end(), {words, remarks_of(change), {}});
      found->devices.insert(found->devices.end(), group.devices.begin(), group.devices.end());
    }
  }
  for (auto& one : all) std::ranges::sort(one.devices);
  std::ranges::stable_sort(
      all, [](const Disruption& a, const Disruption& b) { return a.devices.size() > b.devices.size(); });
  return all;
}

/// What follows the verb and the object of a change.
std::string remark_on(const city::Change& change) {
  if (change.uncertain) return ", if needed: the base refuses it, so that what the device has is not known";
  return change.gives_back ? ", which gives back what was there before" : remarks_of(change);
}

/// Notes on what the table does not show.
std::vector<std::string> notes_of(const city::Impact& impact) {
  std::vector<std::string> notes;
  if (const auto missing = git::missing_approvals(impact.approvals); !missing.empty()) {
    notes.push_back(fmt::format("not approved: the head {}; {}", missing, how_to_approve));
  } else if (!impact.approvals.empty()) {
    const auto name = [](const git::PathApproval& one) { return name_of(one.rule); };
    notes.push_back("approved: " + listed(impact.approvals, impact.approvals.size(), name));
  }
  for (const auto& unjudged : impact.unjudged) {
    notes.push_back(
        printable(fmt::format("{} cannot be judged ({}): {}", count_of(unjudged.devices.size(), "device"),
                              some_of(impact, unjudged.devices), unjudged.reason)));
  }
  if (!impact.added.empty()) {
    notes.push_back(fmt::format("new in the inventory: {}", some_of(impact, impact.added)));
  }
  if (!impact.gone.empty()) {
    notes.push_back(
        fmt::format("no longer in the inventory: {}; a device without a Feature keeps what it "
                    "has: to take it out, set retired: true in its properties",
                    some_of(impact, impact.gone)));
  }
  if (!impact.retired.empty()) {
    notes.push_back(
        fmt::format("retired, so that everything is removed: {}", some_of(impact, impact.retired)));
  }
  return notes;
}

}  // namespace

std::string impact_text(const city::Impact& impact, const Style& style) {
  auto text = fmt::format("{} → {}: {}\n", printable(impact.base), printable(impact.head),
                          paint(style, Paint::strong, headline(impact)));
  for (const auto& note : notes_of(impact)) text += "  " + wrap(note, 4, style.width) + "\n";
  if (impact.groups.empty()) return text;

  const auto disruptions = disruptions_of(impact);
  if (!disruptions.empty()) text += "\n" + paint(style, Paint::caution, "Disruptive") + "\n";
  for (const auto& one : disruptions) {
    text += fmt::format("  {} on {} ({}){}\n", printable(one.change), count_of(one.devices.size(), "device"),
                        some_of(impact, one.devices), one.remark);
  }
  text += "\n";
  const auto rows = rows_of(impact);
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i < 2 ? fmt::format("{:<{}}  ", row[i], widths[i]) : fmt::format("{:>{}}  ", row[i], widths[i]);
    }
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
  }
  for (const auto& group : impact.groups) {
    text += fmt::format("\n{}: {}\n", paint(style, Paint::strong, count_of(group.devices.size(), "device")),
                        some_of(impact, group.devices));
    if (group.takes_back) text += "  " + paint(style, Paint::bad, refuses_all) + "\n";
    for (const auto& change : group.changes) {
      text += fmt::format("  {} {}{}\n", change.verb, printable(change.object), remark_on(change));
    }
    for (const auto& object : group.refused) {
      text += fmt::format("  {} {}, which stays as it is\n", paint(style, Paint::bad, "refuse"),
                          printable(object));
    }
    for (const auto& problem : group.problems)
      text += "  problem " + wrap(printable(problem), 6, style.width) + "\n";
  }
  return text;
}

std::string impact_markdown(const city::Impact& impact) {
  auto text = fmt::format("### What this changes: {}\n\n{} → {}\n", headline(impact),
                          markdown::code(impact.base), markdown::code(impact.head));
  for (const auto& note : notes_of(impact)) text += "\n- " + markdown::escaped(note);
  if (!notes_of(impact).empty()) text += "\n";
  if (impact.groups.empty()) return text;
  const auto disruptions = disruptions_of(impact);
  if (!disruptions.empty()) text += "\n**Disruptive**\n\n";
  for (const auto& one : disruptions) {
    text +=
        fmt::format("- {} on {} ({}){}\n", markdown::code(one.change), count_of(one.devices.size(), "device"),
                    markdown::escaped(some_of(impact, one.devices)), markdown::escaped(one.remark));
  }
  text += "\n";
  bool first = true;
  for (const auto& row : rows_of(impact)) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += "| " + markdown::cell(i < 2 && !first ? markdown::code(row[i]) : row[i]) + " ";
    }
    text += "|\n";
    if (first) text += "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n";
    first = false;
  }
  for (const auto& group : impact.groups) {
    text += fmt::format("\n<details><summary>{}: {}</summary>\n\n", count_of(group.devices.size(), "device"),
                        markdown::html(some_of(impact, group.devices)));
    if (group.takes_back) text += fmt::format("- {}\n", refuses_all);
    for (const auto& change : group.changes) {
      text += fmt::format("- {} {}{}\n", change.verb, markdown::code(change.object),
                          markdown::escaped(remark_on(change)));
    }
    for (const auto& object : group.refused) {
      text += fmt::format("- refuse {}, which stays as it is\n", markdown::code(object));
    }
    for (const auto& problem : group.problems) {
      text += fmt::format("- problem: {}\n", markdown::escaped(problem));
    }
    text += "\n</details>\n";
  }
  return text;
}

}  // namespace greenwave::cli
