#include "metrics/cities_exposition.h"

#include <fmt/format.h>

#include "base/version.h"
#include "metrics/exposition.h"
#include "report/condition.h"

namespace greenwave::hub {

std::string exposition(const std::vector<KnownCity>& cities, Time now) {
  std::string text;
  begin(text, "greenwave_cities_info", "gauge", "The version of the program that asks the cities; always 1.");
  text += fmt::format("greenwave_cities_info{{version=\"{}\"}} 1\n", program_version);
  begin(text, "greenwave_city_up", "gauge", "Whether the city's hub answered the last question.");
  for (const auto& known : cities) {
    text +=
        fmt::format("greenwave_city_up{{city=\"{}\"}} {}\n", label(known.city), known.error.empty() ? 1 : 0);
  }
  begin(text, "greenwave_city_age_seconds", "gauge", "How old the city's figures are.");
  for (const auto& known : cities) {
    if (!known.figures) continue;
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - known.at).count();
    text += fmt::format("greenwave_city_age_seconds{{city=\"{}\"}} {}\n", label(known.city), age);
  }
  begin(text, "greenwave_city_waves_halted", "gauge", "Waves of the city whose commit goes no further.");
  for (const auto& known : cities) {
    if (!known.figures) continue;
    text += fmt::format("greenwave_city_waves_halted{{city=\"{}\"}} {}\n", label(known.city),
                        known.figures->halted());
  }
  begin(text, "greenwave_city_devices", "gauge", "Devices of the city by their status, as last heard.");
  for (const auto& known : cities) {
    if (!known.figures) continue;
    for (const auto state : report::condition_words()) {
      const auto found = known.figures->counts.find(std::string(state));
      text += fmt::format("greenwave_city_devices{{city=\"{}\",state=\"{}\"}} {}\n", label(known.city), state,
                          found == known.figures->counts.end() ? 0 : found->second);
    }
  }
  return text;
}

}  // namespace greenwave::hub
