#include "sync/objects.h"

#include <nlohmann/json.hpp>

namespace greenwave::sync {

namespace {

std::string state_of(const Entry& entry) {
  if (!entry.error.empty()) return "failed";
  if (entry.intended) return "unfinished";
  return "in sync";
}

/// The driver's own JSON; null where it has written none yet.
nlohmann::json record_of(const Entry& entry) {
  auto record = nlohmann::json::parse(entry.record, nullptr, false);
  return record.is_discarded() ? nlohmann::json() : record;
}

nlohmann::json describe(const Entry& entry) {
  auto files = nlohmann::json::array();
  for (const auto& file : entry.files) {
    files.push_back({{"path", file.path}, {"size", file.size}});
  }
  return {{"object", to_string(entry.id)},
          {"apiVersion", entry.id.api_version},
          {"state", state_of(entry)},
          {"commit", entry.commit.text()},
          {"digest", entry.digest.is_zero() ? "" : to_hex(entry.digest)},
          {"claims", entry.claims},
          {"files", std::move(files)},
          {"record", record_of(entry)},
          {"keep", entry.keep},
          {"error", entry.error},
          {"actions", nlohmann::json::array()}};
}

}  // namespace

nlohmann::json describe_objects(const state::State& state, const std::string& text, const Describe& more) {
  auto objects = nlohmann::json::array();
  for (const auto& entry : state.inventory()) {
    if (!text.empty() && !matches(text, entry.id)) continue;
    objects.push_back(describe(entry));
    if (!text.empty() && more) objects.back().update(more(entry));
  }
  if (text.empty() || objects.empty()) return objects;
  for (const auto& sync : state.history(100)) {
    for (const auto& action : sync.actions) {
      for (auto& object : objects) {
        if (object["object"] != action.object || object["actions"].size() >= 10) continue;
        object["actions"].push_back({{"time", to_iso(sync.started)},
                                     {"commit", sync.commit.text()},
                                     {"verb", action.verb},
                                     {"ok", action.ok},
                                     {"error", action.error},
                                     {"reason", action.reason},
                                     {"was", action.was}});
      }
    }
  }
  return objects;
}

}  // namespace greenwave::sync
