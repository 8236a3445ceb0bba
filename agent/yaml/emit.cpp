#include "yaml/emit.h"

#include <cmath>

#include <fmt/format.h>
#include <yaml.h>

#include "base/error.h"
#include "yaml/load.h"

namespace greenwave::yaml {

namespace {

class Emitter {
 public:
  Emitter() {
    yaml_emitter_initialize(&raw_);
    yaml_emitter_set_unicode(&raw_, 1);
    yaml_emitter_set_width(&raw_, -1);
    yaml_emitter_set_output(&raw_, append, &out_);
  }
  Emitter(const Emitter&) = delete;
  Emitter& operator=(const Emitter&) = delete;
  ~Emitter() { yaml_emitter_delete(&raw_); }

  std::string document(const Node& node) {
    yaml_event_t event;
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    send(event);
    yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 1);
    send(event);
    value(node);
    yaml_document_end_event_initialize(&event, 1);
    send(event);
    yaml_stream_end_event_initialize(&event);
    send(event);
    return std::move(out_);
  }

 private:
  static int append(void* out, unsigned char* bytes, std::size_t size) {
    static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
    return 1;
  }

  void send(yaml_event_t& event) {
    if (yaml_emitter_emit(&raw_, &event) != 1) {
      throw Error(Fault::internal,
                  fmt::format("cannot write YAML: {}", raw_.problem != nullptr ? raw_.problem : "?"));
    }
  }

  void text(const std::string& bytes, yaml_scalar_style_t style, bool plain) {
    yaml_event_t event;
    if (yaml_scalar_event_initialize(&event, nullptr, nullptr,
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()), plain ? 1 : 0, 1, style) != 1) {
      throw Error(Fault::internal, "cannot write YAML: a text is not UTF-8");
    }
    send(event);
  }

  /// Plain only where every reader, older ones included, takes the word for a text.
  static bool reads_back_as_text(const std::string& bytes) {
    Problems problems;
    const auto read = load(bytes, "", problems);
    return problems.empty() && read && read->string() != nullptr && *read->string() == bytes;
  }

  void value(const Node& node) {
    yaml_event_t event;
    if (const auto* members = node.map()) {
      yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE);
      send(event);
      for (const auto& member : *members) {
        string(member.key);
        value(member.value);
      }
      yaml_mapping_end_event_initialize(&event);
      send(event);
    } else if (const auto* items = node.sequence()) {
      yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_SEQUENCE_STYLE);
      send(event);
      for (const auto& item : *items) value(item);
      yaml_sequence_end_event_initialize(&event);
      send(event);
    } else if (const auto* bytes = node.string()) {
      string(*bytes);
    } else if (const auto* flag = std::get_if<bool>(&node.value)) {
      text(*flag ? "true" : "false", YAML_PLAIN_SCALAR_STYLE, true);
    } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
      text(fmt::to_string(*integer), YAML_PLAIN_SCALAR_STYLE, true);
    } else if (const auto* real = std::get_if<double>(&node.value)) {
      text(real_text(*real), YAML_PLAIN_SCALAR_STYLE, true);
    } else {
      text("null", YAML_PLAIN_SCALAR_STYLE, true);
    }
  }

  static std::string real_text(double number) {
    if (std::isnan(number)) return ".nan";
    if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
    auto digits = fmt::format("{}", number);
    if (digits.find_first_of(".e") == std::string::npos) digits += ".0";
    return digits;
  }

  void string(const std::string& bytes) {
    if (bytes.find('\n') != std::string::npos) {
      text(bytes, YAML_LITERAL_SCALAR_STYLE, false);
    } else if (reads_back_as_text(bytes)) {
      text(bytes, YAML_PLAIN_SCALAR_STYLE, true);
    } else {
      text(bytes, YAML_DOUBLE_QUOTED_SCALAR_STYLE, false);
    }
  }

  yaml_emitter_t raw_{};
  std::string out_;
};

}  // namespace

std::string emit(const Node& node) {
  return Emitter().document(node);
}

}  // namespace greenwave::yaml
