#include "metrics/exposition.h"

#include <string_view>

#include <fmt/format.h>

#include "base/text.h"
#include "report/condition.h"

namespace greenwave::hub {

void begin(std::string& text, std::string_view name, std::string_view type, std::string_view help) {
  text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
}

std::string label(std::string_view value) {
  std::string text;
  for (const char c : printable(value)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

namespace {

void gauge(std::string& text, std::string_view name, std::string_view help, std::size_t value) {
  begin(text, name, "gauge", help);
  text += fmt::format("{} {}\n", name, value);
}

}  // namespace

std::string exposition(const Measures& measures) {
  std::string text;
  begin(text, "greenwave_hub_info", "gauge", "The hub's version and city; always 1.");
  text += fmt::format("greenwave_hub_info{{city=\"{}\",version=\"{}\"}} 1\n", label(measures.city),
                      measures.version);
  begin(text, "greenwave_hub_devices", "gauge", "Devices of the city by their status.");
  for (const auto state : report::condition_words()) {
    const auto found = measures.devices.find(std::string(state));
    text += fmt::format("greenwave_hub_devices{{state=\"{}\"}} {}\n", state,
                        found == measures.devices.end() ? 0 : found->second);
  }
  begin(text, "greenwave_hub_reports_total", "counter",
        "Reports by what came of them; repeated ones are acknowledged too, and limited are those that one "
        "certificate sent beyond its limit.");
  for (const auto& [result, count] :
       {std::pair("acknowledged", measures.intake.acknowledged),
        std::pair("refused", measures.intake.refused), std::pair("limited", measures.reports_limited),
        std::pair("unavailable", measures.intake.unavailable)}) {
    text += fmt::format("greenwave_hub_reports_total{{result=\"{}\"}} {}\n", result, count);
  }
  begin(text, "greenwave_hub_reports_repeated_total", "counter", "Reports that had come before.");
  text += fmt::format("greenwave_hub_reports_repeated_total {}\n", measures.intake.repeated);
  begin(text, "greenwave_hub_batches_total", "counter", "Transactions that reports were written in.");
  text += fmt::format("greenwave_hub_batches_total {}\n", measures.intake.batches);
  gauge(text, "greenwave_hub_database_up", "Whether the database answers.", measures.database_is_up ? 1 : 0);
  gauge(text, "greenwave_hub_reports_waiting", "Reports that wait for the database.",
        measures.reports_waiting);
  gauge(text, "greenwave_hub_requests_under_way", "Requests without an answer yet.",
        measures.requests_under_way);
  gauge(text, "greenwave_hub_connections", "Connections of the proxy.", measures.connections);
  gauge(text, "greenwave_hub_listeners", "Clients that follow events.", measures.listeners);
  gauge(text, "greenwave_hub_waves_halted", "Waves whose commit goes no further: too many devices failed.",
        measures.waves_halted);
  gauge(text, "greenwave_hub_notices_waiting", "Notices that nobody could be told yet.",
        measures.notices_waiting);
  return text;
}

}  // namespace greenwave::hub
