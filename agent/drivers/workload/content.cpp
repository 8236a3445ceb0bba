#include "drivers/workload/content.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/workload/expansion.h"

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

constexpr unsigned usual_mode = 0644;

unsigned mode_in(const Json& json, const char* key, unsigned usual) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<unsigned>() & 07777U : usual;
}

/// "./a//b" is "a/b".
std::string plain(std::string_view path) {
  std::string result;
  for (const auto part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    result += result.empty() ? "" : "/";
    result += part;
  }
  return result;
}

bool is_optional(const Json& ref) {
  const auto found = ref.find("optional");
  return found != ref.end() && found->is_boolean() && found->get<bool>();
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

/// Collects a volume's files: of two with the same path, the later one counts.
class Content::Files {
 public:
  Files(const Content& content, unsigned mode) : content_(content), mode_(mode) {}

  /// Of a ConfigMap or Secret: what `items` chooses, or everything.
  void add(const std::string& kind, const Json& source, const char* name) {
    const auto material = content_.find(kind, source, name);
    if (!material) return;
    const auto items = source.find("items");
    if (items == source.end() || items->empty()) {
      for (const auto& [key, bytes] : *material) put(key, bytes, mode_);
      return;
    }
    for (const auto& item : *items) {
      const std::string key = item.value("key", "");
      const auto found = material->find(key);
      if (found != material->end()) {
        put(item.value("path", ""), found->second, mode_in(item, "mode", mode_));
      } else if (!is_optional(source)) {
        lack(kind, source.value(name, ""), key);
      }
    }
  }

  void add_fields(const Json& source) {
    const auto items = source.find("items");
    if (items == source.end()) return;
    for (const auto& item : *items) {
      const auto field = item.find("fieldRef");
      const auto bytes = field != item.end()
                             ? content_.values_.field(*field)
                             : content_.values_.resource(item.at("resourceFieldRef"), nullptr);
      put(item.value("path", ""), bytes, mode_in(item, "mode", mode_));
    }
  }

  std::vector<VolumeFile> take() {
    std::vector<VolumeFile> files;
    for (auto& [path, file] : files_) {
      refuse_below_file(path);
      files.push_back(std::move(file));
    }
    return files;
  }

 private:
  void put(std::string_view written, std::string bytes, unsigned mode) {
    auto path = plain(written);
    files_[path] = {path, std::move(bytes), mode};
  }

  void refuse_below_file(std::string_view path) const {
    for (auto at = path.rfind('/'); at != path.npos; at = path.rfind('/', at - 1)) {
      const auto above = std::string(path.substr(0, at));
      if (files_.contains(above))
        throw Error(
            Fault::invalid,
            fmt::format("{} is a file in the volume, and {} is in it", printable(above), printable(path)),
            "choose another path in items");
      if (at == 0) break;
    }
  }

  const Content& content_;
  const unsigned mode_;
  std::map<std::string, VolumeFile> files_;
};

/// Nothing where it is missing and may be.
std::optional<Material> Content::find(std::string_view kind, const Json& ref, const char* key) const {
  const std::string name = ref.value(key, "");
  const bool optional = is_optional(ref);
  auto found = store_.find({std::string(kind), name, optional}, space_);
  if (!found && !optional) lack(std::string(kind), name, {});
  return found;
}

/// What is not text cannot be a variable: of a ConfigMap, that is binaryData, which Kubernetes leaves out.
void Content::add_all(const Json& source, Environment& variables) const {
  for (const auto& [ref, kind] : {std::pair{"configMapRef", "ConfigMap"}, {"secretRef", "Secret"}}) {
    if (!source.contains(ref)) continue;
    const auto found = find(kind, source[ref], "name");
    if (!found) continue;
    for (const auto& [key, bytes] : *found) {
      if (std::string_view(kind) == "ConfigMap" && !is_text(bytes)) continue;
      variables[source.value("prefix", "") + key] = text_of(bytes, key);
    }
  }
}

Environment Content::environment_of(const Json& container) const {
  Environment variables;
  if (const auto from = container.find("envFrom"); from != container.end()) {
    for (const auto& source : *from) add_all(source, variables);
  }
  if (const auto own = container.find("env"); own != container.end()) {
    for (const auto& variable : *own) {
      if (auto value = value_of(variable, container, variables))
        variables[variable.value("name", "")] = std::move(*value);
    }
  }
  return variables;
}

/// Nothing for one that is left out because what it names may be missing, and is.
std::optional<std::string> Content::value_of(const Json& variable, const Json& container,
                                             const Environment& before) const {
  const auto written = variable.find("value");
  if (written != variable.end() && !written->is_null() && !written->get<std::string>().empty()) {
    return expanded(written->get<std::string>(), [&](std::string_view name) {
      const auto found = before.find(std::string(name));
      return found == before.end() ? nullptr : &found->second;
    });
  }
  const auto from = variable.find("valueFrom");
  if (from == variable.end() || !from->is_object()) return "";
  if (from->contains("fieldRef")) return values_.field((*from)["fieldRef"]);
  if (from->contains("resourceFieldRef")) return values_.resource((*from)["resourceFieldRef"], &container);
  for (const auto& [ref, kind] : {std::pair{"configMapKeyRef", "ConfigMap"}, {"secretKeyRef", "Secret"}}) {
    if (!from->contains(ref)) continue;
    const auto& named = (*from)[ref];
    const auto found = find(kind, named, "name");
    if (!found) return {};
    const std::string key = named.value("key", "");
    const auto bytes = found->find(key);
    if (bytes != found->end()) return text_of(bytes->second, key);
    if (is_optional(named)) return {};
    lack(kind, named.value("name", ""), key);
  }
  return "";
}

std::optional<std::vector<VolumeFile>> Content::files_of(const Json& volume) const {
  for (const auto* kind : {"configMap", "secret", "downwardAPI", "projected"}) {
    if (!volume.contains(kind) || volume[kind].is_null()) continue;
    const auto& from = volume[kind];
    Files files(*this, mode_in(from, "defaultMode", usual_mode));
    const auto add = [&](const Json& source, std::string_view member, bool is_projected) {
      if (member == "configMap") files.add("ConfigMap", source, "name");
      if (member == "secret") files.add("Secret", source, is_projected ? "name" : "secretName");
      if (member == "downwardAPI") files.add_fields(source);
    };
    if (std::string_view(kind) != "projected") {
      add(from, kind, false);
    } else if (const auto sources = from.find("sources"); sources != from.end()) {
      for (const auto& source : *sources) {
        for (const auto& [member, part] : source.items()) add(part, member, true);
      }
    }
    return files.take();
  }
  return {};
}

}  // namespace greenwave::drivers::workload
