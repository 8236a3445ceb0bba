#include "cities/figures.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "report/condition.h"

namespace greenwave::hub {

namespace {

using nlohmann::json;

constexpr std::int64_t most_devices = 1'000'000'000;
constexpr std::size_t most_waves = 200;
constexpr std::size_t most_text = 200;

[[noreturn]] void refuse(std::string_view member, std::string_view expected) {
  throw Error(Fault::invalid, fmt::format("its answer is not that of a hub: {} is not {}", member, expected),
              "is this the URL of a greenwave-hub, and of this version?");
}

const json* find(const json& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() || found->is_null() ? nullptr : &*found;
}

std::int64_t count_in(const json& map, const char* key) {
  const auto* found = find(map, key);
  if (found == nullptr) return 0;
  // Compared as what it is: a number above 2^63 would become negative.
  if (!found->is_number_integer() || *found < 0 || *found > most_devices) refuse(key, "a count");
  return found->get<std::int64_t>();
}

std::string text_in(const json& map, const char* key) {
  const auto* found = find(map, key);
  if (found == nullptr) return {};
  if (!found->is_string()) refuse(key, "a text");
  return in_one_line(found->get_ref<const std::string&>(), most_text);
}

std::optional<Time> time_in(const json& map, const char* key) {
  const auto text = text_in(map, key);
  if (text.empty()) return {};
  try {
    return from_iso(text);
  } catch (const Error&) {
    refuse(key, "a time");
  }
}

std::optional<std::array<double, 4>> bounds_in(const json& map) {
  const auto* found = find(map, "bounds");
  if (found == nullptr) return {};
  std::array<double, 4> bounds{};
  if (!found->is_array() || found->size() != bounds.size()) refuse("bounds", "west, south, east, north");
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    const auto& one = (*found)[i];
    const double most = i % 2 == 0 ? 180 : 90;
    if (!one.is_number() || !(std::abs(one.get<double>()) <= most)) refuse("bounds", "degrees");
    bounds.at(i) = one.get<double>();
  }
  return bounds;
}

bool is_commit(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

WaveFigures wave_in(const json& map) {
  if (!map.is_object()) refuse("waves", "a list of maps");
  WaveFigures wave{.wave = text_in(map, "wave"),
                   .commit = text_in(map, "commit"),
                   .subject = text_in(map, "subject"),
                   .since = time_in(map, "since"),
                   .devices = count_in(map, "devices"),
                   .has = count_in(map, "has"),
                   .healthy = count_in(map, "healthy"),
                   .failed = count_in(map, "failed"),
                   .reverted = count_in(map, "reverted"),
                   .silent = count_in(map, "silent"),
                   .halted = text_in(map, "halted")};
  if (!is_commit(wave.commit)) refuse("commit", "a commit's id");
  return wave;
}

json time_or_null(const std::optional<Time>& time) {
  return time ? json(to_iso(*time)) : json(nullptr);
}

}  // namespace

const WaveFigures* CityFigures::newest() const {
  const auto found = std::ranges::max_element(waves, {}, &WaveFigures::since);
  return found == waves.end() ? nullptr : &*found;
}

std::int64_t CityFigures::halted() const {
  return std::ranges::count_if(waves, [](const auto& wave) { return !wave.halted.empty(); });
}

CityFigures figures_in(const json& map) {
  if (!map.is_object()) refuse("figures", "a map");
  CityFigures figures{.total = count_in(map, "total"),
                      .counts = {},
                      .unlisted = count_in(map, "unlisted"),
                      .retired = count_in(map, "retired"),
                      .last_report = time_in(map, "lastReport"),
                      .bounds = bounds_in(map),
                      .waves = {}};
  const auto* counts = find(map, "counts");
  if (counts == nullptr || !counts->is_object()) refuse("counts", "a map");
  for (const auto word : report::condition_words()) {
    const std::string state(word);
    if (const auto count = count_in(*counts, state.c_str()); count > 0) figures.counts[state] = count;
  }
  if (const auto* waves = find(map, "waves")) {
    if (!waves->is_array() || waves->size() > most_waves) refuse("waves", "a list of waves");
    for (const auto& wave : *waves) figures.waves.push_back(wave_in(wave));
  }
  return figures;
}

CityFigures read_figures(std::string_view answer, const std::string& city) {
  const auto read = json::parse(answer, nullptr, false);
  const auto* cities = read.is_object() ? find(read, "cities") : nullptr;
  if (cities == nullptr || !cities->is_array()) refuse("cities", "a list");
  std::string other;
  for (const auto& entry : *cities) {
    if (!entry.is_object()) refuse("cities", "a list of maps");
    other = text_in(entry, "city");
    const auto* figures = find(entry, "figures");
    if (other == city && figures != nullptr) return figures_in(*figures);
  }
  throw Error(Fault::invalid, fmt::format("the hub there is that of {}", other.empty() ? "no city" : other),
              "check url and name in cities.yaml");
}

json to_json(const CityFigures& figures) {
  auto waves = json::array();
  for (const auto& wave : figures.waves) {
    waves.push_back({{"wave", wave.wave},
                     {"commit", wave.commit},
                     {"subject", wave.subject},
                     {"since", time_or_null(wave.since)},
                     {"devices", wave.devices},
                     {"has", wave.has},
                     {"healthy", wave.healthy},
                     {"failed", wave.failed},
                     {"reverted", wave.reverted},
                     {"silent", wave.silent},
                     {"halted", wave.halted.empty() ? json(nullptr) : json(wave.halted)}});
  }
  json commit = nullptr;
  if (const auto* newest = figures.newest()) {
    commit = {{"oid", newest->commit}, {"subject", newest->subject}, {"since", time_or_null(newest->since)}};
  }
  return {{"total", figures.total},
          {"counts", figures.counts},
          {"unlisted", figures.unlisted},
          {"retired", figures.retired},
          {"lastReport", time_or_null(figures.last_report)},
          {"bounds", figures.bounds ? json(*figures.bounds) : json(nullptr)},
          {"commit", std::move(commit)},
          {"waves", std::move(waves)}};
}

}  // namespace greenwave::hub
