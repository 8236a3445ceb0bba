#include "yaml/scalar_source.h"

#include <array>

#include "yaml/node.h"

namespace greenwave::yaml {

namespace {

constexpr std::array<std::string_view, 6> line_breaks = {"\r\n",     "\n",           "\r",
                                                         "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// The line break that the text begins with; empty: none.
std::string_view break_at(std::string_view text) {
  if (std::string_view("\r\n\xC2\xE2").find(text.front()) == std::string_view::npos) return {};
  for (const auto line_break : line_breaks) {
    if (text.starts_with(line_break)) return line_break;
  }
  return {};
}

}  // namespace

void ScalarSource::step(Position& position) const {
  if (const auto line_break = break_at(source_.substr(position.offset)); !line_break.empty()) {
    position.offset += line_break.size();
    position.character += line_break == "\r\n" ? 2 : 1;
    ++position.line;
    position.column = 0;
    return;
  }
  do {
    ++position.offset;
  } while (position.offset < source_.size() && !begins_character(source_[position.offset]));
  ++position.character;
  ++position.column;
}

void ScalarSource::find(const yaml_event_t& scalar) {
  while (known_.character < scalar.start_mark.index && known_.offset < source_.size()) step(known_);
}

std::string_view ScalarSource::written(const yaml_event_t& scalar) {
  find(scalar);
  auto end = known_;
  while (end.character < scalar.end_mark.index && end.offset < source_.size()) step(end);
  return source_.substr(known_.offset, end.offset - known_.offset);
}

std::vector<Place> ScalarSource::openings(std::string_view text, const yaml_event_t& scalar,
                                          const std::shared_ptr<const std::string>& file) {
  std::vector<Place> places;
  const auto count = count_openings(text);
  if (count == 0) return places;
  find(scalar);
  auto position = known_;
  const auto style = scalar.data.scalar.style;
  if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
    // Its first line may have a comment.
    while (position.line == known_.line && position.offset < source_.size()) step(position);
  }
  while (position.character < scalar.end_mark.index && position.offset < source_.size()) {
    if (source_.substr(position.offset).starts_with(opening)) {
      places.push_back({file, static_cast<std::uint32_t>(position.line + 1),
                        static_cast<std::uint32_t>(position.column + 1)});
      step(position);
    }
    step(position);
  }
  if (places.size() != count) places.clear();
  return places;
}

}  // namespace greenwave::yaml
