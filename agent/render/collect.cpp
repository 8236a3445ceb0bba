#include "render/collect.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <future>
#include <unordered_set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/kubernetes_kind.h"
#include "model/lead.h"
#include "model/paths.h"
#include "model/repository_file.h"
#include "render/cluster_file.h"
#include "render/content.h"
#include "render/kustomize/build.h"
#include "render/kustomize/context.h"
#include "render/object/opened.h"
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
std::unordered_set<std::string> files_of(const Cluster& cluster, const SourceTree& tree) {
  std::unordered_set<std::string> files;
  const auto add = [&](const std::string& path) {
    files.insert(path);
    files.insert(follow(tree, path).path);
  };
  add(cluster_file);
  if (!cluster.devices.empty()) add(cluster.devices);
  for (const auto& layer : cluster.layers) {
    if (!layer.within.empty()) add(layer.within);
  }
  return files;
}

/// A file that may be a manifest.
struct Candidate {
  std::string path;  ///< without links
  std::string name;  ///< in its directory, as a link too
  std::string top;   ///< see ReadFile
};

bool is_before(const Candidate& a, const Candidate& b) {
  return a.path < b.path;
}

/// Whether a link with this name may be a directory: its name does not end like a file's ("notes.md").
bool may_be_directory(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == name.npos || dot + 1 == name.size() ||
         std::isalpha(static_cast<unsigned char>(name[dot + 1])) == 0;
}

class Walk {
 public:
  Walk(const Cluster& cluster, const SourceTree& tree)
      : cluster_(cluster), cluster_files_(files_of(cluster, tree)), tree_(tree) {}

  /// The files that may be manifests, ordered by path; for a directory with a kustomization, only that file.
  /// Clears `layer.known` when some cannot be reached.
  std::vector<Candidate> files_below(ChosenLayer& layer, Problems& problems) {
    LayerWalk walk{layer, problems, {}, {}, {}, {}};
    descend(follow(tree_, layer.path).path, "", 0, walk);
    // What is here by itself is read here. So a link to it, which every reader of a checkout sees twice, adds
    // nothing.
    for (std::size_t i = 0; i < walk.links.size(); ++i) turn(std::move(walk.links[i]), walk);
    std::ranges::sort(walk.files, is_before);
    return std::move(walk.files);
  }

 private:
  struct Link {
    std::string path;
    std::string top;
    std::size_t depth;
  };

  struct LayerWalk {
    ChosenLayer& layer;
    Problems& problems;
    std::vector<Candidate> files;
    std::unordered_set<std::string> read;     ///< their paths
    std::unordered_set<std::string> entered;  ///< directories
    std::deque<Link> links;
  };

  static void refuse(const std::string& path, std::string message, std::string remedy, LayerWalk& walk) {
    walk.problems.error(place_of(path), std::move(message), std::move(remedy));
    walk.layer.known = false;
  }

  void descend(const std::string& directory, const std::string& top, std::size_t depth, LayerWalk& walk) {
    if (!walk.entered.insert(directory).second) return;
    if (depth > most_depth) {
      if (walk.layer.known) {
        walk.problems.error(place_of(directory),
                            fmt::format("directories nested deeper than {} levels", most_depth));
      }
      walk.layer.known = false;
      return;
    }
    if (const auto kustomization = kustomize::kustomization_file(tree_, directory)) {
      add({*kustomization, std::string(name_of(*kustomization)), top}, walk);
      return;
    }
    const auto items = entries_ <= most_entries ? tree_.list(directory) : std::vector<SourceTree::Item>();
    if (!has_room_for(items.size(), directory, walk.problems)) {
      walk.layer.known = false;
      return;
    }
    for (const auto& item : items) {
      if (!item.name.starts_with('.')) visit(item, join_path(directory, item.name), top, depth, walk);
    }
  }

  void visit(const SourceTree::Item& item, const std::string& path, const std::string& top, std::size_t depth,
             LayerWalk& walk) {
    const auto& below = top.empty() ? item.name : top;
    switch (item.type) {
      case SourceTree::Type::directory:
        if (!is_layer_directory(cluster_, path)) descend(path, below, depth + 1, walk);
        break;
      case SourceTree::Type::file:
      case SourceTree::Type::executable:
        if (may_be_manifest(item.name)) add({path, item.name, top}, walk);
        break;
      case SourceTree::Type::link:
        if (may_be_manifest(item.name) || may_be_directory(item.name)) {
          walk.links.push_back({path, top, depth + 1});
        }
        break;
      case SourceTree::Type::other:
        refuse(path, "this submodule is not read, and it may declare something",
               "keep its manifests in this repository, or the submodule outside of the layers", walk);
        break;
    }
  }

  void turn(Link link, LayerWalk& walk) {
    const auto lead = follow(tree_, link.path);
    const std::string name(name_of(link.path));
    if (!lead.refusal.empty()) return refuse(link.path, lead.refusal, lead.remedy, walk);
    if (lead.is_file()) {
      if (may_be_manifest(name)) add({lead.path, name, link.top}, walk);
      return;
    }
    if (walk.entered.contains(lead.path)) return;
    if (any_above(link.path, [&](std::string_view above) { return above == lead.path; })) {
      return refuse(link.path, "this link leads to a directory that it is in", "remove the link", walk);
    }
    descend(lead.path, link.top.empty() ? name : link.top, link.depth, walk);
  }

  void add(Candidate file, LayerWalk& walk) const {
    if (cluster_files_.contains(file.path) || !walk.read.insert(file.path).second) return;
    walk.files.push_back(std::move(file));
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
  std::vector<ReadFile> read(std::vector<Candidate> candidates) {
    std::vector<ReadFile> files;
    std::vector<Unparsed> window;
    std::size_t waiting = 0;  // bytes
    for (auto& [path, name, top] : candidates) {
      auto& file = files.emplace_back();
      file.path = std::move(path);
      file.top = std::move(top);
      if (kustomize::is_kustomization_file(name)) {
        build(file);
        continue;
      }
      if (!is_named_as_manifest(name)) {
        refuse(file, "this file is not read: the names of manifests end in .yaml, .yml or .json",
               fmt::format("rename it to {}", printable(in_lower_case(name))));
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
      open_documents(documents[i], window[i].text, keys_, file);
      for (auto& document : documents[i]) take_apart(std::move(document), file);
    }
    window.clear();
  }

  void build(ReadFile& file) {
    kustomize::Limits limits;
    limits.bytes = most_bytes - std::min(bytes_, most_bytes);
    auto built = kustomize::build(tree_, std::string(parent_path(file.path)), keys_, file, limits);
    file.complete = file.complete && built.has_value();
    if (!built) return;
    for (auto& document : *built) {
      bytes_ += kustomize::weight(document);
      refuse_stray_ciphertext(document, file);
      take_apart(std::move(document), file);
    }
  }

  std::string bytes_of(ReadFile& file) {
    if (is_full(file)) return {};
    try {
      return read_file(tree_, file.path, yaml::Limits{}.bytes);
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
  set_content_aside(collected, tree);
  return collected;
}

void take_namespaces_from_directories(std::vector<CollectedLayer>& layers) {
  for (auto& layer : layers) {
    for (auto& file : layer.files) {
      if (file.top.empty()) continue;
      for (auto& object : file.objects) {
        if (!object.id.namespace_.empty() || is_own(object.id) || is_cluster_scoped(object.id)) continue;
        object.id.namespace_ = file.top;
        if (auto* metadata = object.document.find("metadata")) {
          yaml::set(*metadata, "namespace", {file.top, metadata->place});
        }
      }
    }
  }
}

}  // namespace greenwave::render
