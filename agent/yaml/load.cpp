#include "yaml/load.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "base/text.h"
#include "yaml/json_escapes.h"
#include "yaml/libyaml.h"
#include "yaml/opening_places.h"

namespace greenwave::yaml {

namespace {

constexpr std::string_view core_null[] = {"", "~", "null", "Null", "NULL"};
constexpr std::string_view core_true[] = {"true", "True", "TRUE"};
constexpr std::string_view core_false[] = {"false", "False", "FALSE"};
constexpr std::string_view old_booleans[] = {"yes", "Yes", "YES", "no",  "No", "NO", "on", "On",
                                             "ON",  "off", "Off", "OFF", "y",  "Y",  "n",  "N"};

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_one_of(std::string_view text, const auto& words) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

bool all_digits(std::string_view text, std::string_view digits = "0123456789") {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

/// Integers of YAML 1.2.2, section 10.3.2. Beyond 64 bits they become real numbers, as in JSON readers.
std::optional<std::int64_t> core_integer(std::string_view text) {
  int base = 10;
  std::string_view digits = text;
  if (text.starts_with("0o")) {
    base = 8;
    digits.remove_prefix(2);
    if (!all_digits(digits, "01234567")) return {};
  } else if (text.starts_with("0x")) {
    base = 16;
    digits.remove_prefix(2);
    if (!all_digits(digits, "0123456789abcdefABCDEF")) return {};
  } else {
    if (digits.starts_with('+')) digits.remove_prefix(1);
    if (!all_digits(digits.starts_with('-') && text[0] == '-' ? digits.substr(1) : digits)) return {};
  }
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return {};
  return number;
}

bool is_whole(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return all_digits(text);
}

std::optional<double> core_real(std::string_view text) {
  std::string_view digits = text;
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.remove_prefix(1);
  if (digits == ".inf" || digits == ".Inf" || digits == ".INF") {
    const double infinity = std::numeric_limits<double>::infinity();
    return negative ? -infinity : infinity;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") return std::numeric_limits<double>::quiet_NaN();
  const auto mantissa = digits.substr(0, digits.find_first_of("eE"));
  if (!all_digits(mantissa, "0123456789.") || mantissa == ".") return {};
  double number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return {};
  return negative ? -number : number;
}

/// Stops reading a file; its problem has already been reported.
struct Refused {};

class Loader {
 public:
  Loader(std::string_view text, const std::string& file, Problems& problems, const Limits& limits)
      : parser_(text),
        file_(std::make_shared<const std::string>(file)),
        openings_(text),
        problems_(problems),
        limits_(limits) {}

  void read(std::vector<Node>& documents) {
    for (;;) {
      Event event;
      next(event);
      if (event.raw.type == YAML_STREAM_END_EVENT) return;
      if (event.raw.type != YAML_DOCUMENT_START_EVENT) continue;
      anchors_.clear();
      Event first;
      next(first);
      Node document = node(first, 0);
      Event end;
      next(end);
      if (!document.is_null()) documents.push_back(std::move(document));
    }
  }

 private:
  struct Anchored {
    Node node;
    std::size_t nodes = 0;
  };

  [[noreturn]] void refuse(const Place& place, std::string message, std::string remedy = {}) {
    problems_.error(place, std::move(message), std::move(remedy));
    throw Refused{};
  }

  Place place_of(const yaml_mark_t& mark) const {
    return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }

  void next(Event& event) {
    if (yaml_parser_parse(&parser_.raw, &event.raw) == 1) return;
    const auto& raw = parser_.raw;
    const std::string what = raw.problem != nullptr ? raw.problem : "it is not YAML";
    auto mark = raw.problem_mark;
    if (raw.error == YAML_READER_ERROR) {
      mark = raw.mark;
      refuse(place_of(mark), fmt::format("not UTF-8 text: {}", what), "save the file as UTF-8");
    }
    std::string message = what;
    if (raw.context != nullptr)
      message += fmt::format(" ({}, begun on line {})", raw.context, raw.context_mark.line + 1);
    const bool tab = what.find("cannot start any token") != std::string::npos && at_tab();
    refuse(place_of(mark), tab ? "a tab is used for indentation" : message, tab ? "indent with spaces" : "");
  }

  bool at_tab() const {
    const auto& buffer = parser_.raw.buffer;
    return buffer.pointer != nullptr && buffer.pointer < buffer.last && *buffer.pointer == '\t';
  }

  void count(std::size_t nodes, const Place& place) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes) {
      refuse(place,
             fmt::format("more than {} values in one file, counting an alias each time it is used",
                         limits_.nodes),
             "split the file");
    }
  }

  Node node(Event& event, std::size_t depth) {
    const auto place = place_of(event.raw.start_mark);
    if (depth > limits_.depth) refuse(place, fmt::format("nested deeper than {} levels", limits_.depth));
    const auto before = nodes_;
    Node result;
    std::string anchor;
    switch (event.raw.type) {
      case YAML_ALIAS_EVENT:
        return alias(event, place);
      case YAML_SCALAR_EVENT:
        anchor = anchor_of(event.raw.data.scalar.anchor);
        count(1, place);
        result = scalar(event.raw, place);
        break;
      case YAML_SEQUENCE_START_EVENT:
        anchor = anchor_of(event.raw.data.sequence_start.anchor);
        check_tag(event.raw.data.sequence_start.tag, place);
        count(1, place);
        result = sequence(place, depth);
        break;
      case YAML_MAPPING_START_EVENT:
        anchor = anchor_of(event.raw.data.mapping_start.anchor);
        check_tag(event.raw.data.mapping_start.tag, place);
        count(1, place);
        result = mapping(place, depth);
        break;
      default:
        refuse(place, "a value was expected here");
    }
    if (!anchor.empty()) keep(anchor, result, nodes_ - before);
    return result;
  }

  /// Nested anchors are each kept as a copy. The copies together must not exceed what a file may have.
  void keep(const std::string& anchor, const Node& node, std::size_t nodes) {
    kept_ += nodes;
    if (kept_ > limits_.nodes) {
      refuse(node.place, fmt::format("more than {} values under anchors in one file", limits_.nodes),
             "split the file, or use fewer anchors");
    }
    anchors_[anchor] = {node, nodes};
  }

  static std::string anchor_of(const yaml_char_t* anchor) {
    return anchor != nullptr ? std::string(view(anchor)) : std::string();
  }

  Node alias(const Event& event, const Place& place) {
    const std::string name(view(event.raw.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      refuse(place, fmt::format("the alias *{} comes before its anchor &{} in this document, or has none",
                                name, name));
    }
    count(found->second.nodes, place);
    return found->second.node;
  }

  void check_tag(const yaml_char_t* tag, const Place& place) {
    if (tag == nullptr) return;
    const auto name = view(tag);
    if (name == YAML_MAP_TAG || name == YAML_SEQ_TAG) return;
    refuse(place, fmt::format("the tag {} has no meaning here", name), "remove it");
  }

  Node sequence(const Place& place, std::size_t depth) {
    Node::Sequence items;
    for (;;) {
      Event event;
      next(event);
      if (event.raw.type == YAML_SEQUENCE_END_EVENT) break;
      items.push_back(node(event, depth + 1));
    }
    return {std::move(items), place};
  }

  Node mapping(const Place& place, std::size_t depth) {
    Node result{Node::Map{}, place};
    std::vector<Node> merged;
    std::map<std::string, Place, std::less<>> seen;
    for (;;) {
      Event event;
      next(event);
      if (event.raw.type == YAML_MAPPING_END_EVENT) break;
      const auto key_place = place_of(event.raw.start_mark);
      if (event.raw.type != YAML_SCALAR_EVENT)
        refuse(key_place, "a key must be a plain word", "put the key in quotes");
      const auto& scalar = event.raw.data.scalar;
      std::string key(reinterpret_cast<const char*>(scalar.value), scalar.length);
      const bool is_merge = key == "<<" && scalar.plain_implicit != 0;
      if (!is_merge) {
        const auto [at, fresh] = seen.emplace(key, key_place);
        if (!fresh) {
          refuse(key_place,
                 fmt::format("duplicate key \"{}\" in this map, first on line {}", printable(key),
                             at->second.line),
                 "remove one of the two");
        }
      }
      Event value_event;
      next(value_event);
      Node value = node(value_event, depth + 1);
      if (is_merge) {
        add_merged(value, key_place, merged);
      } else {
        result.map()->push_back({std::move(key), key_place, std::move(value)});
      }
    }
    for (auto& map : merged) {
      for (auto& member : *map.map()) {
        if (seen.emplace(member.key, member.key_place).second) result.map()->push_back(std::move(member));
      }
    }
    return result;
  }

  void add_merged(Node& value, const Place& place, std::vector<Node>& merged) {
    if (value.is_map()) {
      merged.push_back(std::move(value));
      return;
    }
    auto* items = value.sequence();
    if (items == nullptr) refuse(place, "<< merges a map, or a list of maps", "write <<: *anchor");
    for (auto& item : *items) {
      if (!item.is_map()) refuse(item.place, "<< merges maps only", "write <<: *anchor");
      merged.push_back(std::move(item));
    }
  }

  Node scalar(const yaml_event_t& event, const Place& place) {
    auto node = value_of(event, place);
    if (const auto* text = node.string()) {
      node.openings = openings_.of(*text, event, file_);
    }
    return node;
  }

  Node value_of(const yaml_event_t& event, const Place& place) {
    const auto& raw = event.data.scalar;
    std::string text(reinterpret_cast<const char*>(raw.value), raw.length);
    std::string_view tag = raw.tag != nullptr ? view(raw.tag) : std::string_view();
    if (tag == YAML_STR_TAG || tag == "!" || (tag.empty() && raw.plain_implicit == 0))
      return {std::move(text), place};
    if (tag == "tag:yaml.org,2002:binary" || (!tag.empty() && !tag.starts_with("tag:yaml.org,2002:"))) {
      refuse(place, fmt::format("the tag {} has no meaning here", tag), "remove it");
    }
    Node plain{plain_scalar(text), place};
    if (const auto* integer = std::get_if<std::int64_t>(&plain.value)) {
      if (text.size() > 1 && text[0] == '0' && all_digits(text)) {
        problems_.warning(place,
                          fmt::format("{} is read as the decimal number {}; other readers take it as octal",
                                      text, *integer),
                          fmt::format("write \"{}\" for a string, or {} for the number", text, *integer));
      }
    } else if (std::holds_alternative<double>(plain.value) && is_whole(text)) {
      problems_.warning(
          place, fmt::format("{} does not fit into 64 bits, and is read as a real number", printable(text)),
          "put it in quotes");
    } else if (is_old_boolean(text)) {
      problems_.warning(
          place,
          fmt::format("{} is read as a string; other readers, including Kubernetes, take it as a boolean",
                      text),
          fmt::format("write \"{}\" for the string, or true or false", text));
    }
    return plain;
  }

  Parser parser_;
  std::shared_ptr<const std::string> file_;
  OpeningPlaces openings_;
  Problems& problems_;
  Limits limits_;
  std::map<std::string, Anchored> anchors_;
  std::size_t nodes_ = 0;
  std::size_t kept_ = 0;  ///< under anchors
};

}  // namespace

decltype(Node::value) plain_scalar(std::string_view text) {
  if (is_one_of(text, core_null)) return nullptr;
  if (is_one_of(text, core_true)) return true;
  if (is_one_of(text, core_false)) return false;
  if (const auto integer = core_integer(text)) return *integer;
  if (const auto real = core_real(text)) return *real;
  return std::string(text);
}

bool is_old_boolean(std::string_view text) {
  return is_one_of(text, old_booleans);
}

std::vector<Node> load_all(std::string_view text, const std::string& file, Problems& problems,
                           const Limits& limits) {
  std::vector<Node> documents;
  if (text.size() > limits.bytes) {
    problems.error({std::make_shared<const std::string>(file), 0, 0},
                   fmt::format("the file has {}, more than the {} a manifest may have",
                               bytes_in_words(text.size()), bytes_in_words(limits.bytes)),
                   "move large content to a separate file and name that as spec.source");
    return documents;
  }
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  std::string joined;
  if (file.ends_with("json")) text = joined = join_surrogates(text);
  try {
    Loader(text, file, problems, limits).read(documents);
  } catch (const Refused&) {
    return documents;
  }
  return documents;
}

std::optional<Node> load(std::string_view text, const std::string& file, Problems& problems,
                         const Limits& limits) {
  auto documents = load_all(text, file, problems, limits);
  if (documents.size() > 1) {
    problems.error(documents[1].place, "a second document in a file that may hold only one",
                   "remove it and the --- before it");
  }
  if (documents.empty() || documents.size() > 1) return {};
  return std::move(documents.front());
}

}  // namespace greenwave::yaml
