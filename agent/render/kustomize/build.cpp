#include "render/kustomize/build.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "model/lead.h"
#include "model/paths.h"
#include "render/kustomize/build_metadata.h"
#include "render/kustomize/configuration.h"
#include "render/kustomize/context.h"
#include "render/kustomize/generators.h"
#include "render/kustomize/images.h"
#include "render/kustomize/metadata.h"
#include "render/kustomize/name_hash.h"
#include "render/kustomize/object.h"
#include "render/kustomize/patches.h"
#include "render/kustomize/references.h"
#include "render/kustomize/replacements.h"
#include "render/kustomize/resources.h"
#include "render/kustomize/sort_order.h"
#include "render/kustomize/variables.h"
#include "yaml/load.h"

namespace greenwave::render::kustomize {

namespace {

using Objects = std::vector<Object>;

/// What a kustomization has come to, and what its overlays take over from it.
struct Accumulation {
  Objects objects;
  std::optional<Configuration> configuration;
  Variables variables;
};

constexpr const char* file_names[] = {"kustomization.yaml", "kustomization.yml", "Kustomization"};

/// Bases that double repeat their problems; nobody reads more than these.
constexpr std::size_t enough_problems = 100;

bool may_be_file(const SourceTree::Item& item) {
  return item.type != SourceTree::Type::directory && item.type != SourceTree::Type::other;
}

/// Whether a kustomization says no more than what it is.
bool is_empty(const yaml::Node& document) {
  const auto* members = document.map();
  return members != nullptr && std::all_of(members->begin(), members->end(), [](const yaml::Member& member) {
           const bool is_nothing =
               member.value.is_null() || (member.value.is_string() && member.value.string()->empty());
           return is_nothing || member.key == "apiVersion" || member.key == "kind";
         });
}

/// "base - .." of "../../base - ../other", into which YAML makes two items of which one is indented more.
std::optional<std::string_view> part_with_dots(std::string_view path) {
  for (const auto part : split(path, '/')) {
    if (part != ".." && part.find("..") != std::string_view::npos) return part;
  }
  return {};
}

bool contains_directory(std::string_view outer, std::string_view inner) {
  return any_above(inner, [outer](std::string_view above) { return above == outer; });
}

class Builder {
 public:
  Builder(const Limits& limits, Context& context) : limits_(limits), context_(context) {}

  /// Adds what the kustomization in `directory` makes to `all`. A component changes what is there.
  void run(const std::string& directory, const Place& named_at, bool as_component, Accumulation& all) {
    if (context_.problems.size() > enough_problems) throw Refused{};
    if (++context_.builds > limits_.builds || visited_.size() >= limits_.depth) {
      context_.problems.error(named_at,
                              fmt::format("more than {} kustomizations, or deeper than {} in each other",
                                          limits_.builds, limits_.depth),
                              "name each base once");
      throw Refused{};
    }
    const auto kustomization = load(directory, named_at);
    if (!kustomization || !is_expected(*kustomization, named_at, as_component)) return;
    if (visited_.empty()) {
      sort_ = kustomization->sort;
      metadata_ = kustomization->metadata;
    }
    visited_.push_back(directory);
    add_resources(*kustomization, directory, all);
    merge_configuration(read_configurations(kustomization->configurations, directory, context_),
                        all.configuration, kustomization->place, context_.problems);
    for (const auto& generator : kustomization->generators) {
      auto generated = generate(generator, directory, context_);
      if (generated && metadata_.any()) {
        note_generator(*generated, file_of(*kustomization), generator.kind + "Generator");
      }
      if (generated) absorb(all.objects, std::move(*generated), generator.name.place, context_.problems);
    }
    for (const auto& component : kustomization->components) add_directory(component, directory, true, all);
    transform(*kustomization, directory, all);
    add_variables(kustomization->variables, all.objects, all.variables, context_.problems);
    visited_.pop_back();
  }

  /// Of the directory that `run` was first called for.
  const SortOptions& sort() const { return sort_; }
  const BuildMetadata& metadata() const { return metadata_; }

 private:
  std::optional<Kustomization> load(const std::string& directory, const Place& named_at) {
    const auto path = kustomization_file(context_.tree, directory);
    if (!path) {
      context_.problems.error(named_at,
                              fmt::format("the directory {} has no kustomization.yaml", printable(directory)),
                              "add one that names its files in resources, or name the files here");
      return {};
    }
    if (const auto other = second_file(directory, *path)) {
      context_.problems.error(
          {std::make_shared<const std::string>(*path), 0, 0},
          fmt::format("{} is a second kustomization of this directory", printable(*other)),
          "keep one of the two");
      return {};
    }
    const std::string name(std::string_view(*path).substr(path->rfind('/') + 1));
    const auto text = context_.read(directory, {name, {std::make_shared<const std::string>(*path), 0, 0}});
    if (!text) return {};
    Problems found;
    const auto document = yaml::load(*text, *path, found, {}, yaml::Dialect::kubernetes);
    context_.problems.append(found);
    if (found.has_errors()) return {};
    if (!document || is_empty(*document)) {
      context_.problems.error({std::make_shared<const std::string>(*path), 1, 1},
                              "the kustomization is empty", "write resources: […]");
      return {};
    }
    Problems wrong;
    auto kustomization = read_kustomization(*document, wrong);
    context_.problems.append(wrong);
    if (wrong.has_errors()) return {};
    return kustomization;
  }

  std::optional<std::string> second_file(const std::string& directory, const std::string& first) const {
    for (const auto* name : file_names) {
      auto path = join_path(directory, name);
      if (path != first && context_.tree.find(path)) return path;
    }
    return {};
  }

  /// A Component that is built alone changes nothing but its own resources.
  bool is_expected(const Kustomization& kustomization, const Place& named_at, bool as_component) {
    if (visited_.empty() || kustomization.is_component == as_component) return true;
    context_.problems.error(as_component ? kustomization.place : named_at,
                            as_component ? "this is not a Component, but components names it"
                                         : "a Component must be named in components",
                            as_component ? "write kind: Component, or name it in resources"
                                         : "move it from resources to components");
    return false;
  }

  void add_resources(const Kustomization& kustomization, const std::string& directory, Accumulation& all) {
    for (const auto& resource : kustomization.resources) {
      const auto path = resolve_path(directory, resource.value);
      if (path && follow(context_.tree, *path).is_directory()) {
        add_directory(resource, directory, false, all);
      } else {
        auto read = read_resources(directory, resource, context_);
        if (metadata_.any()) {
          for (auto& object : read) note_origin(object, written_path(resource.value));
        }
        add(std::move(read), resource.place, all.objects);
      }
    }
  }

  void add_directory(const Text& named, const std::string& directory, bool as_component, Accumulation& all) {
    auto path = resolve_path(directory, named.value);
    if (const auto part = part_with_dots(named.value)) {
      context_.problems.error(named.place,
                              fmt::format("\"{}\" in a path is probably two lines in one", printable(*part)),
                              "indent every item of the list alike");
      return;
    }
    if (!path || is_remote(named.value)) {
      context_.problems.error(named.place,
                              fmt::format("{} is outside of the repository", printable(named.value)),
                              "keep a copy in the repository");
      return;
    }
    auto lead = follow(context_.tree, *path);
    if (!lead.refusal.empty()) {
      context_.problems.error(named.place, lead.refusal, lead.remedy);
      return;
    }
    path = std::move(lead.path);
    for (const auto& visited : visited_) {
      if (!contains_directory(*path, visited)) continue;
      context_.problems.error(named.place,
                              *path == visited
                                  ? fmt::format("a cycle: {}", cycle_through(*path))
                                  : fmt::format("a cycle: \"{}\" holds \"{}\", which is being rendered",
                                                printable(*path), printable(visited)),
                              "name only directories that do not lead back here");
      return;
    }
    const auto here = std::exchange(written_, written_path(named.value));
    if (as_component) {
      run(*path, named.place, true, all);
      written_ = here;
      return;
    }
    Accumulation base;
    run(*path, named.place, false, base);
    written_ = here;
    add(std::move(base.objects), named.place, all.objects);
    if (base.configuration) {
      merge_configuration(*base.configuration, all.configuration, named.place, context_.problems);
    }
    add_variables(base.variables, all.variables, context_.problems);
  }

  /// "a → b → a".
  std::string cycle_through(const std::string& directory) const {
    std::string cycle;
    for (auto at = std::find(visited_.begin(), visited_.end(), directory); at != visited_.end(); ++at) {
      cycle += fmt::format("{} → ", at->empty() ? "the root" : printable(*at));
    }
    return cycle + (directory.empty() ? "the root" : printable(directory));
  }

  void add(Objects added, const Place& place, Objects& objects) {
    if (objects.size() + added.size() > limits_.objects) {
      context_.problems.error(place, fmt::format("more than {} objects", limits_.objects), "split the layer");
      throw Refused{};
    }
    std::move(added.begin(), added.end(), std::back_inserter(objects));
  }

  void refuse_doubles(const Objects& objects) {
    std::unordered_map<ObjectId, Place> seen;
    for (const auto& object : objects) {
      const auto [at, fresh] = seen.emplace(id_of(object.document), object.document.place);
      if (fresh) continue;
      context_.problems.error(object.document.place,
                              fmt::format("{} is declared twice in this kustomization, first at {}",
                                          described(object.document), to_string(at->second)),
                              "remove one of the two, or change it by a patch");
    }
  }

  /// A path of this kustomization, from the directory that is built: as it is written, with that of the base.
  std::string written_path(const std::string& path) const {
    return (std::filesystem::path(written_) / path).lexically_normal().string();
  }

  std::string file_of(const Kustomization& kustomization) const {
    return written_path(std::filesystem::path(*kustomization.place.file).filename().string());
  }

  void transform(const Kustomization& kustomization, const std::string& directory, Accumulation& all) {
    auto& objects = all.objects;
    const auto& more = *all.configuration;
    refuse_doubles(objects);
    if (context_.problems.has_errors()) return;  // what follows would only repeat them
    const auto note = [&](const char* step, bool happens = true) {
      if (happens && metadata_.any()) note_step(objects, file_of(kustomization), step, context_);
    };
    apply_merge_patches(objects, kustomization.merge_patches, directory, context_);
    note("PatchStrategicMergeTransformer", !kustomization.merge_patches.empty());
    patch(kustomization.patches, apply_patches, directory, objects, [&] { note("PatchTransformer"); });
    set_namespace(objects, kustomization.namespace_, more, context_);
    note("NamespaceTransformer", !kustomization.namespace_.empty());
    add_prefix(objects, kustomization.name_prefix, more, context_);
    note("PrefixTransformer", !kustomization.name_prefix.empty());
    add_suffix(objects, kustomization.name_suffix, more, context_);
    note("SuffixTransformer", !kustomization.name_suffix.empty());
    for (const auto& labels : kustomization.labels) {
      add_labels(objects, labels, more, context_);
      note("LabelTransformer");
    }
    add_common_labels(objects, kustomization.common_labels, more, context_);
    note("LabelTransformer", !kustomization.labels.empty() || !kustomization.common_labels.empty());
    add_annotations(objects, kustomization.annotations, more, context_);
    note("AnnotationsTransformer", !kustomization.annotations.empty());
    patch(kustomization.json_patches, apply_json_patches, directory, objects,
          [&] { note("PatchJson6902Transformer"); });
    for (const auto& replicas : kustomization.replicas) {
      set_replicas(objects, replicas, more, context_);
      note("ReplicaCountTransformer");
    }
    for (const auto& image : kustomization.images) {
      set_images(objects, image, more, context_);
      note("ImageTagTransformer");
    }
    apply_replacements(objects, kustomization.replacements, directory, context_);
    note("ReplacementTransformer", !kustomization.replacements.empty());
  }

  /// All patches at once, which is faster, unless each is to be noted.
  template <class Apply, class Note>
  void patch(const std::vector<Patch>& patches, Apply apply, const std::string& directory, Objects& objects,
             Note note) {
    if (!metadata_.any()) {
      apply(objects, patches, directory, context_);
      return;
    }
    for (const auto& one : patches) {
      apply(objects, {one}, directory, context_);
      note();
    }
  }

  const Limits& limits_;
  Context& context_;
  SortOptions sort_;
  BuildMetadata metadata_;
  std::string written_;               ///< the path to the current directory, as it is written
  std::vector<std::string> visited_;  ///< the directories that are being rendered, the outermost first
};

void add_hashes(Objects& objects) {
  for (auto& object : objects) {
    if (!object.wants_hash) continue;
    remember_id(object);
    const auto name = fmt::format("{}-{}", name_of(object.document), name_hash(object.document));
    set_metadata(object.document, "name", name, object.document.place);
  }
}

/// Objects for tools only, which kustomize omits.
bool is_local(const Object& object) {
  const auto* mark = object.document.at({"metadata", "annotations", "config.kubernetes.io/local-config"});
  return mark != nullptr && scalar_text(*mark) != "false";
}

void drop_empty_annotations(yaml::Node& document) {
  auto* metadata = document.find("metadata");
  if (metadata == nullptr || !metadata->is_map()) return;
  std::erase_if(*metadata->map(), [](const yaml::Member& member) {
    return member.key == "annotations" &&
           (member.value.is_null() || (member.value.is_map() && member.value.map()->empty()));
  });
}

}  // namespace

std::optional<std::string> kustomization_file(const SourceTree& tree, const std::string& directory) {
  for (const auto* name : file_names) {
    auto path = join_path(directory, name);
    const auto item = tree.find(path);
    if (item && may_be_file(*item)) return path;
  }
  return {};
}

std::optional<std::vector<yaml::Node>> build(const SourceTree& tree, const std::string& directory,
                                             Problems& problems, const Limits& limits) {
  ReadFile file;
  auto built = build(tree, directory, nullptr, file, limits);
  problems.append(file.problems);
  return built;
}

std::optional<std::vector<yaml::Node>> build(const SourceTree& tree, const std::string& directory,
                                             const secrets::Keyring* keys, ReadFile& file,
                                             const Limits& limits) {
  Problems found;
  Context context(tree, limits.bytes, found, keys, file);
  Accumulation all;
  auto& objects = all.objects;
  try {
    Builder builder(limits, context);
    builder.run(directory, {}, false, all);
    if (!found.has_errors()) {
      add_hashes(objects);
      update_references(objects, all.configuration->references, context);
      replace_variables(objects, all.variables, all.configuration->variables, context);
      sort_objects(objects, builder.sort());
      finish_metadata(objects, builder.metadata());
    }
  } catch (const Refused&) {
  }
  file.problems.append(found);
  if (found.has_errors()) return {};

  std::vector<yaml::Node> documents;
  documents.reserve(objects.size());
  for (auto& object : objects) {
    if (is_local(object)) continue;
    drop_empty_annotations(object.document);
    make_texts(object.document, "annotations");
    documents.push_back(std::move(object.document));
  }
  return documents;
}

}  // namespace greenwave::render::kustomize
