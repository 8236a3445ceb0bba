#include "state/pause.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "state/reading.h"

namespace greenwave::state {

Pause pause_for(Duration duration, std::string who, std::string reason, const Clock& clock) {
  return {.until = clock.now() + duration,
          .who = std::move(who),
          .reason = std::move(reason),
          .duration = duration,
          .began = clock.boot_time()};
}

std::optional<Pause> standing(const Pause& pause, const Clock& clock) {
  const auto now = clock.now();
  const auto [boot, since] = clock.boot_time();
  const bool of_old_agent = pause.began.boot.empty();
  const auto whole = of_old_agent ? longest_pause : pause.duration;
  const auto began = pause.until - whole;
  auto after = pause;
  Duration left{};
  if (boot == pause.began.boot) {
    left = pause.began.since + whole - since;
  } else if (of_old_agent || (began >= clock_is_set && now >= began)) {
    left = std::min(pause.until - now, whole - since);
    if (!of_old_agent) after.assumed = "the device restarted meanwhile: by its clock";
  } else {
    left = whole - since;
    after.assumed = "the device restarted meanwhile and its clock is not set: counted again from the start";
  }
  if (left <= Duration::zero()) return {};
  after.until = now + left;
  return after;
}

nlohmann::json to_json(const Pause& pause) {
  nlohmann::json json{{"until", to_iso(pause.until)}, {"who", pause.who}, {"reason", pause.reason}};
  if (!pause.began.boot.empty()) {
    json["milliseconds"] = pause.duration.count();
    json["began"] = {{"boot", pause.began.boot}, {"milliseconds", pause.began.since.count()}};
  }
  if (!pause.assumed.empty()) json["assumed"] = pause.assumed;
  return json;
}

Pause pause_from_json(const nlohmann::json& json) {
  return reading("a pause", [&] {
    Pause pause{.until = time_in(json, "until"),
                .who = json.value("who", ""),
                .reason = json.value("reason", ""),
                .duration = Duration(json.value("milliseconds", std::int64_t{0})),
                .assumed = json.value("assumed", "")};
    if (const auto began = json.find("began"); began != json.end()) {
      pause.began = {began->value("boot", ""), Duration(began->value("milliseconds", std::int64_t{0}))};
    }
    return pause;
  });
}

}  // namespace greenwave::state
