#include "render/kustomize/generators.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/base64.h"
#include "base/contains.h"
#include "base/text.h"
#include "render/kustomize/build_metadata.h"
#include "render/kustomize/key_values.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// Base64 as kustomize writes it: what is longer than a line goes into lines of 70, each with its end.
std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t line = 70;
  auto encoded = encode_base64(bytes);
  if (encoded.size() < line) return encoded;
  std::string lines;
  for (std::size_t at = 0; at < encoded.size(); at += line) {
    lines += encoded.substr(at, line);
    lines += '\n';
  }
  return lines;
}

/// Whether YAML and JSON can hold the bytes as a text.
bool is_utf8(std::string_view bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto lead = static_cast<unsigned char>(bytes[at]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || at + length > bytes.size()) return false;
    std::uint32_t point = length == 1 ? lead : lead & (0x7F >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(bytes[at + i]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3F);
    }
    const bool is_overlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (is_overlong || (point >= 0xD800 && point < 0xE000) || point > 0x10FFFF) return false;
    at += length;
  }
  return true;
}

void put(Node& map, std::string_view member, std::string key, Node value) {
  if (map.find(member) == nullptr) yaml::set(map, std::string(member), {Node::Map{}, value.place});
  yaml::set(*map.find(member), std::move(key), std::move(value));
}

void put_metadata(Node& document, std::string_view member, std::vector<yaml::Member> pairs) {
  auto* metadata = document.find("metadata");
  for (auto& pair : pairs) put(*metadata, member, std::move(pair.key), std::move(pair.value));
}

/// The members of `old` that `fresh` does not have.
void keep_members(Node& fresh, const Node& old, std::string_view member) {
  const auto* kept = old.find(member);
  if (kept == nullptr || !kept->is_map()) return;
  for (const auto& [key, place, value] : *kept->map()) {
    const auto* now = fresh.find(member);
    if (now == nullptr || now->find(key) == nullptr) put(fresh, member, key, value);
  }
}

/// What a Secret has in stringData goes into its data, as the API server would do it.
void encode_string_data(Node& secret, Problems& problems) {
  const auto* found = secret.find("stringData");
  if (found == nullptr) return;
  const auto texts = *found;
  std::erase_if(*secret.map(), [](const yaml::Member& member) { return member.key == "stringData"; });
  if (!texts.is_map()) return;
  for (const auto& [key, place, value] : *texts.map()) {
    if (value.is_map() || value.is_sequence()) {
      problems.error(value.place,
                     fmt::format("stringData: {} must be a string, not {}", printable(key), kind_of(value)));
      continue;
    }
    put(secret, "data", key, {base64_lines(scalar_text(value)), value.place});
  }
}

/// Copies the name, labels and history of the object that the new one replaces.
void inherit(Object& fresh, const Object& old) {
  const auto* metadata = old.document.find("metadata");
  auto* own = fresh.document.find("metadata");
  keep_members(*own, *metadata, "labels");
  keep_members(*own, *metadata, "annotations");
  set_metadata(fresh.document, "name", name_of(old.document), fresh.document.place);
  set_metadata(fresh.document, "namespace", text_of(*metadata, "namespace"), fresh.document.place);
  fresh.previous = old.previous;
  fresh.prefixes = old.prefixes;
  fresh.suffixes = old.suffixes;
  fresh.variables = old.variables;
  fresh.behavior = old.behavior;
  fresh.wants_hash = fresh.wants_hash && old.wants_hash;
}

}  // namespace

std::optional<Object> generate(const Generator& generator, const std::string& directory, Context& context) {
  const auto pairs = read_key_values(generator, directory, context);
  if (!pairs) return {};
  const auto& place = generator.place;
  const bool is_secret = generator.kind == "Secret";

  Object object;
  auto& document = object.document;
  document = {Node::Map{}, place};
  yaml::set(document, "apiVersion", {std::string("v1"), place});
  yaml::set(document, "kind", {generator.kind, place});
  set_metadata(document, "name", generator.name.value, generator.name.place);
  set_metadata(document, "namespace", generator.namespace_, place);
  put_metadata(document, "labels", generator.options.labels);
  put_metadata(document, "annotations", generator.options.annotations);
  if (is_secret) {
    yaml::set(document, "type", {generator.type.empty() ? std::string("Opaque") : generator.type, place});
    yaml::set(document, "data", {Node::Map{}, place});
  }
  for (const auto& [key, value] : *pairs) {
    if (is_secret) {
      put(document, "data", key, {base64_lines(value.value), value.place});
    } else if (is_utf8(value.value)) {
      put(document, "data", key, {value.value, value.place});
    } else {
      put(document, "binaryData", key, {base64_lines(value.value), value.place});
    }
  }
  if (generator.options.immutable) yaml::set(document, "immutable", {true, place});
  object.behavior = generator.behavior;
  object.wants_hash = !generator.options.without_hash;
  return object;
}

void absorb(std::vector<Object>& objects, Object generated, const Place& place, Problems& problems) {
  const auto id = id_of(generated.document);
  const auto is_same = [&id](const Object& object) {
    const auto ids = ids_of(object);
    return contains(ids, id);
  };
  const auto old = std::find_if(objects.begin(), objects.end(), is_same);
  const bool wants_one = generated.behavior == Behavior::merge || generated.behavior == Behavior::replace;
  if (old == objects.end()) {
    if (wants_one) {
      problems.error(place,
                     fmt::format("there is no {} to merge with or replace", described(generated.document)),
                     "fix its name, or remove behavior");
      return;
    }
    objects.push_back(std::move(generated));
    return;
  }
  if (std::find_if(old + 1, objects.end(), is_same) != objects.end()) {
    problems.error(place, fmt::format("{} may mean several objects", described(generated.document)),
                   "write its namespace");
    return;
  }
  if (!wants_one) {
    problems.error(place, fmt::format("{} exists already", described(generated.document)),
                   "write behavior: merge or behavior: replace, or give it another name");
    return;
  }
  const bool merges = generated.behavior == Behavior::merge;
  inherit(generated, *old);
  if (merges) {
    keep_origin(generated, *old);
    if (generated.document.find("type") != nullptr) encode_string_data(old->document, problems);
    keep_members(generated.document, old->document, "data");
    keep_members(generated.document, old->document, "binaryData");
  }
  *old = std::move(generated);
}

}  // namespace greenwave::render::kustomize
