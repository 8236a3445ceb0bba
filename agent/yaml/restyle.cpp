#include "yaml/restyle.h"

#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "yaml/libyaml.h"
#include "yaml/load.h"

namespace greenwave::yaml {

namespace {

yaml_char_t* bytes(const char* text) {
  return reinterpret_cast<yaml_char_t*>(const_cast<char*>(text));
}

void check(int ok) {
  if (ok == 0) throw Error(Fault::internal, "libyaml cannot write this YAML");
}

/// The document as libyaml composes it, which knows the style of each node.
class Original {
 public:
  explicit Original(std::string_view text) {
    Parser parser(text);
    check(yaml_parser_load(&parser.raw, &document_));
  }
  Original(const Original&) = delete;
  Original& operator=(const Original&) = delete;
  ~Original() { yaml_document_delete(&document_); }

  yaml_node_t* root() { return yaml_document_get_root_node(&document_); }
  yaml_node_t* node(int index) { return yaml_document_get_node(&document_, index); }

 private:
  yaml_document_t document_{};
};

class StyledWriter {
 public:
  explicit StyledWriter(Original& original) : original_(original) {
    check(yaml_emitter_initialize(&emitter_));
    yaml_emitter_set_output(&emitter_, append, &text_);
    yaml_emitter_set_indent(&emitter_, 2);
    yaml_emitter_set_width(&emitter_, -1);
    yaml_emitter_set_unicode(&emitter_, 1);
  }
  StyledWriter(const StyledWriter&) = delete;
  StyledWriter& operator=(const StyledWriter&) = delete;
  ~StyledWriter() { yaml_emitter_delete(&emitter_); }

  std::string write(const Node& now) {
    yaml_event_t event;
    check(yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    emit(event);
    check(yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1));
    emit(event);
    add(now, original_.root());
    check(yaml_document_end_event_initialize(&event, 1));
    emit(event);
    check(yaml_stream_end_event_initialize(&event));
    emit(event);
    return std::move(text_);
  }

 private:
  static int append(void* text, unsigned char* buffer, std::size_t size) {
    static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(buffer), size);
    return 1;
  }

  void emit(yaml_event_t& event) { check(yaml_emitter_emit(&emitter_, &event)); }

  void add(const Node& now, yaml_node_t* was) {
    if (const auto* items = now.sequence()) {
      add_list(*items, was != nullptr && was->type == YAML_SEQUENCE_NODE ? was : nullptr);
    } else if (const auto* members = now.map()) {
      add_map(*members, was != nullptr && was->type == YAML_MAPPING_NODE ? was : nullptr);
    } else {
      add_scalar(now, was != nullptr && was->type == YAML_SCALAR_NODE ? was : nullptr);
    }
  }

  void add_list(const Node::Sequence& items, yaml_node_t* was) {
    const auto style = was != nullptr ? was->data.sequence.style : YAML_ANY_SEQUENCE_STYLE;
    yaml_event_t event;
    check(yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, style));
    emit(event);
    const auto size =
        was != nullptr ? was->data.sequence.items.top - was->data.sequence.items.start : std::ptrdiff_t{0};
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto position = static_cast<std::ptrdiff_t>(i);
      add(items[i], position < size ? original_.node(was->data.sequence.items.start[position]) : nullptr);
    }
    check(yaml_sequence_end_event_initialize(&event));
    emit(event);
  }

  void add_map(const Node::Map& members, yaml_node_t* was) {
    const auto style = was != nullptr ? was->data.mapping.style : YAML_ANY_MAPPING_STYLE;
    yaml_event_t event;
    check(yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, style));
    emit(event);
    for (const auto& member : members) {
      const auto* pair = was != nullptr ? pair_called(*was, member.key) : nullptr;
      add({member.key, member.key_place}, pair != nullptr ? original_.node(pair->key) : nullptr);
      add(member.value, pair != nullptr ? original_.node(pair->value) : nullptr);
    }
    check(yaml_mapping_end_event_initialize(&event));
    emit(event);
  }

  const yaml_node_pair_t* pair_called(yaml_node_t& map, std::string_view key) {
    for (const auto* pair = map.data.mapping.pairs.start; pair < map.data.mapping.pairs.top; ++pair) {
      const auto* node = original_.node(pair->key);
      if (node->type == YAML_SCALAR_NODE && scalar_of(*node) == key) return pair;
    }
    return nullptr;
  }

  static std::string_view scalar_of(const yaml_node_t& node) {
    return {reinterpret_cast<const char*>(node.data.scalar.value), node.data.scalar.length};
  }

  void add_scalar(const Node& now, const yaml_node_t* was) {
    auto style = was != nullptr ? was->data.scalar.style : YAML_ANY_SCALAR_STYLE;
    const bool is_plain = style == YAML_PLAIN_SCALAR_STYLE || style == YAML_ANY_SCALAR_STYLE;
    const auto* text = now.string();
    std::string written = text != nullptr ? *text : now.is_null() ? "null" : to_json(now).dump();
    if (was != nullptr && is_plain && is_unchanged(now, scalar_of(*was))) {
      written = scalar_of(*was);
    } else if (is_plain && text != nullptr && text->find('\n') != std::string::npos) {
      style = YAML_LITERAL_SCALAR_STYLE;
    } else if (is_plain && text != nullptr && !std::holds_alternative<std::string>(plain_scalar(*text))) {
      style = YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    }
    yaml_event_t event;
    check(yaml_scalar_event_initialize(&event, nullptr, nullptr, bytes(written.data()),
                                       static_cast<int>(written.size()), 1, 1, style));
    emit(event);
  }

  /// A plain scalar stays as it was written: 0x1F, 1e3, ~.
  static bool is_unchanged(const Node& now, std::string_view was) {
    return now.string() != nullptr ? *now.string() == was : same_value(now, {plain_scalar(was), now.place});
  }

  Original& original_;
  yaml_emitter_t emitter_{};
  std::string text_;
};

}  // namespace

std::string restyled(std::string_view text, const Node& now) {
  Original original(text);
  return StyledWriter(original).write(now);
}

}  // namespace greenwave::yaml
