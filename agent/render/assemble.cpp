#include "render/assemble.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "render/object/merge.h"

namespace greenwave::render {

namespace {

Place first_error(const Problems& problems) {
  for (const auto& problem : problems.list()) {
    if (problem.severity == Severity::error) return problem.place;
  }
  return {};
}

class Assembler {
 public:
  explicit Assembler(Problems& problems) : problems_(problems) {}

  void add(CollectedLayer layer) {
    ++layer_;
    std::optional<Place> gap;
    if (!layer.layer.known) gap = layer.layer.place;
    for (auto& file : layer.files) {
      if (!file.complete && !gap) gap = first_error(file.problems);
      problems_.append(file.problems);
      for (auto& object : file.objects) add(std::move(object));
    }
    if (!gap) return;
    for (auto& [id, object] : objects_) {
      if (object.last_layer != layer_) hold(object);
    }
    if (!gap_) gap_ = gap;
  }

  Assembly finish() {
    if (held_ > 0) {
      problems_.warning(*gap_,
                        fmt::format("{} of other layers {} as {}: this layer may change {}",
                                    count_of(held_, "object"), held_ == 1 ? "stays" : "stay",
                                    held_ == 1 ? "it is" : "they are", held_ == 1 ? "it" : "them"),
                        "fix this layer first");
    }
    Assembly assembly;
    assembly.complete = !gap_;
    assembly.objects.reserve(objects_.size());
    for (auto& [id, object] : objects_) {
      if (object.removed) continue;
      assembly.objects.push_back({id, std::move(object.document), object.refused, object.held});
    }
    std::sort(assembly.objects.begin(), assembly.objects.end(),
              [](const Assembled& a, const Assembled& b) { return a.id < b.id; });
    return assembly;
  }

 private:
  struct Object {
    yaml::Node document;
    Place place;                 ///< of the last declaration
    std::size_t last_layer = 0;  ///< that declared it
    bool refused = false;
    bool held = false;
    bool removed = false;
  };

  void add(Declared declared) {
    const auto place = declared.document.place;
    const auto [at, is_new] = objects_.try_emplace(declared.id);
    auto& object = at->second;
    if (!is_new && object.last_layer == layer_) {
      problems_.error(place,
                      fmt::format("{} is declared twice in this layer, first at {}", to_string(declared.id),
                                  to_string(object.place)),
                      "remove one of the two, or move one to a later layer, where it merges over the other");
      object.refused = true;
      return;
    }
    object.place = place;
    object.last_layer = layer_;
    if (declared.refused) {
      object.refused = true;
      object.removed = false;
      return;
    }

    Problems found;
    const auto patch = take_patch(declared.document, found);
    const bool is_first = is_new || object.removed;
    if (patch == Patch::remove) {
      if (is_first) {
        found.warning(
            place,
            fmt::format("$patch: delete of {}, which no earlier layer declares", to_string(declared.id)),
            "remove this manifest");
      }
      object.document = {};
      object.removed = true;
      object.refused = object.held = false;
    } else if (is_first || patch == Patch::replace) {
      settle_directives(declared.document, found);
      object.document = std::move(declared.document);
      object.removed = false;
      object.refused = object.held = false;
      if (is_first && patch != Patch::replace && gap_) hold(object);
    } else {
      merge(object.document, std::move(declared.document), shape_of(declared.id), found);
    }
    object.refused = object.refused || found.has_errors();
    problems_.append(found);
  }

  /// Without the changes of an unread layer, the object may be wrong.
  void hold(Object& object) {
    if (object.removed || object.refused) return;
    object.refused = object.held = true;
    ++held_;
  }

  Problems& problems_;
  std::unordered_map<ObjectId, Object> objects_;
  std::size_t layer_ = 0;  ///< counts from 1
  std::size_t held_ = 0;
  std::optional<Place> gap_;  ///< where the first incomplete layer has its error
};

}  // namespace

Assembly assemble(std::vector<CollectedLayer> layers, Problems& problems) {
  Assembler assembler(problems);
  for (auto& layer : layers) assembler.add(std::move(layer));
  return assembler.finish();
}

}  // namespace greenwave::render
