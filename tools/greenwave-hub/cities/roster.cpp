#include "cities/roster.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace greenwave::hub {

namespace {

using nlohmann::json;

json entry_of(const KnownCity& known, Time now) {
  json entry{{"city", known.city},
             {"url", known.url.empty() ? json(nullptr) : json(known.url)},
             {"state", !known.figures        ? "unknown"
                       : known.error.empty() ? "current"
                                             : "away"},
             {"error", known.error.empty() ? json(nullptr) : json(known.error)},
             {"at", nullptr},
             {"age", nullptr},
             {"figures", nullptr}};
  if (known.figures) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - known.at);
    entry["at"] = to_iso(known.at);
    entry["age"] = std::max<std::int64_t>(0, age.count());
    entry["figures"] = to_json(*known.figures);
  }
  return entry;
}

}  // namespace

json cities_json(const std::vector<KnownCity>& cities, Time now) {
  auto entries = json::array();
  std::map<std::string, std::int64_t> counts;
  std::int64_t total = 0;
  std::int64_t away = 0;
  for (const auto& known : cities) {
    entries.push_back(entry_of(known, now));
    if (!known.error.empty()) ++away;
    if (!known.figures) continue;
    total += known.figures->total;
    for (const auto& [state, count] : known.figures->counts) counts[state] += count;
  }
  return {{"cities", std::move(entries)}, {"total", total}, {"counts", counts}, {"away", away}};
}

std::string write_kept(const std::vector<KnownCity>& cities) {
  auto kept = json::object();
  for (const auto& known : cities) {
    if (known.figures) kept[known.city] = {{"at", to_iso(known.at)}, {"figures", to_json(*known.figures)}};
  }
  return kept.dump();
}

void read_kept(std::string_view text, std::vector<KnownCity>& cities) {
  const auto kept = json::parse(text, nullptr, false);
  if (!kept.is_object()) return;
  for (auto& known : cities) {
    const auto found = kept.find(known.city);
    if (found == kept.end() || !found->is_object()) continue;
    try {
      const auto at = from_iso(found->value("at", ""));
      known.figures = figures_in(found->value("figures", json()));
      known.at = at;
    } catch (const Error&) {  // it is asked anew
    } catch (const json::exception&) {
    }
  }
}

}  // namespace greenwave::hub
