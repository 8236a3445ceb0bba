#include "render/kustomize/images.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "render/kustomize/field_path.h"
#include "render/kustomize/selector.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// The parts of "host:5000/name:tag@digest".
struct Reference {
  std::string name;
  std::string tag;
  std::string digest;
};

Reference parts_of(std::string_view image) {
  auto slash = image.find('/');
  if (slash == std::string_view::npos) slash = 0;
  const auto digest = image.find('@', slash);
  const auto tag = image.substr(0, digest).find(':', slash);
  Reference parts;
  parts.name = image.substr(0, std::min(tag, digest));
  if (tag != std::string_view::npos) parts.tag = image.substr(tag + 1, digest - tag - 1);
  if (digest != std::string_view::npos) parts.digest = image.substr(digest + 1);
  return parts;
}

constexpr const char* tag_and_digest =
    "(:[a-zA-Z0-9_.{}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{}-]*)?";

class ImageSetter {
 public:
  ImageSetter(const Image& image, Context& context)
      : image_(image),
        pattern_(image.name.value + tag_and_digest, image.name.place, context.problems),
        context_(context) {}

  void set(Node& node) const {
    const auto* written = node.string();
    if (written == nullptr || !pattern_.fits(*written)) return;
    auto parts = parts_of(*written);
    if (!image_.new_name.empty()) parts.name = image_.new_name;
    if (!image_.new_tag.empty()) {
      parts.tag = image_.new_tag;
      parts.digest = image_.digest;
    } else if (!image_.digest.empty()) {
      parts.tag.clear();
      parts.digest = image_.digest;
    } else if (!image_.tag_suffix.empty()) {
      parts.tag += image_.tag_suffix;
      parts.digest.clear();
    }
    if (!parts.tag.empty()) parts.name += ':' + parts.tag;
    if (!parts.digest.empty()) parts.name += '@' + parts.digest;
    if (parts.name == *written) return;
    context_.spend(parts.name.size(), image_.name.place);
    node = {std::move(parts.name), image_.name.place};
  }

  void set_below(Node& node) const {
    if (auto* items = node.sequence()) {
      for (auto& item : *items) set_below(item);
    } else if (auto* members = node.map()) {
      for (auto& member : *members) {
        set_below(member.value);
        if (member.key == "containers" || member.key == "initContainers") set_each(member.value);
      }
    }
  }

 private:
  void set_each(Node& containers) const {
    auto* items = containers.sequence();
    if (items == nullptr) return;
    for (auto& item : *items) {
      if (auto* image = item.find("image")) set(*image);
    }
  }

  const Image& image_;
  const Pattern pattern_;
  Context& context_;
};

}  // namespace

const std::vector<FieldSpec>& image_fields() {
  static const std::vector<FieldSpec> fields{
      {{}, "spec/containers[]/image", true},
      {{}, "spec/initContainers[]/image", true},
      {{}, "spec/volumes[]/image/reference", true},
      {{}, "spec/template/spec/containers[]/image", true},
      {{}, "spec/template/spec/initContainers[]/image", true},
      {{}, "spec/template/spec/volumes[]/image/reference", true},
      {{}, "spec/jobTemplate/spec/template/spec/volumes[]/image/reference", true},
  };
  return fields;
}

void set_images(std::vector<Object>& objects, const Image& image, const Configuration& configuration,
                Context& context) {
  std::vector<std::pair<const FieldSpec*, std::vector<std::string>>> fields;
  for (const auto& field : configuration.images) fields.emplace_back(&field, split_path(field.path));
  const ImageSetter setter(image, context);
  for (auto& object : objects) {
    const auto kind = std::string(text_of(object.document, "kind"));
    if (kind == "CustomResourceDefinition") continue;
    setter.set_below(object.document);
    for (const auto& [field, path] : fields) {
      if (!selects(field->kinds, text_of(object.document, "apiVersion"), kind)) continue;
      each_at(object.document, path, Made::nothing, image.name.place, context.problems,
              [&setter](Node& node) { setter.set(node); });
    }
  }
}

/// Other kinds are changed by a patch.
const std::vector<FieldSpec>& replica_fields() {
  static const std::vector<FieldSpec> fields{
      {{"", "", "Deployment"}, "spec/replicas", true},
      {{"", "", "ReplicationController"}, "spec/replicas", true},
      {{"", "", "ReplicaSet"}, "spec/replicas", true},
      {{"", "", "StatefulSet"}, "spec/replicas", true},
  };
  return fields;
}

void set_replicas(std::vector<Object>& objects, const Replicas& replicas, const Configuration& configuration,
                  Context& context) {
  bool found = false;
  for (auto& object : objects) {
    const auto ids = ids_of(object);
    for (const auto& field : configuration.replicas) {
      const bool is_meant = std::any_of(ids.begin(), ids.end(), [&](const ObjectId& id) {
        return id.name == replicas.name.value && selects(field.kinds, id.api_version, id.kind);
      });
      if (!is_meant) continue;
      found = true;
      if (!selects(field.kinds, text_of(object.document, "apiVersion"), text_of(object.document, "kind"))) {
        continue;
      }
      each_at(object.document, split_path(field.path), field.create ? Made::text : Made::nothing,
              replicas.name.place, context.problems, [&replicas](Node& node) {
                node = {replicas.count, replicas.name.place};
              });
    }
  }
  if (found) return;
  context.problems.error(replicas.name.place,
                         fmt::format("no workload is called {}", printable(replicas.name.value)),
                         "name a Deployment, ReplicaSet, StatefulSet or ReplicationController");
}

}  // namespace greenwave::render::kustomize
