#include "render/collect.h"

#include <algorithm>
#include <future>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/kubernetes_kind.h"
#include "model/paths.h"
#include "render/cluster_file.h"
#include "render/content.h"
#include "render/kustomize/build.h"
#include "render/kustomize/context.h"
#include "render/opened.h"
#include "yaml/load.h"

namespace greenwave::render {

namespace {

constexpr std::size_t most_depth = 64;
constexpr std::size_t most_entries = 100'000;    // of all directories that a device's layers have
constexpr std::size_t most_bytes = 64 << 20;     // of all manifests of a device, in memory
constexpr std::size_t most_waiting = 256 << 10;  // of text that is read and not parsed
constexpr std::size_t worth_a_thread = 64 << 10;

bool is_named_as_manifest(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json") ||
         kustomize::is_kustomization_file(name);
}

bool may_be_manifest(std::string_view name) {
  return is_named_as_manifest(name) || is_named_as_manifest(in_lower_case(name));
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// Files of the cluster itself, which are not part of any layer.
std::unordered_set<std::string> files_of(const Cluster& cluster) {
  std::unordered_set<std::string> files{cluster_file};
  if (!cluster.devices.empty()) files.insert(cluster.devices);
  for (const auto& layer : cluster.layers) {
    if (!layer.within.empty()) files.insert(layer.within);
  }
  return files;
}

class Walk {
 public:
  Walk(const Cluster& cluster, const SourceTree& tree)
      : cluster_(cluster), cluster_files_(files_of(cluster)), tree_(tree) {}

  /// The files that may be manifests, ordered by path; for a directory with a kustomization, only that file.
  /// Clears `layer.known` when some cannot be reached.
  std::vector<std::string> files_below(ChosenLayer& layer, Problems& problems) {
    std::vector<std::string> files;
    descend(layer.path, 0, layer, files, problems);
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  void descend(const std::string& directory, std::size_t depth, ChosenLayer& layer,
               std::vector<std::string>& files, Problems& problems) {
    if (depth > most_depth) {
      if (layer.known) {
        problems.error(place_of(directory),
                       fmt::format("directories nested deeper than {} levels", most_depth));
      }
      layer.known = false;
      return;
    }
    if (const auto kustomization = kustomize::kustomization_file(tree_, directory)) {
      files.push_back(*kustomization);
      return;
    }
    const auto items = entries_ <= most_entries ? tree_.list(directory) : std::vector<SourceTree::Item>();
    if (!has_room_for(items.size(), directory, problems)) {
      layer.known = false;
      return;
    }
    for (const auto& item : items) {
      if (item.name.starts_with('.')) continue;
      const auto path = join_path(directory, item.name);
      switch (item.type) {
        case SourceTree::Type::directory:
          if (!is_layer_directory(cluster_, path)) descend(path, depth + 1, layer, files, problems);
          break;
        case SourceTree::Type::file:
        case SourceTree::Type::executable:
          if (may_be_manifest(item.name) && !cluster_files_.contains(path)) files.push_back(path);
          break;
        case SourceTree::Type::link:
          if (may_be_manifest(item.name)) {
            problems.warning(place_of(path), "this link is not followed, so it declares nothing",
                             "put the manifest itself here");
          }
          break;
        case SourceTree::Type::other:
          problems.warning(place_of(path), "this submodule is not read, so it declares nothing",
                           "keep the manifests in this repository");
          break;
      }
    }
  }

  bool has_room_for(std::size_t entries, const std::string& directory, Problems& problems) {
    const bool was_full = entries_ > most_entries;
    entries_ += entries;
    if (entries_ <= most_entries) return true;
    if (!was_full) {
      problems.error(
          place_of(directory),
          fmt::format("the layers of this device have more than {} files and directories", most_entries),
          "give devices layers of their own, with what they need");
    }
    return false;
  }

  static Place place_of(const std::string& path) { return {std::make_shared<const std::string>(path), 0, 0}; }

  const Cluster& cluster_;
  const std::unordered_set<std::string> cluster_files_;
  const SourceTree& tree_;
  std::size_t entries_ = 0;  ///< so far, in all layers
};

class ManifestReader {
 public:
  ManifestReader(const SourceTree& tree, const secrets::Keyring* keys) : tree_(tree), keys_(keys) {}

  void forget() { bytes_ = 0; }

  /// In the order of the paths.
  std::vector<ReadFile> read(std::vector<std::string> paths) {
    std::vector<ReadFile> files;
    std::vector<Unparsed> window;
    std::size_t waiting = 0;  // bytes
    for (auto& path : paths) {
      auto& file = files.emplace_back();
      file.path = std::move(path);
      if (kustomize::is_kustomization_file(name_of(file.path))) {
        build(file);
        continue;
      }
      if (!is_named_as_manifest(name_of(file.path))) {
        refuse(file, "this file is not read: the names of manifests end in .yaml, .yml or .json",
               fmt::format("rename it to {}", printable(in_lower_case(name_of(file.path)))));
        continue;
      }
      window.push_back({files.size() - 1, bytes_of(file)});
      waiting += window.back().text.size();
      if (waiting > most_waiting) {
        parse(window, files);
        waiting = 0;
      }
    }
    parse(window, files);
    return files;
  }

 private:
  struct Unparsed {
    std::size_t number;  ///< of its file
    std::string text;
  };

  /// Most of the time of a large render goes into parsing, which needs only the text: a second thread does
  /// half of it.
  void parse(std::vector<Unparsed>& window, std::vector<ReadFile>& files) {
    std::vector<std::vector<yaml::Node>> documents(window.size());
    const auto parse_some = [&](std::size_t from, std::size_t to) {
      for (auto i = from; i < to; ++i) {
        auto& file = files[window[i].number];
        if (file.complete) documents[i] = yaml::load_all(window[i].text, file.path, file.problems);
      }
    };
    std::size_t bytes = 0;
    for (const auto& file : window) bytes += file.text.size();
    const auto half = bytes > worth_a_thread ? window.size() / 2 : 0;
    // Without a second thread, do it here.
    auto other = std::async(half > 0 ? std::launch::async | std::launch::deferred : std::launch::deferred,
                            parse_some, 0, half);
    parse_some(half, window.size());
    other.get();
    for (std::size_t i = 0; i < window.size(); ++i) {
      auto& file = files[window[i].number];
      spend(file, documents[i]);
      file.complete = file.complete && !file.problems.has_errors();
      open_documents(documents[i], keys_, file);
      for (auto& document : documents[i]) take_apart(std::move(document), file);
    }
    window.clear();
  }

  void build(ReadFile& file) {
    kustomize::Limits limits;
    limits.bytes = most_bytes - std::min(bytes_, most_bytes);
    auto built = kustomize::build(tree_, std::string(parent_path(file.path)), file.problems, limits);
    file.complete = built.has_value();
    if (!built) return;
    for (auto& document : *built) {
      bytes_ += kustomize::weight(document);
      // What kustomize changes after it was encrypted is refused, as everything is that was changed so.
      std::vector<yaml::Node> one{std::move(document)};
      open_documents(one, keys_, file);
      for (auto& opened : one) take_apart(std::move(opened), file);
    }
  }

  std::string bytes_of(ReadFile& file) {
    if (is_full(file)) return {};
    try {
      return tree_.read(file.path, yaml::Limits{}.bytes);
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) throw;
      refuse(file, error.message(), error.remedy());
      return {};
    }
  }

  /// Text becomes several times larger when it is read: what counts is that.
  void spend(ReadFile& file, std::vector<yaml::Node>& documents) {
    for (const auto& document : documents) bytes_ += kustomize::weight(document);
    if (is_full(file)) documents.clear();
  }

  /// Refuses the file then.
  bool is_full(ReadFile& file) const {
    if (bytes_ <= most_bytes) return false;
    if (file.complete) {
      refuse(
          file,
          fmt::format("the manifests of this device take more than {} of memory", bytes_in_words(most_bytes)),
          "move large content to separate files and name them as sources");
    }
    return true;
  }

  static void refuse(ReadFile& file, std::string message, std::string remedy) {
    file.problems.error({std::make_shared<const std::string>(file.path), 0, 0}, std::move(message),
                        std::move(remedy));
    file.complete = false;
  }

  const SourceTree& tree_;
  const secrets::Keyring* keys_;
  std::size_t bytes_ = 0;
};

}  // namespace

struct LayerReader::Reading {
  Walk walk;
  ManifestReader reader;
};

LayerReader::LayerReader(const Cluster& cluster, const SourceTree& tree, const secrets::Keyring* keys)
    : reading_(new Reading{Walk(cluster, tree), ManifestReader(tree, keys)}) {}
LayerReader::~LayerReader() = default;

ReadLayer LayerReader::read(ChosenLayer layer, Problems& problems) {
  ReadLayer read{std::move(layer), {}};
  if (!read.layer.known) return read;
  read.files = reading_->reader.read(reading_->walk.files_below(read.layer, problems));
  return read;
}

void LayerReader::forget() {
  reading_->reader.forget();
}

std::vector<CollectedLayer> collect(const std::vector<ChosenLayer>& layers, const Cluster& cluster,
                                    const Variables& variables, const SourceTree& tree,
                                    const secrets::Keyring* keys, Problems& problems) {
  LayerReader reader(cluster, tree, keys);
  std::vector<CollectedLayer> collected;
  for (const auto& layer : layers) {
    auto read = reader.read(layer, problems);
    auto& added = collected.emplace_back(CollectedLayer{std::move(read.layer), {}});
    for (auto& file : read.files) added.files.push_back(declare_all(std::move(file), variables));
  }
  set_aside(collected);
  return collected;
}

void take_namespaces_from_directories(std::vector<CollectedLayer>& layers) {
  for (auto& [layer, files] : layers) {
    for (auto& file : files) {
      auto below = std::string_view(file.path).substr(layer.path.empty() ? 0 : layer.path.size() + 1);
      const auto slash = below.find('/');
      if (slash == std::string_view::npos) continue;
      const std::string directory(below.substr(0, slash));
      for (auto& object : file.objects) {
        if (!object.id.namespace_.empty() || is_own(object.id) || is_cluster_scoped(object.id)) continue;
        object.id.namespace_ = directory;
        if (auto* metadata = object.document.find("metadata")) {
          yaml::set(*metadata, "namespace", {directory, metadata->place});
        }
      }
    }
  }
}

void set_aside(std::vector<CollectedLayer>& layers) {
  set_content_aside(layers);
}

}  // namespace greenwave::render
