#include "progress.h"

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::cli {

namespace {

constexpr Duration between_lines = std::chrono::seconds(10);
constexpr const char* clear_line = "\r\x1b[K";

Paint paint_of(int exit_code) {
  return exit_code == 0 ? Paint::good : Paint::bad;
}

/// At most `width` characters; UTF-8 is not cut inside one.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xC0) != 0x80 && ++count > width) return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::string Progress::phase_line() const {
  if (phase_.empty()) return {};
  return paint(style_, Paint::faint, cut(phase_, style_.width - 1));
}

std::string Progress::fetch_line(const git::Fetching& fetch, const std::string& text) {
  if (style_.terminal) {
    phase_ = text;
    return clear_line + phase_line();
  }
  if (fetch.commit != fetched_ || fetch.took < shown_) shown_ = {};
  fetched_ = fetch.commit;
  if (fetch.took - shown_ < between_lines) return {};
  shown_ = fetch.took;
  return text + "\n";
}

std::string Progress::add(const sync::Event& event) {
  const bool is_followed = event.earlier && event.kind != "waiting";
  const auto text = (is_followed ? "earlier: " : "") + printable_lines(event.text);
  const std::string begin = style_.terminal ? clear_line : "";
  if (event.kind == "phase") {
    phase_ = text + " ...";
    return style_.terminal ? begin + phase_line() : text + "\n";
  }
  if (event.kind == "progress") return event.fetch ? fetch_line(*event.fetch, text) : "";
  if (event.kind == "waiting") return begin + text + "\n" + (style_.terminal ? phase_line() : "");
  if (event.kind == "done") {
    phase_.clear();
    return begin + paint(style_, paint_of(event.exit_code), text) + "\n";
  }
  const auto mark = event.ok ? paint(style_, Paint::good, "ok    ") : paint(style_, Paint::bad, "FAILED");
  const auto line = event.kind == "problem" ? paint(style_, Paint::caution, "problem ") + text
                                            : fmt::format("{} {}", mark, text);
  return fmt::format("{}  {}\n{}", begin, line, style_.terminal ? phase_line() : "");
}

}  // namespace greenwave::cli
