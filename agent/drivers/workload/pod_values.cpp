#include "drivers/workload/pod_values.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "base/error.h"
#include "base/local_address.h"
#include "base/text.h"
#include "drivers/workload/quantity.h"

namespace greenwave::drivers::workload {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 3> anywhere{"metadata.name", "metadata.namespace", "metadata.uid"};
constexpr std::array<std::string_view, 2> maps{"metadata.annotations", "metadata.labels"};
constexpr std::array<std::string_view, 2> in_variables{"spec.nodeName", "spec.serviceAccountName"};
constexpr std::array<std::string_view, 2> of_host{"status.hostIP", "status.hostIPs"};
constexpr std::array<std::string_view, 2> of_pod{"status.podIP", "status.podIPs"};
constexpr std::array<std::string_view, 3> amounts{"cpu", "memory", "ephemeral-storage"};

/// "metadata.labels['app']": the map, and the key.
struct Subscript {
  std::string_view map;
  std::string_view key;
};

std::optional<Subscript> subscript_of(std::string_view path) {
  const auto open = path.find("['");
  if (open == path.npos || open == 0 || !path.ends_with("']")) return {};
  return Subscript{path.substr(0, open), path.substr(open + 2, path.size() - open - 4)};
}

/// As Go quotes a string.
std::string in_go_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\':
        result += '\\';
        result += c;
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        result += c;
    }
  }
  return result + "\"";
}

std::map<std::string, std::string> map_at(const PodField& metadata, std::string_view path) {
  std::map<std::string, std::string> values;
  for (const auto& [key, value] : metadata[path.substr(path.find('.') + 1)].members()) {
    values[std::string(key)] = value.text() != nullptr ? *value.text() : "";
  }
  return values;
}

/// A line for each, in order.
std::string lines_of(const std::map<std::string, std::string>& values) {
  std::string text;
  for (const auto& [key, value] : values) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "\n", key, in_go_quotes(value));
  }
  return text;
}

std::optional<Quantity> amount_at(const Json& container, const char* list, const std::string& name) {
  const auto place = Json::json_pointer(fmt::format("/resources/{}", list));
  if (!container.contains(place) || !container.at(place).is_object()) return {};
  const auto& amounts_of_list = container.at(place);
  const auto found = amounts_of_list.find(name);
  if (found == amounts_of_list.end() || found->is_null()) return {};
  return parse_quantity(found->is_string() ? found->get<std::string>() : found->dump());
}

/// "limits.cpu": the list, and the name in it.
std::optional<std::pair<std::string, std::string>> resource_named(std::string_view text) {
  for (const std::string_view list : {"limits", "requests"}) {
    if (!text.starts_with(list) || text.size() <= list.size() + 1 || text[list.size()] != '.') continue;
    const auto name = text.substr(list.size() + 1);
    if (contains(amounts, name) || name.starts_with("hugepages-"))
      return std::pair(std::string(list), std::string(name));
  }
  return {};
}

[[noreturn]] void lack(const std::string& what) {
  throw Error(Fault::invalid, fmt::format("a pod has no {}", printable(what)),
              "compare it with Kubernetes' page on the downward API");
}

}  // namespace

PodValues::PodValues(const Workload& workload, const Json& spec, const Device& device, PodIdentity identity)
    : workload_(workload), spec_(spec), device_(device), identity_(std::move(identity)) {}

std::string PodValues::field(const Json& ref) const {
  const std::string path = ref.value("fieldPath", "");
  const auto values_at = [&](std::string_view map) {
    auto values = map_at(metadata_of(workload_), map);
    for (const auto& [key, value] : map == "metadata.labels" ? identity_.labels : identity_.annotations)
      values[key] = value;
    return values;
  };
  if (const auto part = subscript_of(path); part && contains(maps, part->map)) {
    const auto values = values_at(part->map);
    const auto found = values.find(std::string(part->key));
    return found == values.end() ? "" : found->second;
  }
  if (contains(maps, path)) return lines_of(values_at(path));
  if (path == "metadata.name") return identity_.name;
  if (path == "metadata.namespace") return identity_.space;
  if (path == "metadata.uid") return identity_.uid;
  if (path == "spec.nodeName") return device_.name;
  if (path == "spec.serviceAccountName") {
    const auto name = spec_.value("serviceAccountName", spec_.value("serviceAccount", ""));
    return name.empty() ? "default" : name;
  }
  if (contains(of_host, path)) return address(path == "status.hostIPs");
  // The pod's own address is the device's, or check_field_ref has refused it.
  if (contains(of_pod, path)) return address(path == "status.podIPs");
  lack(path);
}

std::string PodValues::address(bool all) const {
  const auto addresses = local_addresses();
  if (addresses.empty())
    throw Error(Fault::transient, "the device has no address yet, which a variable of the pod is to have");
  return all ? fmt::format("{}", fmt::join(addresses, ",")) : addresses.front();
}

const Json& PodValues::container(const std::string& name) const {
  for (const auto* list : {"containers", "initContainers"}) {
    const auto found = spec_.find(list);
    if (found == spec_.end() || !found->is_array()) continue;
    for (const auto& one : *found) {
      if (one.value("name", "") == name) return one;
    }
  }
  lack("container " + name);
}

std::string PodValues::resource(const Json& ref, const Json* own) const {
  const std::string written = ref.value("resource", "");
  const auto named = resource_named(written);
  if (!named) lack(written);
  const auto& [list, name] = *named;
  const std::string other = ref.value("containerName", "");
  const auto& holder = other.empty() && own != nullptr ? *own : container(other);
  auto amount = amount_at(holder, list.c_str(), name);
  // What is not limited may have all that the device has. Requests are as the limits where they are not
  // given.
  if ((!amount || amount->is_zero()) && list == "requests") amount = amount_at(holder, "limits", name);
  if ((!amount || amount->is_zero()) && list == "limits") {
    if (name == "cpu") amount = parse_quantity(std::to_string(device_.processors));
    if (name == "memory") amount = parse_quantity(std::to_string(device_.memory));
  }
  if (!amount) amount = parse_quantity("0");
  const auto divisor = ref.find("divisor");
  std::optional<Quantity> unit;
  if (divisor != ref.end() && !divisor->is_null())
    unit = parse_quantity(divisor->is_string() ? divisor->get<std::string>() : divisor->dump());
  if (!unit || unit->is_zero()) unit = parse_quantity("1");
  return std::to_string(amount->in_units_of(*unit));
}

void check_field_ref(const PodField& ref, const PodField& spec, bool in_volume, Problems& problems) {
  const auto path = ref["fieldPath"];
  const auto refuse = [&](const std::string& what, std::string remedy) {
    problems.error(path.node != nullptr ? path.node->place : ref.node->place,
                   fmt::format("{}: {}", path.path, what), std::move(remedy));
  };
  if (path.text() == nullptr) return refuse("there is no fieldPath", "write fieldPath: metadata.name");
  const auto& text = *path.text();
  if (contains(anywhere, text)) return;
  if (const auto part = subscript_of(text); part && contains(maps, part->map)) return;
  if (in_volume && contains(maps, text)) return;
  if (!in_volume && (contains(in_variables, text) || contains(of_host, text))) return;
  if (!in_volume && contains(of_pod, text)) {
    if (is_true(spec["hostNetwork"].node)) return;
    return refuse("podman gives a pod its address when it starts, after its variables",
                  "ask in the container: hostname -i");
  }
  refuse(fmt::format("a {} cannot have {}", in_volume ? "file" : "variable", printable(text)),
         fmt::format("write one of {}, metadata.labels['KEY'], metadata.annotations['KEY'], {}",
                     fmt::join(anywhere, ", "),
                     in_volume ? "metadata.labels, metadata.annotations"
                               : "spec.nodeName, spec.serviceAccountName, status.hostIP"));
}

void check_resource_ref(const PodField& ref, const PodField& spec, bool in_volume, Problems& problems) {
  const auto refuse = [&](const PodField& field, const std::string& what, std::string remedy) {
    problems.error(field.node != nullptr ? field.node->place : ref.node->place,
                   fmt::format("{}: {}", field.path, what), std::move(remedy));
  };
  const auto resource = ref["resource"];
  if (resource.text() == nullptr || !resource_named(*resource.text()))
    refuse(resource, "there is no such resource",
           "write limits. or requests. and one of cpu, memory, ephemeral-storage");
  const auto name = ref["containerName"];
  if (!name.is_set()) {
    if (in_volume) refuse(name, "a file is of one container", "name it");
    return;
  }
  const auto has = [&](const char* list) {
    return std::ranges::any_of(spec[list].items(), [&](const PodField& container) {
      const auto* own = container["name"].text();
      return own != nullptr && name.text() != nullptr && *own == *name.text();
    });
  };
  if (!has("containers") && !has("initContainers"))
    refuse(name, "the pod has no such container", "name one of its containers");
}

}  // namespace greenwave::drivers::workload
