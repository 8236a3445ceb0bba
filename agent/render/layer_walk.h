#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/problem.h"
#include "model/cluster.h"
#include "model/source_tree.h"
#include "render/layers.h"

namespace greenwave::render {

/// A file that may be a manifest.
struct Candidate {
  std::string path;  ///< without links
  std::string name;  ///< in its directory, as a link too
  std::string top;   ///< see ReadFile
};

/// Whether a file of this name is read as a manifest.
bool is_named_as_manifest(std::string_view name);

/// Finds the files of one layer after the other. The constructor's arguments must outlive it.
class LayerWalk {
 public:
  LayerWalk(const Cluster& cluster, const SourceTree& tree);

  /// The files that may be manifests, ordered by path; for a directory with a kustomization, only that file.
  /// Clears `layer.known` when some cannot be reached.
  std::vector<Candidate> files_below(ChosenLayer& layer, Problems& problems);

 private:
  struct Link {
    std::string path;
    std::string top;
    std::size_t depth;
  };

  /// What is found of one layer.
  struct Found {
    ChosenLayer& layer;
    Problems& problems;
    std::vector<Candidate> files = {};
    std::unordered_set<std::string> read = {};     ///< their paths
    std::unordered_set<std::string> entered = {};  ///< directories
    std::deque<Link> links = {};
  };

  static void refuse(const std::string& path, std::string message, std::string remedy, Found& found);
  void descend(const std::string& directory, const std::string& top, std::size_t depth, Found& found);
  void visit(const SourceTree::Item& item, const std::string& path, const std::string& top, std::size_t depth,
             Found& found);
  void turn(const Link& link, Found& found);
  void add(Candidate file, Found& found) const;
  bool has_room_for(std::size_t entries, const std::string& directory, Problems& problems);

  const Cluster& cluster_;
  const std::unordered_set<std::string> cluster_files_;
  const SourceTree& tree_;
  std::size_t entries_ = 0;  ///< so far, in all layers
};

}  // namespace greenwave::render
