#include "yaml/map_reader.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::yaml {

MapReader::MapReader(Place place, Dialect dialect, bool is_object, Events& events, Problems& problems)
    : result_{Node::Map{}, std::move(place)},
      dialect_(dialect),
      is_object_(is_object),
      events_(events),
      problems_(problems) {}

void MapReader::add(Key key, Node value) {
  put(std::move(key), std::move(value), false);
}

void MapReader::put(Key key, Node value, bool merged) {
  auto& members = *result_.map();
  const auto [at, is_new] = seen_.try_emplace(key.text);
  auto& seen = at->second;
  if (is_new) {
    seen.index = members.size();
    members.push_back({std::move(key.text), key.place, std::move(value)});
  } else {
    replace(seen, key, merged);
    members[seen.index].key_place = key.place;
    members[seen.index].value = std::move(value);
  }
  seen.place = std::move(key.place);
  seen.value = std::move(key.value);
  seen.merged = merged;
}

/// Says what there is to say of a key that was there.
void MapReader::replace(const Seen& seen, const Key& key, bool merged) {
  const bool is_name = is_object_ && !merged && (key.text == "apiVersion" || key.text == "kind");
  if (dialect_ != Dialect::kubernetes || is_name) {
    events_.refuse(key.place,
                   fmt::format("duplicate key \"{}\" in this map, first on line {}", printable(key.text),
                               seen.place.line),
                   "remove one of the two");
  }
  if (merged && !seen.merged) {
    problems_.warning(
        seen.place,
        fmt::format("\"{}\" has no effect in kubectl: the << after it replaces it", printable(key.text)),
        "write << first, or remove this line");
  } else if (!merged && !seen.merged) {
    // Of 1 and "1", kubectl takes the one or the other, by chance.
    if (!same_value({seen.value, {}}, {key.value, {}})) {
      events_.refuse(key.place,
                     fmt::format("this key and that on line {} both become \"{}\"", seen.place.line,
                                 printable(key.text)),
                     "remove one of the two");
    }
    problems_.warning(
        key.place,
        fmt::format("duplicate key \"{}\" in this map, first on line {}: kubectl takes this one",
                    printable(key.text), seen.place.line),
        "remove one of the two");
  }
}

void MapReader::put_all(Node map) {
  for (auto& member : *map.map()) {
    const Value text = member.key;
    put({std::move(member.key), std::move(member.key_place), text}, std::move(member.value), true);
  }
}

void MapReader::merge(const Key& key, Node value, bool is_alias) {
  if (std::exchange(has_merge_, true) && dialect_ == Dialect::kustomize)
    events_.refuse(key.place, "a second << in this map", "write <<: [*one, *other]");
  std::vector<Node> maps;
  if (auto* items = value.sequence(); items != nullptr && (!is_alias || dialect_ == Dialect::own)) {
    for (auto& item : *items) {
      if (!item.is_map()) events_.refuse(item.place, "<< merges maps only", "write <<: *anchor");
      maps.push_back(std::move(item));
    }
  } else if (value.is_map()) {
    maps.push_back(std::move(value));
  } else {
    events_.refuse(key.place, "<< merges a map, or a list of maps", "write <<: *anchor");
  }
  if (dialect_ != Dialect::kubernetes) {
    std::ranges::move(maps, std::back_inserter(merged_));
    return;
  }
  // The first of a list wins.
  for (auto map = maps.rbegin(); map != maps.rend(); ++map) put_all(std::move(*map));
}

Node MapReader::finish() {
  for (auto& map : merged_) {
    for (auto& member : *map.map()) {
      if (seen_.try_emplace(member.key).second) result_.map()->push_back(std::move(member));
    }
  }
  return std::move(result_);
}

}  // namespace greenwave::yaml
