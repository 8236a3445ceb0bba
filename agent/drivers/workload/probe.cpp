#include "drivers/workload/probe.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::array kinds{"startupProbe", "livenessProbe", "readinessProbe"};
constexpr std::array handlers{"exec", "httpGet", "tcpSocket", "grpc"};
constexpr int longest_period = 86'400;
constexpr int longest_timeout = 60;  ///< one after the other is asked
constexpr int highest_port = 65'535;

/// A container's probe as it is written.
class ProbeCheck {
 public:
  ProbeCheck(const yaml::Node& container, Problems& problems) : container_(container), problems_(problems) {}

  void run(const yaml::Node& probe, std::string_view kind) {
    const auto written =
        std::ranges::count_if(handlers, [&](const char* handler) { return probe.find(handler) != nullptr; });
    if (written != 1) {
      problems_.error(probe.place, fmt::format("{} needs one of exec, httpGet, tcpSocket and grpc", kind),
                      "write httpGet: {path: /healthz, port: 8080}");
      return;
    }
    if (const auto* exec = probe.find("exec")) read_command(*exec);
    for (const auto* handler : {"httpGet", "tcpSocket"}) {
      if (const auto* where = probe.find(handler)) read_port(*where);
    }
    if (const auto* grpc = probe.find("grpc")) read_plain_port(*grpc);
    if (const auto* scheme = probe.at({"httpGet", "scheme"}); scheme != nullptr) {
      if (scheme->string() == nullptr || (*scheme->string() != "HTTP" && *scheme->string() != "HTTPS")) {
        problems_.error(scheme->place, "a probe has no such scheme", "write HTTP or HTTPS");
      }
    }
    read_number(probe, "initialDelaySeconds", 0, longest_period);
    read_number(probe, "periodSeconds", 1, longest_period);
    read_number(probe, "timeoutSeconds", 1, longest_timeout);
    read_number(probe, "failureThreshold", 1, longest_period);
    read_number(probe, "successThreshold", 1, kind == "readinessProbe" ? longest_period : 1);
  }

 private:
  void read_command(const yaml::Node& exec) {
    const auto* command = exec.find("command");
    const bool good = command != nullptr && command->is_sequence() && !command->sequence()->empty() &&
                      std::ranges::all_of(*command->sequence(),
                                          [](const yaml::Node& word) { return word.string() != nullptr; });
    if (good) return;
    problems_.error(exec.place, "a probe's command is not a list of words",
                    "write exec: {command: [PROGRAM, WORD]}");
  }

  void read_port(const yaml::Node& where) {
    const auto* port = where.find("port");
    if (port == nullptr) {
      problems_.error(where.place, "the probe has no port", "give a number, or the name of one of the ports");
      return;
    }
    if (const auto* number = std::get_if<std::int64_t>(&port->value)) {
      if (*number >= 1 && *number <= highest_port) return;
    } else if (port->string() != nullptr && has_port(*port->string())) {
      return;
    }
    problems_.error(port->place, "this is none of the container's ports",
                    "give a number from 1 to 65535, or the name of one of its ports");
  }

  /// A gRPC probe knows no names of ports.
  void read_plain_port(const yaml::Node& where) {
    const auto* port = where.find("port");
    const auto* number = port != nullptr ? std::get_if<std::int64_t>(&port->value) : nullptr;
    if (number != nullptr && *number >= 1 && *number <= highest_port) return;
    problems_.error(port != nullptr ? port->place : where.place, "a grpc probe needs a port",
                    "give a number from 1 to 65535");
  }

  bool has_port(const std::string& name) const {
    return std::ranges::any_of(items_in(container_.find("ports")), [&](const yaml::Node& port) {
      const auto* own = port.find("name");
      const auto* number = port.find("containerPort");
      return own != nullptr && own->string() != nullptr && *own->string() == name && number != nullptr &&
             std::holds_alternative<std::int64_t>(number->value);
    });
  }

  void read_number(const yaml::Node& probe, const char* key, int least, int most) {
    const auto* written = probe.find(key);
    if (written == nullptr) return;
    const auto* number = std::get_if<std::int64_t>(&written->value);
    if (number != nullptr && *number >= least && *number <= most) return;
    problems_.error(written->place, fmt::format("{} is not a whole number from {} to {}", key, least, most),
                    "fix it, or leave it out");
  }

  const yaml::Node& container_;
  Problems& problems_;
};

int number_in(const OrderedJson& json, const char* key, int usual, int least, int most) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer()
             ? static_cast<int>(std::clamp<std::int64_t>(found->get<std::int64_t>(), least, most))
             : usual;
}

std::string text_in(const OrderedJson& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// Fails where what the handler needs is not there.
bool read_handler(const OrderedJson& json, Probe& probe) {
  if (const auto exec = json.find("exec"); exec != json.end() && exec->is_object()) {
    const auto command = exec->find("command");
    if (command == exec->end() || !command->is_array()) return false;
    for (const auto& word : *command) {
      if (word.is_string()) probe.command.push_back(word);
    }
    return !probe.command.empty();
  }
  for (const auto& [key, how] :
       {std::pair{"httpGet", Probe::How::http}, {"tcpSocket", Probe::How::tcp}, {"grpc", Probe::How::grpc}}) {
    const auto where = json.find(key);
    if (where == json.end() || !where->is_object()) continue;
    probe.how = how;
    probe.host = text_in(*where, "host");
    probe.port = number_in(*where, "port", 0, 0, highest_port);
    probe.service = text_in(*where, "service");
    if (auto path = text_in(*where, "path"); path.starts_with('/')) probe.path = std::move(path);
    probe.tls = text_in(*where, "scheme") == "HTTPS";
    const auto headers = where->find("httpHeaders");
    if (headers != where->end() && headers->is_array()) {
      for (const auto& header : *headers) {
        if (!header.is_object()) continue;
        auto line = text_in(header, "name") + ": " + text_in(header, "value");
        if (line.find_first_of("\r\n") == std::string::npos) probe.headers.push_back(std::move(line));
      }
    }
    return probe.port != 0;
  }
  return false;
}

std::optional<Probe> read_probe(const OrderedJson& container, const char* kind) {
  const auto json = container.find(kind);
  if (json == container.end() || !json->is_object()) return {};
  Probe probe;
  if (!read_handler(*json, probe)) return {};
  probe.delay = std::chrono::seconds(number_in(*json, "initialDelaySeconds", 0, 0, longest_period));
  probe.period = std::chrono::seconds(number_in(*json, "periodSeconds", 10, 1, longest_period));
  probe.timeout = std::chrono::seconds(number_in(*json, "timeoutSeconds", 1, 1, longest_timeout));
  probe.successes = number_in(*json, "successThreshold", 1, 1, longest_period);
  probe.failures = number_in(*json, "failureThreshold", 3, 1, longest_period);
  return probe;
}

int port_named(const OrderedJson& container, const std::string& name) {
  if (!container.contains("ports")) return 0;
  for (const auto& port : container["ports"]) {
    if (text_in(port, "name") == name) return number_in(port, "containerPort", 0, 0, highest_port);
  }
  return 0;
}

}  // namespace

void check_probes(const yaml::Node& container, Problems& problems) {
  ProbeCheck check(container, problems);
  for (const auto* kind : kinds) {
    const auto* probe = container.find(kind);
    if (probe != nullptr && !probe->is_null()) check.run(*probe, kind);
  }
}

OrderedJson take_probes(OrderedJson& container, bool host_network) {
  OrderedJson taken;
  for (const auto* kind : kinds) {
    if (!container.contains(kind)) continue;
    if (container[kind].is_null()) {
      container.erase(kind);
      continue;
    }
    auto probe = container[kind];
    container.erase(kind);
    for (const auto* handler : {"httpGet", "tcpSocket", "grpc"}) {
      if (!probe.contains(handler)) continue;
      auto& where = probe[handler];
      if (where.contains("port") && where["port"].is_string())
        where["port"] = port_named(container, where["port"]);
      if (host_network && text_in(where, "host").empty()) where["host"] = "127.0.0.1";
    }
    taken[kind] = std::move(probe);
  }
  return taken;
}

Probes probes_from(std::string_view label, std::string_view container) {
  if (label.empty()) return {};
  const auto all = OrderedJson::parse(label, nullptr, false);
  if (!all.is_object()) return {};
  const auto own = all.find(std::string(container));
  if (own == all.end() || !own->is_object()) return {};
  return {read_probe(*own, "startupProbe"), read_probe(*own, "livenessProbe"),
          read_probe(*own, "readinessProbe")};
}

}  // namespace greenwave::drivers::workload
