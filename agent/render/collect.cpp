#include "render/collect.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/kubernetes_kind.h"
#include "model/paths.h"
#include "model/repository_file.h"
#include "render/content.h"
#include "render/kustomize/build.h"
#include "render/kustomize/context.h"
#include "render/layer_walk.h"
#include "render/object/opened.h"
#include "yaml/load.h"

namespace greenwave::render {

namespace {

constexpr std::size_t most_bytes = 64 << 20;     // of all manifests of a device, in memory
constexpr std::size_t most_waiting = 256 << 10;  // of text that is read and not parsed
constexpr std::size_t worth_a_thread = 64 << 10;

class ManifestReader {
 public:
  ManifestReader(const SourceTree& tree, const secrets::Keyring* keys) : tree_(tree), keys_(keys) {}

  void forget() { bytes_ = 0; }

  /// In the order of the paths.
  std::vector<ReadFile> read(std::vector<Candidate> candidates) {
    std::vector<ReadFile> files;
    std::vector<Unparsed> window;
    std::size_t waiting = 0;  // bytes
    for (auto& candidate : candidates) {
      auto& file = files.emplace_back();
      file.path = std::move(candidate.path);
      file.top = std::move(candidate.top);
      if (kustomize::is_kustomization_file(candidate.name)) {
        build(file);
        continue;
      }
      if (!is_named_as_manifest(candidate.name)) {
        refuse(file, "this file is not read: the names of manifests end in .yaml, .yml or .json",
               fmt::format("rename it to {}", printable(in_lower_case(candidate.name))));
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
        if (file.complete) {
          documents[i] =
              yaml::load_all(window[i].text, file.path, file.problems, {}, yaml::Dialect::kubernetes);
        }
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

/// As kubectl --namespace refuses it: whoever may write to a directory may not reach another namespace by it.
void refuse_other_namespace(Declared& object, ManifestFile& file) {
  if (object.id.namespace_ == file.top) return;
  const auto* named = object.document.at({"metadata", "namespace"});
  file.problems.error(
      named != nullptr ? named->place : object.document.place,
      fmt::format("{} names the namespace {}, but its directory is {}", to_string(object.id),
                  printable(object.id.namespace_), printable(file.top)),
      fmt::format("move it to a directory {}, or remove its namespace", printable(object.id.namespace_)));
  object.refused = true;
}

}  // namespace

struct LayerReader::Reading {
  LayerWalk walk;
  ManifestReader reader;
};

LayerReader::LayerReader(const Cluster& cluster, const SourceTree& tree, const secrets::Keyring* keys)
    : reading_(new Reading{LayerWalk(cluster, tree), ManifestReader(tree, keys)}) {}
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
    for (auto& file : read.files)
      added.files.push_back(declare_all(std::move(file), variables, layer.substitution));
  }
  set_content_aside(collected, tree);
  return collected;
}

void take_namespaces_from_directories(std::vector<CollectedLayer>& layers) {
  for (auto& layer : layers) {
    for (auto& file : layer.files) {
      if (file.top.empty()) continue;
      for (auto& object : file.objects) {
        if (is_own(object.id) || is_cluster_scoped(object.id)) continue;
        if (!object.id.namespace_.empty()) {
          refuse_other_namespace(object, file);
          continue;
        }
        object.id.namespace_ = file.top;
        if (auto* metadata = object.document.find("metadata")) {
          yaml::set(*metadata, "namespace", {file.top, metadata->place});
        }
      }
    }
  }
}

}  // namespace greenwave::render
