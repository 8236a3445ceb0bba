#include "yaml/load.h"

#include <cmath>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "yaml/encoding.h"
#include "yaml/events.h"
#include "yaml/json_escapes.h"
#include "yaml/map_reader.h"
#include "yaml/scalar_reader.h"

namespace greenwave::yaml {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// What holds for a value because of where it is.
struct Setting {
  Dialect dialect;
  bool object = false;  ///< an object: a document, or an item of a list
  bool items = false;   ///< the items of a list
  bool flow = false;    ///< between braces or brackets
};

class Loader {
 public:
  Loader(std::string_view text, const std::string& file, Problems& problems, Dialect dialect, bool is_json,
         const Limits& limits)
      : file_(std::make_shared<const std::string>(file)),
        events_(text, file_, problems),
        scalars_(text, file_, events_, problems, is_json),
        problems_(problems),
        dialect_(dialect),
        limits_(limits) {}

  void read(std::vector<Node>& documents) {
    for (;;) {
      const auto start = events_.next();
      if (start.raw.type == YAML_STREAM_END_EVENT) return;
      if (start.raw.type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      auto first = events_.next();
      Setting setting{.dialect = dialect_, .object = true};
      if (first.raw.type == YAML_MAPPING_START_EVENT && begins_own()) setting.dialect = Dialect::own;
      if (setting.dialect != Dialect::own) check_start(start, first);
      Node document = node(first, 0, setting);
      events_.next();  // the document's end
      if (!document.is_null()) documents.push_back(std::move(document));
    }
  }

 private:
  struct Anchored {
    Node node;
    std::size_t nodes = 0;
  };

  /// Kubernetes' readers split a file at its lines `---`, and then read one document of each part.
  void check_start(const Event& start, const Event& first) {
    const auto& raw = start.raw.data.document_start;
    const auto place = events_.place_of(start.raw.start_mark);
    if (raw.version_directive != nullptr || raw.tag_directives.start != raw.tag_directives.end)
      events_.refuse(place, "Kubernetes' readers refuse a directive before ---",
                     "remove the line that begins with %");
    if (raw.implicit == 0 && !is_empty(first) && first.raw.start_mark.line == start.raw.start_mark.line)
      events_.refuse(events_.place_of(first.raw.start_mark),
                     "Kubernetes' readers refuse what follows --- on its line", "write it on the next line");
  }

  static bool is_empty(const Event& event) {
    return event.raw.type == YAML_SCALAR_EVENT && event.raw.start_mark.index == event.raw.end_mark.index;
  }

  /// Whether the map that has just begun is an object of one of Greenwave's kinds.
  bool begins_own() {
    std::size_t depth = 0;
    bool is_key = true;
    bool is_version = false;
    for (std::size_t i = 0;; ++i) {
      const auto& event = events_.ahead(i);
      const auto place = events_.place_of(event.raw.start_mark);
      if (i > 3 * limits_.nodes) refuse_nodes(place);
      switch (event.raw.type) {
        case YAML_MAPPING_START_EVENT:
        case YAML_SEQUENCE_START_EVENT:
          ++depth;
          continue;
        case YAML_MAPPING_END_EVENT:
        case YAML_SEQUENCE_END_EVENT:
          if (depth == 0) return false;
          --depth;
          break;
        default:
          break;
      }
      if (depth > 0) continue;
      if (!is_key && is_version) return text_of(event).starts_with("greenwave.dev/");
      is_version = is_key && text_of(event) == "apiVersion";
      is_key = !is_key;
    }
  }

  /// Of a scalar, or of what an alias stands for.
  std::string_view text_of(const Event& event) const {
    if (event.raw.type == YAML_SCALAR_EVENT) return value_of(event);
    if (event.raw.type != YAML_ALIAS_EVENT) return {};
    const auto found = anchors_.find(std::string(view(event.raw.data.alias.anchor)));
    const auto* text = found != anchors_.end() ? found->second.node.string() : nullptr;
    return text != nullptr ? std::string_view(*text) : std::string_view();
  }

  [[noreturn]] void refuse_nodes(const Place& place) {
    events_.refuse(
        place,
        fmt::format("more than {} values in one file, counting an alias each time it is used", limits_.nodes),
        "split the file");
  }

  void count(std::size_t nodes, const Place& place) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes) refuse_nodes(place);
  }

  Node node(const Event& event, std::size_t depth, Setting setting) {
    const auto place = events_.place_of(event.raw.start_mark);
    if (depth > limits_.depth)
      events_.refuse(place, fmt::format("nested deeper than {} levels", limits_.depth));
    const auto before = nodes_;
    Node result;
    const yaml_char_t* anchor = nullptr;
    switch (event.raw.type) {
      case YAML_ALIAS_EVENT:
        return alias(event, place);
      case YAML_SCALAR_EVENT:
        anchor = event.raw.data.scalar.anchor;
        count(1, place);
        result = scalars_.value(event, setting.dialect, setting.flow);
        break;
      case YAML_SEQUENCE_START_EVENT:
        anchor = event.raw.data.sequence_start.anchor;
        check_tag(event.raw.data.sequence_start.tag, place, setting.dialect);
        count(1, place);
        setting.flow = event.raw.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
        result = sequence(place, depth, setting);
        break;
      case YAML_MAPPING_START_EVENT:
        anchor = event.raw.data.mapping_start.anchor;
        if (depth > 0 && setting.object && setting.dialect != Dialect::own && begins_own())
          setting.dialect = Dialect::own;
        check_tag(event.raw.data.mapping_start.tag, place, setting.dialect);
        count(1, place);
        setting.flow = event.raw.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
        result = mapping(place, depth, setting);
        break;
      default:
        events_.refuse(place, "a value was expected here");
    }
    if (anchor != nullptr) keep(std::string(view(anchor)), result, nodes_ - before);
    return result;
  }

  /// Nested anchors are each kept as a copy. The copies together must not exceed what a file may have.
  void keep(const std::string& anchor, const Node& node, std::size_t nodes) {
    kept_ += nodes;
    if (kept_ > limits_.nodes) {
      events_.refuse(node.place, fmt::format("more than {} values under anchors in one file", limits_.nodes),
                     "split the file, or use fewer anchors");
    }
    anchors_[anchor] = {node, nodes};
  }

  Node alias(const Event& event, const Place& place) {
    const std::string name(view(event.raw.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      events_.refuse(
          place,
          fmt::format("the alias *{} comes before its anchor &{} in this document, or has none", name, name));
    }
    count(found->second.nodes, place);
    return found->second.node;
  }

  /// Kubernetes' readers take no notice of what a map or a list is called.
  void check_tag(const yaml_char_t* tag, const Place& place, Dialect dialect) {
    if (tag == nullptr || dialect != Dialect::own) return;
    const auto name = view(tag);
    if (name == YAML_MAP_TAG || name == YAML_SEQ_TAG) return;
    events_.refuse(place, fmt::format("the tag {} has no meaning here", name), "remove it");
  }

  Node sequence(const Place& place, std::size_t depth, Setting setting) {
    const Setting item{.dialect = setting.dialect, .object = setting.items, .flow = setting.flow};
    Node::Sequence items;
    for (;;) {
      const auto event = events_.next();
      if (event.raw.type == YAML_SEQUENCE_END_EVENT) break;
      items.push_back(node(event, depth + 1, item));
    }
    return {std::move(items), place};
  }

  Node mapping(const Place& place, std::size_t depth, const Setting& setting) {
    MapReader map(place, setting.dialect, setting.object, events_, problems_);
    for (;;) {
      const auto event = events_.next();
      if (event.raw.type == YAML_MAPPING_END_EVENT) break;
      auto key = key_of(event, setting.dialect);
      const auto value_event = events_.next();
      const bool is_items = setting.object && key.text == "items";
      const Setting inner{.dialect = setting.dialect, .items = is_items, .flow = setting.flow};
      Node value = node(value_event, depth + 1, inner);
      const bool is_alias = value_event.raw.type == YAML_ALIAS_EVENT;
      if (key.merges) {
        map.merge(key, std::move(value), is_alias);
      } else {
        map.add(std::move(key), std::move(value));
      }
    }
    return map.finish();
  }

  Key key_of(const Event& event, Dialect dialect) {
    const auto place = events_.place_of(event.raw.start_mark);
    if (event.raw.type == YAML_SCALAR_EVENT) return scalars_.key(event, dialect);
    if (event.raw.type != YAML_ALIAS_EVENT || dialect == Dialect::own)
      events_.refuse(place, "a key must be a plain word", "put the key in quotes");
    const auto node = alias(event, place);
    if (node.is_map() || node.is_sequence())
      events_.refuse(place, "a key must be a plain word, not a map or a list", "write it out");
    return scalars_.key_from(node, place, dialect);
  }

  std::shared_ptr<const std::string> file_;
  Events events_;
  ScalarReader scalars_;
  Problems& problems_;
  Dialect dialect_;
  Limits limits_;
  std::map<std::string, Anchored> anchors_;
  std::size_t nodes_ = 0;
  std::size_t kept_ = 0;  ///< under anchors
};

/// kubectl reads what is JSON by the rules of JSON.
bool is_json(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  return start != text.npos && text[start] == '{' && nlohmann::json::accept(text);
}

}  // namespace

std::vector<Node> load_all(std::string_view text, const std::string& file, Problems& problems,
                           const Limits& limits, Dialect dialect) {
  std::vector<Node> documents;
  if (text.size() > limits.bytes) {
    problems.error({std::make_shared<const std::string>(file), 0, 0},
                   fmt::format("the file has {}, more than the {} a manifest may have",
                               bytes_in_words(text.size()), bytes_in_words(limits.bytes)),
                   "move large content to a separate file and name that as spec.source");
    return documents;
  }
  const auto decoded = from_utf16(text);
  if (decoded) text = *decoded;
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  const bool json = dialect != Dialect::own && is_json(text);
  std::string joined;
  if (json || file.ends_with("json")) text = joined = join_surrogates(text);
  try {
    Loader(text, file, problems, dialect, json, limits).read(documents);
  } catch (const Refused&) {
    return documents;
  }
  return documents;
}

std::optional<Node> load(std::string_view text, const std::string& file, Problems& problems,
                         const Limits& limits, Dialect dialect) {
  auto documents = load_all(text, file, problems, limits, dialect);
  if (documents.size() > 1) {
    problems.error(documents[1].place, "a second document in a file that may hold only one",
                   "remove it and the --- before it");
  }
  if (documents.empty() || documents.size() > 1) return {};
  return std::move(documents.front());
}

}  // namespace greenwave::yaml
