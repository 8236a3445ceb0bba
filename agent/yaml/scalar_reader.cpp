#include "yaml/scalar_reader.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "yaml/timestamp.h"

namespace greenwave::yaml {

namespace {

constexpr std::string_view merge_tag = "tag:yaml.org,2002:merge";
constexpr std::string_view bare_tag = "!";

/// Without one that `dialect` takes for none.
std::string_view tag_of(const Event& event, Dialect dialect) {
  const auto* tag = event.raw.data.scalar.tag;
  if (tag == nullptr || (dialect == Dialect::kustomize && view(tag) == bare_tag)) return {};
  return view(tag);
}

bool is_plain(const Event& event) {
  return event.raw.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

/// Whether a double-quoted text has \/, which JSON knows and older readers of YAML do not.
bool escapes_slash(std::string_view written) {
  for (auto at = written.find('\\'); at != written.npos; at = written.find('\\', at + 2)) {
    if (written.substr(at + 1).starts_with('/')) return true;
  }
  return false;
}

std::string_view reader_of(Dialect dialect) {
  return dialect == Dialect::kustomize ? "kustomize" : "kubectl";
}

}  // namespace

ScalarReader::ScalarReader(std::string_view text, std::shared_ptr<const std::string> file, Events& events,
                           Problems& problems, bool is_json)
    : file_(std::move(file)),
      events_(events),
      problems_(problems),
      source_(text),
      is_json_(is_json),
      may_escape_slash_(!is_json && text.find("\\/") != text.npos) {}

Node ScalarReader::value(const Event& event, Dialect dialect, bool flow) {
  const auto place = events_.place_of(event.raw.start_mark);
  Node node{nullptr, place};
  node.value = dialect == Dialect::own ? own_value(event, place) : other_value(event, place, dialect, flow);
  note(node, event, dialect);
  return node;
}

void ScalarReader::note(Node& node, const Event& event, Dialect dialect) {
  Written written;
  const auto* text = node.string();
  if (text != nullptr) written.openings = source_.openings(*text, event.raw, file_);
  if (dialect != Dialect::own && !node.is_null() && printed(node) != value_of(event))
    written.spelling = value_of(event);
  if (written.openings.empty() && written.spelling.empty()) return;
  node.written = std::make_shared<const Written>(std::move(written));
}

Value ScalarReader::own_value(const Event& event, const Place& place) {
  std::string text(value_of(event));
  const auto tag = tag_of(event, Dialect::own);
  const bool implicit = event.raw.data.scalar.plain_implicit != 0;
  if (tag == YAML_STR_TAG || tag == bare_tag || (tag.empty() && !implicit)) return text;
  if (tag == "tag:yaml.org,2002:binary" || (!tag.empty() && !tag.starts_with("tag:yaml.org,2002:")))
    events_.refuse(place, fmt::format("the tag {} has no meaning here", tag), "remove it");
  auto plain = plain_scalar(text);
  if (const auto* integer = std::get_if<std::int64_t>(&plain)) {
    if (looks_octal(text)) {
      problems_.warning(
          place,
          fmt::format("{} is read as the decimal number {}; other readers take it as octal", text, *integer),
          fmt::format("write \"{}\" for a string, or {} for the number", text, *integer));
    }
  } else if (std::holds_alternative<double>(plain) && is_whole(text)) {
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

Value ScalarReader::plain_value(const Event& event, Dialect dialect, bool flow) {
  const auto text = value_of(event);
  // kustomize writes what it has read, and between braces it must quote what is empty or has a colon.
  const bool is_quoted =
      dialect == Dialect::kustomize && flow && (text.empty() || text.find(':') != text.npos);
  if (is_quoted) return std::string(text);
  return plain_scalar(text, dialect);
}

Value ScalarReader::other_value(const Event& event, const Place& place, Dialect dialect, bool flow) {
  const auto text = value_of(event);
  const auto tag = tag_of(event, dialect);
  check_escapes(event, place);
  if (tag.empty() && !is_plain(event)) return std::string(text);
  auto value = tag.empty() ? plain_value(event, dialect, flow) : tagged_scalar(tag, text, dialect);
  if (!value)
    events_.refuse(place, fmt::format("{} is not of the type that its tag says", printable(text)),
                   "remove the tag");
  const auto* real = std::get_if<double>(&*value);
  if (real != nullptr && !std::isfinite(*real)) {
    events_.refuse(place, fmt::format("{} is no number in JSON, and {} refuses it", text, reader_of(dialect)),
                   "put it in quotes, or write a number");
  }
  if (real != nullptr && tag.empty() && is_whole(text)) {
    problems_.warning(
        place, fmt::format("{} does not fit into 64 bits, and is read as a real number", printable(text)),
        "put it in quotes");
  }
  return std::move(*value);
}

void ScalarReader::check_escapes(const Event& event, const Place& place) {
  if (!may_escape_slash_ || event.raw.data.scalar.style != YAML_DOUBLE_QUOTED_SCALAR_STYLE) return;
  if (!escapes_slash(source_.written(event.raw))) return;
  events_.refuse(place, "Kubernetes' readers refuse the escape \\/ in YAML", "write /");
}

Key ScalarReader::key(const Event& event, Dialect dialect) {
  const auto place = events_.place_of(event.raw.start_mark);
  const auto text = value_of(event);
  const auto tag = tag_of(event, dialect);
  const bool is_merge = text == "<<";
  if (dialect == Dialect::own || is_json_)
    return {std::string(text), place, nullptr, is_merge && event.raw.data.scalar.plain_implicit != 0};
  check_escapes(event, place);
  if (is_merge && (tag == merge_tag || tag == bare_tag || (tag.empty() && is_plain(event))))
    return {"<<", place, nullptr, true};
  if (is_merge && dialect == Dialect::kustomize)
    events_.refuse(place, "kustomize takes every key << for a merge", "choose another key");
  if (tag.empty() && !is_plain(event)) return {std::string(text), place, std::string(text)};
  if (dialect == Dialect::kustomize && !tag.empty() && tag != YAML_STR_TAG)
    events_.refuse(place, "kustomize refuses a key with a tag", "remove the tag");
  if (dialect == Dialect::kustomize && tag.empty() && timestamp_as_json(text))
    events_.refuse(place, fmt::format("kustomize takes the key {} for a time, and refuses it", text),
                   "put it in quotes");
  auto value = tag.empty() ? plain_value(event, dialect, false) : tagged_scalar(tag, text, dialect);
  if (!value)
    events_.refuse(place, fmt::format("{} is not of the type that its tag says", printable(text)),
                   "remove the tag");
  return checked({std::string(text), place, std::move(*value)}, dialect);
}

Key ScalarReader::key_from(const Node& node, const Place& place, Dialect dialect) {
  return checked({spelling_of(node), place, node.value}, dialect);
}

Key ScalarReader::checked(Key key, Dialect dialect) {
  const auto* string = std::get_if<std::string>(&key.value);
  if (dialect == Dialect::kustomize && (string == nullptr || *string != key.text)) {
    events_.refuse(key.place,
                   fmt::format("the key {} is not a text, and kustomize refuses it", printable(key.text)),
                   fmt::format("write \"{}\"", printable(key.text)));
  }
  auto text = key_text(key.text, key.value);
  if (!text) {
    events_.refuse(
        key.place,
        fmt::format("kubectl refuses {} as a key", key.text.empty() ? "nothing" : printable(key.text)),
        "put it in quotes");
  }
  key.text = std::move(*text);
  return key;
}

}  // namespace greenwave::yaml
