#include "render/confined/codec.h"

#include "render/cluster_file.h"
#include "render/object/declared.h"
#include "yaml/load.h"

namespace greenwave {

using sandbox::Malformed;
using sandbox::Reader;
using sandbox::Writer;

bool is_known(Severity severity) {
  return severity == Severity::error || severity == Severity::warning;
}

bool is_known(SourceTree::Type type) {
  return type >= SourceTree::Type::file && type <= SourceTree::Type::other;
}

void write(Writer& writer, const Problems& problems) {
  writer.add(problems.list());
}

void read(Reader& reader, Problems& problems) {
  problems = {};
  for (auto& [severity, place, message, remedy] : reader.one<std::vector<Problem>>()) {
    if (severity == Severity::error) {
      problems.error(place, std::move(message), std::move(remedy));
    } else {
      problems.warning(place, std::move(message), std::move(remedy));
    }
  }
}

void write(Writer& writer, const Cluster& cluster) {
  writer.add(cluster.document);
}

void read(Reader& reader, Cluster& cluster) {
  auto document = reader.one<yaml::Node>();
  if (document.is_null()) {
    cluster = render::plain_cluster();
    return;
  }
  Problems found;
  cluster = render::cluster_of(std::move(document), found);
  if (found.has_errors()) throw Malformed("a cluster that is not valid");
}

void write(Writer& writer, const Manifest& manifest) {
  writer.add(manifest.document);
}

void read(Reader& reader, Manifest& manifest) {
  reader.get(manifest.document);
  Problems found;
  auto id = render::identify(manifest.document, found);
  if (!id) throw Malformed("a manifest that does not say what it is");
  manifest.id = std::move(*id);
}

}  // namespace greenwave

namespace greenwave::yaml {

namespace {

/// Layers and variables put nodes into one another, but never this deep.
const std::size_t deepest = 4 * Limits{}.depth;

enum class Form : std::uint8_t { null, boolean, integer, real, text, sequence, map };

bool is_known(Form form) {
  return form <= Form::map;
}

void read_at(sandbox::Reader& reader, Node& node, std::size_t depth);

template <typename Item, typename ReadItem>
std::vector<Item> read_items(sandbox::Reader& reader, ReadItem read_item) {
  std::vector<Item> items;
  const auto size = reader.count(sizeof(Item));
  items.reserve(size);
  for (auto left = size; left > 0; --left) read_item(items.emplace_back());
  return items;
}

void read_value(sandbox::Reader& reader, Node& node, std::size_t depth) {
  switch (reader.one<Form>()) {
    case Form::null:
      node.value = nullptr;
      return;
    case Form::boolean:
      node.value = reader.one<bool>();
      return;
    case Form::integer:
      node.value = reader.one<std::int64_t>();
      return;
    case Form::real:
      node.value = reader.one<double>();
      return;
    case Form::text:
      node.value = reader.one<std::string>();
      return;
    case Form::sequence:
      node.value = read_items<Node>(reader, [&](Node& item) { read_at(reader, item, depth + 1); });
      return;
    case Form::map:
      node.value = read_items<Member>(reader, [&](Member& member) {
        reader.all(member.key, member.key_place);
        read_at(reader, member.value, depth + 1);
      });
      return;
  }
}

void read_at(sandbox::Reader& reader, Node& node, std::size_t depth) {
  if (depth > deepest) throw sandbox::Malformed("it is nested too deeply");
  reader.get(node.place);
  if (auto openings = reader.one<std::vector<Place>>(); !openings.empty()) {
    node.written = std::make_shared<const yaml::Written>(yaml::Written{std::move(openings), {}});
  }
  read_value(reader, node, depth);
}

}  // namespace

void write(sandbox::Writer& writer, const Member& member) {
  writer.all(member.key, member.key_place, member.value);
}

void write(sandbox::Writer& writer, const Node& node) {
  writer.add(node.place);
  writer.add(node.written ? node.written->openings : std::vector<Place>());
  writer.add(static_cast<Form>(node.value.index()));
  std::visit(
      [&writer]<typename Value>(const Value& value) {
        if constexpr (!std::same_as<Value, std::nullptr_t>) writer.add(value);
      },
      node.value);
}

void read(sandbox::Reader& reader, Node& node) {
  read_at(reader, node, 0);
}

}  // namespace greenwave::yaml
