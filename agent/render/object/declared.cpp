#include "render/object/declared.h"

#include <fmt/format.h>

#include "base/text.h"
#include "model/annotations.h"
#include "render/object/opened.h"

namespace greenwave::render {

namespace {

/// Reads the members that identify an object. Null members count as absent, as in Kubernetes.
class Identification {
 public:
  /// `unresolved`: what still has a variable has its message already.
  Identification(const yaml::Node& document, bool unresolved, Problems& problems)
      : document_(document), unresolved_(unresolved), problems_(problems) {}

  std::optional<ObjectId> read() {
    ObjectId id;
    id.api_version = required(document_, "apiVersion", "apiVersion: greenwave.dev/v1");
    id.kind = required(document_, "kind", "kind: File");
    const auto* metadata = document_.find("metadata");
    if (metadata == nullptr || metadata->is_null()) {
      fail(document_.place, "the manifest has no metadata.name", "write metadata: {name: …}");
    } else if (!metadata->is_map()) {
      fail(metadata->place, fmt::format("metadata must be a map, not {}", kind_of(*metadata)),
           "write metadata: {name: …}");
    } else {
      id.name = required(*metadata, "name", "metadata: {name: …}");
      id.namespace_ = optional(*metadata, "namespace");
      if (!id.namespace_.empty() && is_own(id)) {
        fail(metadata->find("namespace")->place, "Greenwave's own objects have no namespace", "remove it");
      }
    }
    if (failed_) return {};
    return id;
  }

 private:
  void fail(const Place& place, std::string message, std::string remedy) {
    problems_.error(place, std::move(message), std::move(remedy));
    failed_ = true;
  }

  std::string optional(const yaml::Node& map, std::string_view key) {
    const auto* member = map.find(key);
    if (member == nullptr || member->is_null()) return {};
    const auto* text = member->string();
    if (text == nullptr) {
      fail(member->place, fmt::format("{} must be a string, not {}", key, kind_of(*member)),
           "put it in quotes");
      return {};
    }
    if (unresolved_ && has_variables(*text)) {
      failed_ = true;
      return {};
    }
    // Only an apiVersion has a slash; in names it would make references ambiguous.
    const bool has_slash = key != "apiVersion" && text->find('/') != std::string::npos;
    if (has_slash || text->size() > 253 || printable(*text) != *text ||
        text->find(' ') != std::string::npos || text->find("${") != std::string::npos) {
      fail(member->place, fmt::format("\"{}\" is not a valid {} of an object", printable(*text), key),
           "use letters, digits, dots and dashes, at most 253 of them");
      return {};
    }
    return *text;
  }

  std::string required(const yaml::Node& map, std::string_view key, std::string_view example) {
    const bool had_failed = failed_;
    auto text = optional(map, key);
    if (text.empty() && failed_ == had_failed) {
      const auto* member = map.find(key);
      fail(member != nullptr ? member->place : map.place, fmt::format("the manifest has no {}", key),
           fmt::format("write {}", example));
    }
    return text;
  }

  const yaml::Node& document_;
  bool unresolved_;
  Problems& problems_;
  bool failed_ = false;
};

const std::string* text_member(const yaml::Node& map, std::string_view key) {
  const auto* member = map.find(key);
  return member != nullptr ? member->string() : nullptr;
}

/// Items of a typed list (a ConfigMapList) may omit what the list says already.
void complete_item(yaml::Node& item, const std::string& list_kind, const yaml::Node* api) {
  const auto kind = list_kind.substr(0, list_kind.size() - std::string_view("List").size());
  if (kind.empty() || !item.is_map() || item.find("kind") != nullptr) return;
  yaml::set(item, "kind", {kind, item.place});
  if (item.find("apiVersion") == nullptr && api != nullptr) yaml::set(item, "apiVersion", *api);
}

}  // namespace

bool is_own(const ObjectId& id) {
  return id.api_version.starts_with("greenwave.dev/");
}

std::optional<ObjectId> identify(const yaml::Node& document, Problems& problems) {
  return Identification(document, false, problems).read();
}

yaml::Node* items_of(yaml::Node& document) {
  const auto* kind = text_member(document, "kind");
  if (kind == nullptr || !kind->ends_with("List")) return nullptr;
  auto* items = document.find("items");
  return items != nullptr && (items->is_sequence() || items->is_null()) ? items : nullptr;
}

void take_apart(yaml::Node document, ReadFile& file) {
  if (!document.is_map()) {
    file.problems.error(document.place, fmt::format("a manifest is a map, not {}", kind_of(document)),
                        "write apiVersion, kind, metadata and spec");
    file.complete = false;
    return;
  }
  if (auto* items = items_of(document)) {
    if (items->is_null()) return;
    const auto kind = *text_member(document, "kind");
    for (auto& item : *items->sequence()) {
      complete_item(item, kind, document.find("apiVersion"));
      take_apart(std::move(item), file);
    }
    return;
  }
  if (document.find("apiVersion") == nullptr && document.find("kind") == nullptr) {
    file.problems.error(document.place, "this is not a manifest: it has neither apiVersion nor kind",
                        "write both; or, if it is content of a File or a Directory, name it (or a directory "
                        "above it) in their source, or keep it outside of the layers");
    file.complete = false;
    return;
  }
  file.documents.push_back(std::move(document));
}

bool has_substitution(const yaml::Node& document, Substitution of_layer) {
  const auto* written = document.at({"metadata", "annotations"});
  const auto* word = written != nullptr ? text_member(*written, annotations::variables) : nullptr;
  if (word != nullptr && *word == "enabled") return true;
  if (word != nullptr && *word == "disabled") return false;
  if (of_layer != Substitution::own_kinds) return of_layer == Substitution::all;
  const auto* api_version = text_member(document, "apiVersion");
  return api_version != nullptr && is_own({*api_version, "", "", ""});
}

void declare(yaml::Node document, const Variables& variables, Substitution of_layer, ManifestFile& file) {
  const bool replaced =
      !has_substitution(document, of_layer) || variables.replace_in(document, file.problems);
  auto id = Identification(document, !replaced, file.problems).read();
  if (!id) {
    file.complete = false;
    return;
  }
  file.objects.push_back({std::move(*id), std::move(document), !replaced});
}

ManifestFile declare_all(ReadFile file, const Variables& variables, Substitution of_layer) {
  ManifestFile declared;
  declared.path = std::move(file.path);
  declared.top = std::move(file.top);
  declared.problems = std::move(file.problems);
  declared.complete = file.complete;
  declared.encrypted = !file.sealed.empty();
  for (auto& document : file.documents) declare(std::move(document), variables, of_layer, declared);
  if (!file.unopened) return declared;
  for (auto& object : declared.objects) object.refused = object.refused || holds_unopened(object.document);
  return declared;
}

}  // namespace greenwave::render
