#include "drivers/podman/network/cluster_service.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/workload/pod_field.h"
#include "drivers/workload/space.h"
#include "drivers/workload/workload.h"

namespace greenwave::drivers::podman {

namespace {

using Json = nlohmann::json;
using workload::PodField;

constexpr std::int64_t highest_port = 65535;

std::string text_of(const yaml::Node* node) {
  return node != nullptr && node->string() != nullptr ? *node->string() : "";
}

std::optional<std::uint16_t> port_in(const yaml::Node& node) {
  std::int64_t number = 0;
  if (const auto* whole = std::get_if<std::int64_t>(&node.value)) {
    number = *whole;
  } else {
    const auto text = text_of(&node);
    const auto* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end) return {};
  }
  if (number < 1 || number > highest_port) return {};
  return static_cast<std::uint16_t>(number);
}

std::map<std::string, std::string> texts_in(const yaml::Node* node) {
  std::map<std::string, std::string> texts;
  if (node == nullptr || !node->is_map()) return texts;
  for (const auto& member : *node->map()) texts[member.key] = text_of(&member.value);
  return texts;
}

/// Of a port with a name, its number in the pods that a Service selects.
class NamedPorts {
 public:
  NamedPorts(const ClusterService& service, std::span<const plan::Desired> desired) {
    for (const auto& one : desired) {
      const auto& manifest = one.manifest;
      if (!workload::is_workload(manifest.id)) continue;
      const auto* pod =
          manifest.id.kind == "Pod" ? &manifest.document : manifest.document.at({"spec", "template"});
      if (pod == nullptr ||
          !service.selects(space_of(manifest.id), texts_in(pod->at({"metadata", "labels"}))))
        continue;
      for (const auto& container : items_in(pod->at({"spec", "containers"}))) {
        for (const auto& port : items_in(container.find("ports"))) add(port);
      }
    }
  }

  /// Several only where the pods do not agree.
  std::set<std::uint16_t> find(const std::string& name, const std::string& protocol) const {
    const auto found = all_.find({name, protocol});
    return found == all_.end() ? std::set<std::uint16_t>() : found->second;
  }

 private:
  void add(const yaml::Node& port) {
    const auto* number = port.find("containerPort");
    const auto read = number != nullptr ? port_in(*number) : std::nullopt;
    auto protocol = in_lower_case(text_of(port.find("protocol")));
    if (protocol.empty()) protocol = "tcp";
    if (read) all_[{text_of(port.find("name")), protocol}].insert(*read);
  }

  std::map<std::pair<std::string, std::string>, std::set<std::uint16_t>> all_;
};

class Reader {
 public:
  Reader(const Manifest& manifest, std::span<const plan::Desired> desired, Problems& problems)
      : spec_{&manifest.spec(), "spec"}, problems_(problems) {
    service_.space = space_of(manifest.id);
    service_.name = manifest.id.name;
    service_.selector = texts_in(spec_["selector"].node);
    if (service_.selector.empty()) {
      const auto* place = spec_["selector"].node != nullptr ? spec_["selector"].node : &manifest.document;
      problems_.error(place->place, "the Service selects no pods, and a device has no Endpoints",
                      "write spec.selector with labels of its pods");
    }
    const auto type = text_of(spec_["type"].node);
    if (type == "NodePort" || type == "LoadBalancer") {
      problems_.warning(
          spec_["type"].node->place,
          fmt::format("a Service is for the device's own pods: {} publishes nothing here", type),
          "give a pod that is to be reached from outside a hostPort");
    }
    const NamedPorts named(service_, desired);
    for (const auto& port : spec_["ports"].items()) read_port(port, named);
    if (spec_["ports"].items().empty() && !is_headless(manifest)) {
      problems_.error(manifest.place(), "the Service has no ports", "write spec.ports");
    }
  }

  ClusterService take() { return std::move(service_); }

 private:
  void read_port(const PodField& field, const NamedPorts& named) {
    ClusterService::Port port;
    port.protocol = in_lower_case(text_of(field["protocol"].node));
    if (port.protocol.empty()) port.protocol = "tcp";
    const auto number = field["port"].is_set() ? port_in(*field["port"].node) : std::nullopt;
    if (!number) {
      const auto& place = field["port"].is_set() ? field["port"].node->place : field.node->place;
      problems_.error(place, fmt::format("{} is no port", field["port"].path),
                      fmt::format("write a number from 1 to {}", highest_port));
      return;
    }
    port.number = *number;
    port.target = *number;
    if (const auto target = field["targetPort"]; target.is_set())
      port.target = target_of(target, port, named);
    const bool twice = std::ranges::any_of(service_.ports, [&](const ClusterService::Port& other) {
      return other.number == port.number && other.protocol == port.protocol;
    });
    if (twice) {
      problems_.error(field.node->place, fmt::format("the port {} is there twice", port.number),
                      "leave one of them out");
    }
    service_.ports.push_back(std::move(port));
  }

  std::uint16_t target_of(const PodField& target, const ClusterService::Port& port, const NamedPorts& named) {
    if (const auto number = port_in(*target.node)) return *number;
    const auto name = text_of(target.node);
    if (name.empty()) {
      problems_.error(target.node->place, fmt::format("{} is no port", target.path),
                      fmt::format("write a number from 1 to {}, or the name of a pod's port", highest_port));
      return 0;
    }
    const auto numbers = named.find(name, port.protocol);
    if (numbers.size() > 1) {
      problems_.error(target.node->place,
                      fmt::format("the port {} is another one in each of the pods", printable(name)),
                      "write its number, or give the pods the same");
    }
    return numbers.empty() ? std::uint16_t{0} : *numbers.begin();
  }

  const PodField spec_;
  Problems& problems_;
  ClusterService service_;
};

}  // namespace

bool ClusterService::selects(const std::string& pod_space,
                             const std::map<std::string, std::string>& labels) const {
  return pod_space == space && std::ranges::all_of(selector, [&](const auto& wanted) {
           const auto found = labels.find(wanted.first);
           return found != labels.end() && found->second == wanted.second;
         });
}

bool is_service(const ObjectId& id) {
  return id.api_version == "v1" && id.kind == "Service";
}

std::string space_of(const ObjectId& id) {
  auto space = workload::plain_space(id.namespace_);
  return space.empty() ? "default" : space;
}

bool is_headless(const Manifest& manifest) {
  return text_of(manifest.spec().find("clusterIP")) == "None";
}

ClusterService read_service(const Manifest& manifest, std::span<const plan::Desired> desired,
                            Problems& problems) {
  return Reader(manifest, desired, problems).take();
}

std::string to_json(const ClusterService& service) {
  auto ports = Json::array();
  for (const auto& port : service.ports)
    ports.push_back({{"protocol", port.protocol}, {"port", port.number}, {"target", port.target}});
  return Json{{"address", service.address}, {"selector", service.selector}, {"ports", ports}}.dump();
}

ClusterService service_from(const ObjectId& id, const std::string& record) {
  ClusterService service{space_of(id), id.name, {}, {}, {}};
  try {
    const auto json = Json::parse(record);
    json.at("address").get_to(service.address);
    json.at("selector").get_to(service.selector);
    for (const auto& port : json.at("ports"))
      service.ports.push_back({port.at("protocol"), port.at("port"), port.at("target")});
  } catch (const Json::exception& error) {
    throw Error(Fault::damaged,
                fmt::format("what is kept of {} cannot be read: {}", to_string(id), error.what()));
  }
  return service;
}

}  // namespace greenwave::drivers::podman
