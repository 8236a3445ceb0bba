#include "render/kustomize/go_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "render/kustomize/object.h"

namespace greenwave::render::kustomize {

namespace {

using yaml::Node;

/// The fewest digits that read back as `number`, with an exponent below `least` and from `most` on.
std::string go_number(double number, double least, double most) {
  const auto size = std::fabs(number);
  const bool has_exponent = size != 0 && (size < least || size >= most);
  std::array<char, 400> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), number,
                                     has_exponent ? std::chars_format::scientific : std::chars_format::fixed);
  return {text.data(), written.ptr};
}

class GoJson {
 public:
  explicit GoJson(Layout layout) : indented_(layout == Layout::indented) {}

  void add(const Node& node) {
    if (const auto* text = node.string()) {
      add_text(*text);
    } else if (const auto* items = node.sequence()) {
      add_list(*items);
    } else if (const auto* members = node.map()) {
      add_map(*members);
    } else if (const auto* number = std::get_if<double>(&node.value)) {
      add_number(*number);
    } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
      text_ += std::to_string(*integer);
    } else if (const auto* flag = std::get_if<bool>(&node.value)) {
      text_ += *flag ? "true" : "false";
    } else {
      text_ += "null";
    }
  }

  const std::string& text() const { return text_; }

 private:
  void begin(char bracket) {
    text_ += bracket;
    ++depth_;
  }

  void next(bool first) {
    if (!first) text_ += ',';
    if (indented_) text_ += '\n' + std::string(2 * depth_, ' ');
  }

  void end(char bracket, bool empty) {
    --depth_;
    if (!empty) next(true);
    text_ += bracket;
  }

  void add_list(const Node::Sequence& items) {
    begin('[');
    for (std::size_t i = 0; i < items.size(); ++i) {
      next(i == 0);
      add(items[i]);
    }
    end(']', items.empty());
  }

  void add_map(const Node::Map& members) {
    std::vector<const yaml::Member*> sorted;
    for (const auto& member : members) sorted.push_back(&member);
    std::sort(sorted.begin(), sorted.end(),
              [](const yaml::Member* a, const yaml::Member* b) { return a->key < b->key; });
    begin('{');
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      next(i == 0);
      add_text(sorted[i]->key);
      text_ += indented_ ? ": " : ":";
      add(sorted[i]->value);
    }
    end('}', sorted.empty());
  }

  /// JSON has one digit of a small exponent where it is enough: "1e-7".
  void add_number(double number) {
    auto text = go_number(number, 1e-6, 1e21);
    const auto zero = text.rfind("e-0");
    if (zero != std::string::npos && zero + 4 == text.size()) text.erase(zero + 2, 1);
    text_ += text;
  }

  void add_text(std::string_view text) {
    text_ += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char byte = text[i];
      if (byte == '"' || byte == '\\') {
        text_ += '\\';
        text_ += byte;
      } else if (text.substr(i).starts_with("\u2028") || text.substr(i).starts_with("\u2029")) {
        text_ += text[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
        i += 2;
      } else if (static_cast<unsigned char>(byte) < 0x20) {
        add_control(byte);
      } else if (byte == '<' || byte == '>' || byte == '&') {
        text_ += fmt::format("\\u{:04x}", byte);
      } else {
        text_ += byte;
      }
    }
    text_ += '"';
  }

  void add_control(char byte) {
    static constexpr std::string_view short_ones = "b\bf\fn\nr\rt\t";
    const auto at = short_ones.find(byte);
    if (at != std::string_view::npos) {
      text_ += '\\';
      text_ += short_ones[at - 1];
    } else {
      text_ += fmt::format("\\u{:04x}", static_cast<unsigned char>(byte));
    }
  }

  bool indented_;
  std::size_t depth_ = 0;
  std::string text_;
};

}  // namespace

std::string go_text(const Node& scalar) {
  if (const auto* number = std::get_if<double>(&scalar.value)) return go_number(*number, 1e-4, 1e6);
  return scalar_text(scalar);
}

std::string go_json(const Node& node, Layout layout) {
  GoJson json(layout);
  json.add(node);
  return json.text();
}

}  // namespace greenwave::render::kustomize
