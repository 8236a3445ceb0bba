#include "drivers/podman/sheet.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/probe.h"

namespace greenwave::drivers::podman {

namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr std::size_t longest_host_name = 63;

Digest digest_of(const Manifest& manifest, const Workload& workload, const Store& store,
                 const std::string& key) {
  Hasher hasher(key);
  hasher.add_field(label_of(manifest.id));
  hasher.add_field(workload.metadata != nullptr ? yaml::canonical(*workload.metadata) : "");
  hasher.add_field(yaml::canonical(*workload.spec));
  for (const auto& need : workload.needs) {
    hasher.add_field(need.kind).add_field(need.name);
    const auto material = store.find(need, manifest.id.namespace_);
    hasher.add_field(material ? std::to_string(material->size()) : "absent");
    if (!material) continue;
    for (const auto& [name, bytes] : *material) hasher.add_field(name).add_field(bytes);
  }
  return hasher.finish();
}

/// Fills one workload's parts in, as JSON.
class Writer {
 public:
  Writer(const Manifest& manifest, const Workload& workload, const Store& store)
      : manifest_(manifest), workload_(workload), store_(store) {}

  Sheet write(const std::string& digest, std::string pod) {
    sheet_ = {};
    maps_.clear();
    probes_ = OrderedJson::object();
    sheet_.digest = digest;
    sheet_.pod = std::move(pod);
    OrderedJson spec = to_json(*workload_.spec);
    const bool host_network = spec.value("hostNetwork", false);
    for (const auto* list : {"initContainers", "containers"}) {
      if (!spec.contains(list)) continue;
      for (auto& container : spec[list]) {
        const bool runs = std::string_view(list) == "containers";
        fill_container(container, runs);
        auto probes = take_probes(container, host_network);
        if (runs && !probes.is_null()) probes_[container.value("name", "")] = std::move(probes);
      }
    }
    if (spec.contains("volumes")) {
      for (auto& volume : spec["volumes"]) fill_volume(volume);
    }
    spec["restartPolicy"] = workload_.restart;
    if (!spec.contains("hostname")) spec["hostname"] = manifest_.id.name.substr(0, longest_host_name);

    const OrderedJson document{
        {"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata()}, {"spec", spec}};
    for (const auto& map : maps_) sheet_.text += map + "\n---\n";
    sheet_.text += document.dump() + "\n";
    return std::move(sheet_);
  }

 private:
  OrderedJson metadata() const {
    OrderedJson metadata{{"name", sheet_.pod}, {"labels", OrderedJson::object()}};
    if (workload_.metadata != nullptr) {
      for (const auto* key : {"labels", "annotations"}) {
        const auto* node = workload_.metadata->find(key);
        if (node != nullptr && node->is_map()) metadata[key] = to_json(*node);
      }
    }
    metadata["labels"][std::string(labels::object)] = label_of(manifest_.id);
    metadata["labels"][std::string(labels::digest)] = sheet_.digest;
    // Always, so that no label of an image's counts instead.
    metadata["labels"][std::string(labels::probes)] = probes_.dump();
    metadata["labels"][std::string(labels::restart)] = workload_.restart;
    // Podman 4.3 removes init containers that run once while they end, which fails half of the time.
    metadata["annotations"]["io.podman.annotations.init.container.type"] = "always";
    return metadata;
  }

  [[noreturn]] void lack(const std::string& kind, const std::string& name, const std::string& key) const {
    throw Error(Fault::invalid,
                key.empty() ? fmt::format("no manifest of this device declares {}/{}", kind, printable(name))
                            : fmt::format("{}/{} has no key {}", kind, printable(name), printable(key)),
                "declare it, or mark what names it as optional: true");
  }

  /// Nothing where it is missing and may be.
  std::optional<Material> material(std::string_view kind, const OrderedJson& ref, const char* key) const {
    const std::string name = ref.value(key, "");
    const bool optional = ref.value("optional", false);
    auto found = store_.find({std::string(kind), name, optional}, manifest_.id.namespace_);
    if (!found && !optional) lack(std::string(kind), name, {});
    return found;
  }

  void fill_container(OrderedJson& container, bool runs) {
    const std::string name = container.value("name", "");
    if (runs) sheet_.containers.push_back(sheet_.pod + "-" + name);
    note_image(container);
    container["imagePullPolicy"] = "Never";  // it is here when podman reads this
    fill_environment(container);
  }

  void note_image(const OrderedJson& container) {
    Image image{container.value("image", ""), Image::Pull::missing};
    const auto policy = container.value("imagePullPolicy", "");
    const auto name = image.reference.substr(image.reference.rfind('/') + 1);
    const bool exact = name.find('@') != std::string::npos;
    const bool latest = !exact && (name.find(':') == std::string::npos || name.ends_with(":latest"));
    if (policy == "Never") {
      image.pull = Image::Pull::never;
    } else if (!exact && (policy == "Always" || (policy.empty() && latest))) {
      image.pull = Image::Pull::always;  // as Kubernetes reads it; bytes named by digest cannot change
    }
    if (std::ranges::find(sheet_.images, image) == sheet_.images.end()) sheet_.images.push_back(image);
  }

  void fill_environment(OrderedJson& container) const {
    OrderedJson filled = OrderedJson::array();
    if (container.contains("envFrom")) {
      for (const auto& source : container["envFrom"]) {
        for (const auto& [ref, kind] : {std::pair{"configMapRef", "ConfigMap"}, {"secretRef", "Secret"}}) {
          if (!source.contains(ref)) continue;
          const auto found = material(kind, source[ref], "name");
          if (!found) continue;
          for (const auto& [key, bytes] : *found) {
            filled.push_back({{"name", source.value("prefix", "") + key}, {"value", text_of(bytes, key)}});
          }
        }
      }
      container.erase("envFrom");
    }
    if (container.contains("env")) {
      for (const auto& variable : container["env"]) fill_variable(variable, filled);
    }
    if (!filled.empty()) container["env"] = std::move(filled);
  }

  void fill_variable(const OrderedJson& variable, OrderedJson& filled) const {
    const auto from = variable.find("valueFrom");
    if (from == variable.end() || !from->is_object()) {
      filled.push_back(variable);
      return;
    }
    for (const auto& [ref, kind] : {std::pair{"configMapKeyRef", "ConfigMap"}, {"secretKeyRef", "Secret"}}) {
      if (!from->contains(ref)) continue;
      const auto& named = (*from)[ref];
      const auto found = material(kind, named, "name");
      if (!found) return;
      const std::string key = named.value("key", "");
      const auto bytes = found->find(key);
      if (bytes == found->end() && named.value("optional", false)) return;
      if (bytes == found->end()) lack(kind, named.value("name", ""), key);
      filled.push_back({{"name", variable.value("name", "")}, {"value", text_of(bytes->second, key)}});
      return;
    }
    filled.push_back(variable);
  }

  static std::string text_of(const std::string& bytes, const std::string& key) {
    if (is_text(bytes)) return bytes;
    throw Error(Fault::invalid,
                fmt::format("the value of {} is no text: it cannot be a variable", printable(key)),
                "mount it as a volume");
  }

  void fill_volume(OrderedJson& volume) {
    const std::string own = fmt::format("{}-{}", sheet_.pod, volume.value("name", ""));
    for (const auto& [member, kind, key] :
         {std::tuple{"configMap", "ConfigMap", "name"}, {"secret", "Secret", "secretName"}}) {
      if (!volume.contains(member)) continue;
      const auto source = volume[member];
      volume.erase(member);
      volume["configMap"] = {{"name", own}, {"optional", false}};
      add_map(own, project(kind, source, material(kind, source, key)));
      return;
    }
    if (volume.contains("projected")) {
      auto files = merge(volume["projected"]["sources"]);
      volume.erase("projected");
      volume["configMap"] = {{"name", own}, {"optional", false}};
      add_map(own, files);
    } else if (volume.contains("emptyDir")) {
      volume.erase("emptyDir");
      volume["persistentVolumeClaim"] = {{"claimName", own}};
      sheet_.volumes.push_back(own);
    } else if (volume.contains("hostPath")) {
      sheet_.host_paths.push_back(volume["hostPath"].value("path", ""));
    }
  }

  /// The files of a projected volume: where two sources have one of the same name, the later's.
  Material merge(const OrderedJson& sources) const {
    Material files;
    for (const auto& source : sources) {
      for (const auto& [member, kind] : {std::pair{"configMap", "ConfigMap"}, {"secret", "Secret"}}) {
        if (!source.contains(member)) continue;
        for (auto& [path, bytes] : project(kind, source[member], material(kind, source[member], "name")))
          files[path] = std::move(bytes);
      }
    }
    return files;
  }

  /// The files of a volume: what `items` chooses, or everything.
  Material project(const std::string& kind, const OrderedJson& source,
                   const std::optional<Material>& material) const {
    if (!material) return {};
    if (!source.contains("items")) return *material;
    Material chosen;
    for (const auto& item : source["items"]) {
      const std::string key = item.value("key", "");
      const auto found = material->find(key);
      if (found != material->end()) {
        chosen[item.value("path", "")] = found->second;
      } else if (!source.value("optional", false)) {
        lack(kind, source.value("name", source.value("secretName", "")), key);
      }
    }
    return chosen;
  }

  void add_map(const std::string& name, const Material& material) {
    OrderedJson bytes = OrderedJson::object();
    for (const auto& [key, value] : material) bytes[key] = encode_base64(value);
    const OrderedJson map{{"apiVersion", "v1"},
                          {"kind", "ConfigMap"},
                          {"metadata", {{"name", name}}},
                          {"binaryData", std::move(bytes)}};
    maps_.push_back(map.dump());
    sheet_.volumes.push_back(name);
  }

  const Manifest& manifest_;
  const Workload& workload_;
  const Store& store_;
  Sheet sheet_;
  std::vector<std::string> maps_;
  OrderedJson probes_;  ///< by container
};

}  // namespace

std::string label_of(const ObjectId& id) {
  return fmt::format("{}/{}/{}/{}", id.api_version, id.kind, id.namespace_, id.name);
}

std::vector<Sheet> sheets_of(const Manifest& manifest, const Workload& workload, const Store& store,
                             const std::string& key) {
  std::vector<Sheet> sheets;
  const auto digest = to_hex(digest_of(manifest, workload, store, key)).substr(0, 32);
  Writer writer(manifest, workload, store);
  try {
    for (std::size_t i = 0; i < workload.pods; ++i) {
      auto name = fmt::format("{}-{}", manifest.id.name, digest.substr(0, shown_digest));
      if (workload.numbered) name += fmt::format("-{}", i);
      sheets.push_back(writer.write(digest, std::move(name)));
    }
  } catch (const nlohmann::json::exception& error) {
    // Its message names types, never values.
    throw Error(Fault::invalid,
                fmt::format("{} is no pod as Kubernetes knows it: {}", to_string(manifest.id), error.what()),
                "compare its fields with Kubernetes' reference of the kind");
  }
  return sheets;
}

}  // namespace greenwave::drivers::podman
