#include "city/command.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "judge/judge.h"

namespace greenwave::cli {

namespace {

std::vector<config::PortRange> ports_of(const std::vector<std::string>& texts) {
  std::vector<config::PortRange> ranges;
  for (const auto& text : texts) {
    const auto range = config::port_range_from(text);
    if (!range) {
      throw Error(Fault::invalid, fmt::format("--host-port {} is not a port", printable(text)),
                  "write a port from 1 to 65535, or FIRST-LAST");
    }
    ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace

void add_city_options(CommandLine& line, CityOptions& options, std::vector<std::string> formats) {
  line.option("--path", options.path, "The directory of greenwave.yaml in the repository").value_name("DIR");
  line.option("--label", options.labels,
              "A label from agent.yaml, or arch or os, for devices whose Feature has no label of that name")
      .value_name("KEY=VALUE");
  line.option("--allow", options.allowed, "A path that devices allow (allowedPaths in agent.yaml)")
      .value_name("PATH");
  line.flag("--allow-privileged", options.allow_privileged,
            "Devices allow privileged containers (podman.allowPrivileged in agent.yaml)");
  line.flag("--allow-host-network", options.allow_host_network,
            "Devices allow pods in their own network (podman.allowHostNetwork in agent.yaml)");
  line.option("--host-port", options.host_ports,
              "Ports that pods may take of devices (podman.hostPorts in agent.yaml)")
      .value_name("PORT[-LAST]");
  const auto words = fmt::format("{}", fmt::join(formats, ", "));
  line.option("-o,--output", options.format, "One of " + words)
      .value_name("FORMAT")
      .one_of(std::move(formats));
}

std::string format_of(const CityOptions& options, const Context& context) {
  return options.format.empty() ? context.globals.output : options.format;
}

Labels labels_of(const CityOptions& options) {
  Labels labels;
  for (const auto& label : options.labels) {
    const auto sign = label.find('=');
    if (sign == std::string::npos || sign == 0) {
      throw Error(Fault::invalid, fmt::format("--label {} is not a label", printable(label)),
                  "write KEY=VALUE, for example arch=arm64");
    }
    labels[label.substr(0, sign)] = label.substr(sign + 1);
  }
  return labels;
}

kinds::Rules rules_of(const CityOptions& options) {
  config::Config config;
  if (!options.allowed.empty()) config.allowed_paths = options.allowed;
  config.podman.allow_privileged = options.allow_privileged;
  config.podman.allow_host_network = options.allow_host_network;
  if (!options.host_ports.empty()) config.podman.host_ports = ports_of(options.host_ports);
  return city::rules_of(config);
}

int guarded(bool json, const std::function<int()>& work) {
  try {
    return work();
  } catch (const Error& error) {
    print_error(error, json);
    return exit_not_done;
  }
}

}  // namespace greenwave::cli
