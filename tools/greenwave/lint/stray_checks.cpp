#include <map>
#include <set>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "lint/checks.h"
#include "model/paths.h"
#include "render/cluster_file.h"
#include "render/kustomize/build.h"
#include "render/layers.h"
#include "render/object/declared.h"
#include "yaml/load.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t deepest = 64;

bool may_declare(std::string_view name) {
  const auto lower = in_lower_case(name);
  return lower.ends_with(".yaml") || lower.ends_with(".yml") || lower.ends_with(".json");
}

class Strays {
 public:
  Strays(const render::Fleet& fleet, const std::set<std::string>& sources)
      : fleet_(fleet), tree_(fleet.tree()), sources_(sources) {
    for (const auto& layer : fleet.layers()) {
      for (const auto& file : layer.read.files) read_.insert(file.path);
    }
  }

  void find(LintFindings& findings) {
    descend("", 0);
    for (const auto& [directory, strays] : strays_) {
      bool is_named = false;
      for (const auto& kustomization : kustomizations_) {
        is_named = is_named || kustomization.find(name_of(directory)) != std::string::npos;
      }
      if (is_named && !directory.empty()) continue;
      const auto more = strays.size() > 1 ? fmt::format(", nor {} more here", strays.size() - 1) : "";
      Problems found;
      found.warning({std::make_shared<const std::string>(strays.front()), 0, 0},
                    fmt::format("no layer reads this manifest{}", more),
                    "move it to the directory of a layer, add a layer to greenwave.yaml, or remove it");
      findings.add("layer", found);
    }
  }

 private:
  static std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

  bool is_read(const std::string& path) const {
    const auto& cluster = fleet_.cluster();
    return any_above(path, [&](std::string_view above) {
      return sources_.contains(std::string(above)) || render::is_layer_directory(cluster, above);
    });
  }

  void descend(const std::string& directory, std::size_t depth) {
    if (depth > deepest) return;
    if (const auto kustomization = render::kustomize::kustomization_file(tree_, directory)) {
      kustomizations_.push_back(text_of(*kustomization));
      return descend_below(directory, depth, false);
    }
    descend_below(directory, depth, !is_read(directory));
  }

  void descend_below(const std::string& directory, std::size_t depth, bool is_unread) {
    for (const auto& item : tree_.list(directory)) {
      if (item.name.starts_with('.')) continue;
      const auto path = join_path(directory, item.name);
      if (item.type == SourceTree::Type::directory) {
        descend(path, depth + 1);
      } else if (is_unread && is_stray(path, item.name)) {
        strays_[directory].push_back(path);
      }
    }
  }

  bool is_stray(const std::string& path, const std::string& name) const {
    if (!may_declare(name) || path == render::cluster_file || sources_.contains(path)) return false;
    if (read_.contains(path)) return false;  // by way of a link
    Problems unsaid;
    for (const auto& document : yaml::load_all(text_of(path), path, unsaid, {}, yaml::Dialect::kubernetes)) {
      Problems ignored;
      if (document.is_map() && render::identify(document, ignored)) return true;
    }
    return false;
  }

  std::string text_of(const std::string& path) const {
    try {
      return tree_.read(path, yaml::Limits{}.bytes);
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
      return {};
    }
  }

  const render::Fleet& fleet_;
  const SourceTree& tree_;
  const std::set<std::string>& sources_;
  std::set<std::string> read_;                              ///< files of layers
  std::vector<std::string> kustomizations_;                 ///< their texts
  std::map<std::string, std::vector<std::string>> strays_;  ///< by directory
};

}  // namespace

void check_strays(const render::Fleet& fleet, const std::set<std::string>& sources, LintFindings& findings) {
  Strays(fleet, sources).find(findings);
}

}  // namespace greenwave::cli
