#include "drivers/workload/content.h"

#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::drivers::workload {

namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void lack(const std::string& kind, const std::string& name, const std::string& key) {
  throw Error(Fault::invalid,
              key.empty() ? fmt::format("no manifest of this device declares {}/{}", kind, printable(name))
                          : fmt::format("{}/{} has no key {}", kind, printable(name), printable(key)),
              "declare it, or mark what names it as optional: true");
}

std::string text_of(const std::string& bytes, const std::string& key) {
  if (is_text(bytes)) return bytes;
  throw Error(Fault::invalid,
              fmt::format("the value of {} is not text: it cannot be a variable", printable(key)),
              "mount it as a volume");
}

/// The files of a volume: what `items` chooses, or everything.
Material project(const std::string& kind, const Json& source, const std::optional<Material>& material) {
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

}  // namespace

Image image_of(const Json& container) {
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
  return image;
}

/// Nothing where it is missing and may be.
std::optional<Material> Content::find(std::string_view kind, const Json& ref, const char* key) const {
  const std::string name = ref.value(key, "");
  const bool optional = ref.value("optional", false);
  auto found = store_.find({std::string(kind), name, optional}, space_);
  if (!found && !optional) lack(std::string(kind), name, {});
  return found;
}

void Content::fill_environment(Json& container) const {
  Json filled = Json::array();
  if (container.contains("envFrom")) {
    for (const auto& source : container["envFrom"]) {
      for (const auto& [ref, kind] : {std::pair{"configMapRef", "ConfigMap"}, {"secretRef", "Secret"}}) {
        if (!source.contains(ref)) continue;
        const auto found = find(kind, source[ref], "name");
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

void Content::fill_variable(const Json& variable, Json& filled) const {
  const auto from = variable.find("valueFrom");
  if (from == variable.end() || !from->is_object()) {
    filled.push_back(variable);
    return;
  }
  for (const auto& [ref, kind] : {std::pair{"configMapKeyRef", "ConfigMap"}, {"secretKeyRef", "Secret"}}) {
    if (!from->contains(ref)) continue;
    const auto& named = (*from)[ref];
    const auto found = find(kind, named, "name");
    if (!found) return;
    const std::string key = named.value("key", "");
    const auto bytes = found->find(key);
    if (bytes == found->end() && named.value("optional", false)) return;
    if (bytes == found->end()) lack(kind, named.value("name", ""), key);
    filled.push_back({{"name", variable.value("name", "")}, {"value", text_of(bytes->second, key)}});
    return;
  }
  if (const auto text = annotation(*from)) {
    filled.push_back({{"name", variable.value("name", "")}, {"value", *text}});
    return;
  }
  filled.push_back(variable);
}

/// The value of the annotation that a variable names, empty where there is none; nothing where it names none.
std::optional<std::string> Content::annotation(const Json& from) const {
  constexpr std::string_view opens = "metadata.annotations['";
  constexpr std::string_view closes = "']";
  const auto path = from.value("fieldRef", Json::object()).value("fieldPath", "");
  if (!path.starts_with(opens) || !path.ends_with(closes)) return {};
  const auto key = path.substr(opens.size(), path.size() - opens.size() - closes.size());
  const auto* value = annotations_ != nullptr ? annotations_->find(key) : nullptr;
  return value != nullptr && value->is_string() ? *value->string() : "";
}

std::optional<Material> Content::files_of(const Json& volume) const {
  for (const auto& [member, kind, key] :
       {std::tuple{"configMap", "ConfigMap", "name"}, {"secret", "Secret", "secretName"}}) {
    if (volume.contains(member)) return project(kind, volume[member], find(kind, volume[member], key));
  }
  if (volume.contains("projected")) return merge(volume.at("projected").at("sources"));
  return {};
}

/// The files of a projected volume: where two sources have one of the same name, the later's.
Material Content::merge(const Json& sources) const {
  Material files;
  for (const auto& source : sources) {
    for (const auto& [member, kind] : {std::pair{"configMap", "ConfigMap"}, {"secret", "Secret"}}) {
      if (!source.contains(member)) continue;
      for (auto& [path, bytes] : project(kind, source[member], find(kind, source[member], "name")))
        files[path] = std::move(bytes);
    }
  }
  return files;
}

}  // namespace greenwave::drivers::workload
