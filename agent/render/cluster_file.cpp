#include "render/cluster_file.h"

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "model/lead.h"
#include "model/object_id.h"
#include "model/paths.h"
#include "model/repository_file.h"
#include "render/inventory.h"
#include "render/named.h"
#include "render/object/variables.h"
#include "render/waves.h"
#include "secrets/encrypted_file.h"
#include "yaml/fields.h"
#include "yaml/load_filled.h"

namespace greenwave::render {

namespace {

const std::vector<std::string> days_of_the_week{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

const std::vector<std::string> runtimes{"none", "podman", "kubernetes"};

/// A path of the repository; "" when absent or wrong.
std::string path_field(yaml::Fields& fields, std::string_view key, std::optional<std::string> written) {
  if (!written) return {};
  if (const auto path = normal_path(*written)) return *path;
  fields.error(key, fmt::format("\"{}\" is not a path in the repository", printable(*written)),
               "write it from the repository's root, without a leading / and without ..");
  return {};
}

void check_header(yaml::Fields& fields, Problems& problems, std::string& name) {
  const auto api = fields.required_text("apiVersion");
  if (!api.empty() && api != own_api) {
    fields.error("apiVersion", fmt::format("the apiVersion of {} is \"{}\"", cluster_file, printable(api)),
                 fmt::format("write {}", own_api));
  }
  const auto kind = fields.required_text("kind");
  if (!kind.empty() && kind != "Cluster") {
    fields.error("kind", fmt::format("the kind of {} is \"{}\"", cluster_file, printable(kind)),
                 "write Cluster, or rename this file if it is an ordinary manifest");
  }
  const auto* metadata = fields.map("metadata");
  if (metadata == nullptr) {
    if (!fields.has("metadata")) {
      fields.error("metadata", "the cluster has no name", "write metadata: {name: san-francisco}");
    }
    return;
  }
  yaml::Fields about(*metadata, "the cluster's metadata", problems);
  name = about.required_text("name");
  about.any("labels");
  about.any("annotations");
  about.done();
}

void refuse_variables(const yaml::Node& value, Problems& problems) {
  if (const auto* text = value.string(); text != nullptr && has_variables(*text)) {
    problems.error(value.place, "the value contains a variable, which would not be replaced",
                   "write the value itself, or use both variables in the manifest");
  } else if (const auto* items = value.sequence()) {
    for (const auto& item : *items) refuse_variables(item, problems);
  } else if (const auto* members = value.map()) {
    for (const auto& member : *members) refuse_variables(member.value, problems);
  }
}

Layer read_layer(const yaml::Node& node, Problems& problems) {
  yaml::Fields fields(node, "the layer", problems);
  Layer layer;
  layer.path = path_field(fields, "path", fields.required_text("path"));
  layer.place = fields.place_of("path");
  if (const auto* selector = fields.map("selector")) layer.selector = read_selector(*selector, problems);
  layer.within = path_field(fields, "within", fields.text("within"));
  layer.optional = fields.flag("optional").value_or(false);
  if (!fields.flag("variables").value_or(true)) layer.substitution = Substitution::none;
  fields.done();
  return layer;
}

bool is_time_of_day(std::string_view text) {
  const auto digit = [text](std::size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  return text.size() == 5 && text[2] == ':' && digit(0) && digit(1) && digit(3) && digit(4) &&
         text.substr(0, 2) <= "23" && text.substr(3) <= "59";
}

std::string time_field(yaml::Fields& fields, std::string_view key) {
  auto time = fields.required_text(key);
  if (!time.empty() && !is_time_of_day(time)) {
    fields.error(key, fmt::format("\"{}\" is not a time of day", printable(time)), "write it as \"04:30\"");
  }
  return time;
}

Window read_window(const yaml::Node& node, Problems& problems) {
  yaml::Fields fields(node, "the window", problems);
  Window window;
  window.name = fields.required_text("name");
  window.place = fields.place();
  window.days = fields.texts("days");
  if (!fields.has("days")) window.days = days_of_the_week;
  if (window.days.empty()) {
    fields.error("days", "a window without a day is never open", "list its days, or omit days for every day");
  }
  for (const auto& day : window.days) {
    if (contains(days_of_the_week, day)) continue;
    fields.error("days", fmt::format("\"{}\" is not a day of the week", printable(day)),
                 fmt::format("write some of: {}", fmt::join(days_of_the_week, ", ")));
  }
  window.from = time_field(fields, "from");
  window.to = time_field(fields, "to");
  if (!window.from.empty() && window.from == window.to) {
    fields.error("to", "the window ends when it begins, so it is never open", "write another time");
  }
  window.timezone = fields.required_text("timezone");
  fields.done();
  return window;
}

std::vector<Layer> read_layers(yaml::Fields& spec, Problems& problems) {
  const auto* items = spec.sequence("layers");
  if (items == nullptr) return {Layer{}};
  std::vector<Layer> layers;
  for (const auto& item : *items->sequence()) layers.push_back(read_layer(item, problems));
  if (layers.empty()) {
    spec.error("layers", "the list of layers is empty, so that no device would get anything",
               "write layers: [{path: base}], or omit layers: then the whole repository is one");
  }
  return layers;
}

}  // namespace

Cluster plain_cluster() {
  Cluster cluster;
  cluster.vars = yaml::Node{yaml::Node::Map{}, {}};
  cluster.layers.push_back(Layer{});
  cluster.layers.front().substitution = Substitution::own_kinds;
  return cluster;
}

Cluster parse_cluster(std::string_view text, const std::string& file, Problems& problems) {
  auto document = yaml::load_filled(text, file,
                                    {"the file",
                                     "write apiVersion, kind, metadata and spec; or remove the file, then "
                                     "every manifest of the repository goes to every device"},
                                    problems);
  return document ? cluster_of(std::move(*document), problems) : plain_cluster();
}

Cluster cluster_of(yaml::Node document, Problems& problems) {
  Cluster cluster = plain_cluster();
  cluster.document = std::move(document);
  yaml::Fields fields(cluster.document, cluster_file, problems);
  check_header(fields, problems, cluster.name);
  if (const auto* node = fields.map("spec")) {
    yaml::Fields spec(*node, "the cluster's spec", problems);
    cluster.devices = path_field(spec, "devices", spec.text("devices"));
    cluster.devices_place = spec.place_of("devices");
    if (const auto* vars = spec.map("vars")) {
      cluster.vars = *vars;
      refuse_variables(*vars, problems);
    }
    cluster.layers = read_layers(spec, problems);
    cluster.waves = read_waves(spec, problems);
    cluster.wave_salt = spec.text("waveSalt").value_or(cluster.name);
    cluster.windows = read_named<Window>(spec, "windows", read_window, problems);
    cluster.runtime = spec.word("runtime", runtimes).value_or("");
    cluster.runtime_place = spec.place_of("runtime");
    cluster.allow_empty = spec.flag("allowEmpty").value_or(false);
    spec.done();
  }
  fields.done();
  return cluster;
}

void throw_errors(const Problems& problems) {
  if (!problems.has_errors()) return;
  std::string lines;
  for (const auto& problem : problems.list()) {
    if (problem.severity != Severity::error) continue;
    if (!lines.empty()) lines += '\n';
    lines += to_string(problem);
  }
  throw Error(Fault::invalid, lines);
}

Cluster read_cluster(const SourceTree& tree, Problems& problems) {
  const auto lead = follow(tree, cluster_file);
  if (!lead.refusal.empty()) throw Error(Fault::invalid, lead.refusal, lead.remedy);
  if (!lead.item) return plain_cluster();
  if (!lead.is_file()) {
    throw Error(Fault::invalid, fmt::format("{} is not a file", printable(lead.path)), "put the file there");
  }
  const auto text = read_file(tree, lead.path, yaml::Limits{}.bytes);
  secrets::require_clear(lead.path, text);
  Problems found;
  auto cluster = parse_cluster(text, lead.path, found);
  throw_errors(found);
  problems.append(found);
  return cluster;
}

std::string runtime_of(const Cluster& cluster, const Device& device) {
  const auto label = device.labels.find("runtime");
  const bool says = label != device.labels.end() && contains(runtimes, label->second);
  return says ? label->second : cluster.runtime;
}

bool lacks_systemd(const Device& device) {
  const auto label = device.labels.find("init");
  return label != device.labels.end() && label->second != "systemd";
}

std::string read_inventory(const Cluster& cluster, const SourceTree& tree) {
  const auto refuse = [&](std::string_view why, std::string remedy) {
    return Error(Fault::invalid, fmt::format("{}: {}", to_string(cluster.devices_place), why),
                 std::move(remedy));
  };
  const auto lead = follow(tree, cluster.devices);
  if (!lead.refusal.empty()) throw refuse(lead.refusal, lead.remedy);
  if (!lead.is_file()) {
    throw refuse(
        fmt::format("the inventory {} {}", cluster.devices, lead.item ? "is not a file" : "does not exist"),
        "add it, fix the path, or omit devices");
  }
  auto text = tree.read(lead.path, most_inventory_bytes);
  try {
    refuse_lfs_pointer(lead.path, text);
    secrets::require_clear(lead.path, text);
  } catch (const Error& error) {
    throw refuse(error.message(), error.remedy());
  }
  return text;
}

}  // namespace greenwave::render
