#include "yaml/events.h"

#include <utility>

#include <fmt/format.h>

namespace greenwave::yaml {

Events::Events(std::string_view text, std::shared_ptr<const std::string> file, Problems& problems)
    : parser_(text), file_(std::move(file)), problems_(problems) {}

Event Events::next() {
  if (ahead_.empty()) return parse();
  auto event = std::move(ahead_.front());
  ahead_.pop_front();
  return event;
}

const Event& Events::ahead(std::size_t count) {
  while (ahead_.size() <= count) ahead_.push_back(parse());
  return ahead_[count];
}

Place Events::place_of(const yaml_mark_t& mark) const {
  return {file_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

void Events::refuse(const Place& place, std::string message, std::string remedy) {
  problems_.error(place, std::move(message), std::move(remedy));
  throw Refused{};
}

Event Events::parse() {
  Event event;
  if (yaml_parser_parse(&parser_.raw, &event.raw) == 1) return event;
  const std::string what = parser_.raw.problem != nullptr ? parser_.raw.problem : "it is not YAML";
  if (parser_.raw.error == YAML_READER_ERROR) {
    refuse(place_of(parser_.raw.mark), fmt::format("not UTF-8 text: {}", what), "save the file as UTF-8");
  }
  std::string message = what;
  if (parser_.raw.context != nullptr)
    message += fmt::format(" ({}, begun on line {})", parser_.raw.context, parser_.raw.context_mark.line + 1);
  const bool tab = what.find("cannot start any token") != std::string::npos && at_tab();
  refuse(place_of(parser_.raw.problem_mark), tab ? "a tab is used for indentation" : message,
         tab ? "indent with spaces" : "");
}

bool Events::at_tab() const {
  const auto& buffer = parser_.raw.buffer;
  return buffer.pointer != nullptr && buffer.pointer < buffer.last && *buffer.pointer == '\t';
}

}  // namespace greenwave::yaml
