#include "render/features.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::render {

namespace {

constexpr std::size_t most_open = 32;
constexpr std::size_t most_values = 10'000;  // in one Feature

/// How far the parser has read: its own events carry no places. Columns count characters, not bytes.
struct Cursor {
  const char* at;
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  std::uint32_t previous_column = 1;  ///< of the line before, at its end
};

/// Feeds the parser and moves the cursor along.
class Input {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Input(const char* at, Cursor* cursor) : at_(at), cursor_(cursor) {}
  reference operator*() const { return *at_; }
  Input& operator++() {
    const char byte = *at_;
    cursor_->at = ++at_;
    if (byte == '\n') {
      ++cursor_->line;
      cursor_->previous_column = std::exchange(cursor_->column, 1);
    } else if (is_start_of_character(byte)) {
      ++cursor_->column;
    }
    return *this;
  }
  Input operator++(int) {
    Input before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Input& other) const { return at_ == other.at_; }
  bool operator!=(const Input& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  Cursor* cursor_;
};

/// Builds one Feature after the other from the parser's events, and skips all else.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const char* start, const std::string& file, const Cursor& cursor,
          const std::function<void(yaml::Node)>& visit)
      : start_(start), file_(std::make_shared<const std::string>(file)), cursor_(cursor), visit_(visit) {}

  bool null() override { return value({nullptr, place_of_word(4)}); }
  bool boolean(bool flag) override { return value({flag, place_of_word(flag ? 4 : 5)}); }
  bool number_integer(number_integer_t number) override { return value({number, place_of_number()}); }
  bool number_unsigned(number_unsigned_t number) override {
    if (std::in_range<std::int64_t>(number)) return number_integer(static_cast<std::int64_t>(number));
    return value({static_cast<double>(number), place_of_number()});
  }
  bool number_float(number_float_t number, const string_t&) override {
    return value({number, place_of_number()});
  }
  bool string(string_t& text) override {
    const auto place = place_of_string();
    return value({std::move(text), place});
  }
  bool binary(binary_t&) override { return false; }  // JSON has none

  bool key(string_t& name) override {
    const auto place = place_of_string();
    if (open_.empty()) {
      if (depth_ == 1) top_key_ = name;
      return true;
    }
    if (open_.back().find(name) != nullptr) {
      refuse(place, fmt::format("duplicate key \"{}\" in this object", printable(name)),
             "remove one of the two");
    }
    open_.back().map()->push_back({std::move(name), place, {}});
    return true;
  }

  bool start_object(std::size_t) override { return open({yaml::Node::Map{}, place_of_word(1)}); }
  bool start_array(std::size_t) override { return open({yaml::Node::Sequence{}, place_of_word(1)}); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while …"
    std::string_view what = error.what();
    const auto skip_past = [&what](std::string_view mark) {
      if (const auto at = what.find(mark); at != std::string_view::npos) what.remove_prefix(at + mark.size());
    };
    skip_past("] ");
    if (what.starts_with("parse error at")) skip_past(": ");
    refuse(place_of_word(1), printable(what), "check the file with a JSON checker");
  }

  /// Goes on as if the outermost object's list of Features were open.
  void begin_in_features() {
    depth_ = 2;
    top_key_ = "features";
  }

  void finish() const {
    if (is_collection_ && has_features_) return;
    refuse({file_, 1, 1}, "this is not a GeoJSON FeatureCollection",
           R"(write {"type": "FeatureCollection", "features": […]})");
  }

 private:
  [[noreturn]] void refuse(const Place& place, const std::string& message,
                           const std::string& remedy = {}) const {
    throw Error(Fault::invalid, fmt::format("{}: {}", to_string(place), message), remedy);
  }

  /// The place of a byte that was just read. Between it and the cursor is at most one line's end: the
  /// character by which the parser saw that a number is complete.
  Place place_at(const char* at) const {
    auto line = cursor_.line;
    auto column = cursor_.column;
    for (const char* back = cursor_.at; back > at;) {
      --back;
      if (*back == '\n' && line > 1) {
        --line;
        column = cursor_.previous_column;
      } else if (is_start_of_character(*back) && column > 1) {
        --column;
      }
    }
    return {file_, line, column};
  }

  Place place_of_word(std::ptrdiff_t length) const {
    return place_at(cursor_.at - std::min(length, cursor_.at - start_));
  }

  Place place_of_number() const {
    const auto in_number = [](char c) { return c != '\0' && std::strchr("0123456789+-.eE", c) != nullptr; };
    const char* at = cursor_.at;
    if (at > start_ && !in_number(at[-1])) --at;
    while (at > start_ && in_number(at[-1])) --at;
    return place_at(at);
  }

  Place place_of_string() const {
    const auto is_opening = [this](const char* quote) {
      if (*quote != '"') return false;
      const char* slash = quote;
      while (slash > start_ && slash[-1] == '\\') --slash;
      return (quote - slash) % 2 == 0;
    };
    const char* at = cursor_.at - 1;  // the closing quote
    while (at > start_ && !is_opening(--at)) {
    }
    return place_at(at);
  }

  bool in_features() const { return depth_ == 2 && top_key_ == "features"; }

  bool open(yaml::Node container) {
    if (open_.empty() && in_features()) {
      if (!container.is_map()) refuse(container.place, "a Feature is an object, not a list");
      values_ = 0;
      open_.push_back(std::move(container));
    } else if (!open_.empty()) {
      count(container.place);
      if (open_.size() == most_open) {
        refuse(container.place, fmt::format("nested deeper than {} levels", most_open));
      }
      open_.push_back(std::move(container));
    } else {
      ++depth_;
      if (in_features() && !container.is_sequence()) refuse(container.place, "features must be a list");
      has_features_ = has_features_ || in_features();
    }
    return true;
  }

  bool close() {
    if (open_.empty()) {
      --depth_;
      return true;
    }
    auto done = std::move(open_.back());
    open_.pop_back();
    if (open_.empty()) {
      visit_(std::move(done));
    } else {
      attach(std::move(done));
    }
    return true;
  }

  bool value(yaml::Node node) {
    if (!open_.empty()) {
      count(node.place);
      attach(std::move(node));
    } else if (in_features()) {
      refuse(node.place, fmt::format("a Feature is an object, not {}", kind_of(node)));
    } else if (depth_ == 1 && top_key_ == "type") {
      is_collection_ = node.is_string() && *node.string() == "FeatureCollection";
    }
    return true;
  }

  void attach(yaml::Node node) {
    auto& container = open_.back();
    if (auto* items = container.sequence()) {
      items->push_back(std::move(node));
    } else {
      container.map()->back().value = std::move(node);
    }
  }

  void count(const Place& place) {
    if (++values_ > most_values) {
      refuse(place, fmt::format("a Feature of more than {} values", most_values),
             "move what manifests do not need elsewhere");
    }
  }

  const char* start_;
  std::shared_ptr<const std::string> file_;
  const Cursor& cursor_;
  const std::function<void(yaml::Node)>& visit_;

  std::size_t depth_ = 0;         ///< of what is open and not part of a Feature
  std::string top_key_;           ///< the last key of the outermost object
  std::vector<yaml::Node> open_;  ///< the Feature and what is open in it, outermost first
  std::size_t values_ = 0;        ///< in this Feature
  bool is_collection_ = false;
  bool has_features_ = false;
};

void parse(std::string_view text, Cursor& cursor, Builder& builder) {
  nlohmann::json::sax_parse(Input(text.data(), &cursor), Input(text.data() + text.size(), &cursor), &builder);
}

}  // namespace

void each_feature(std::string_view text, const std::string& file,
                  const std::function<void(yaml::Node feature)>& visit) {
  Cursor cursor{text.data()};
  Builder builder(text.data(), file, cursor, visit);
  parse(text, cursor, builder);
  builder.finish();
}

void read_feature(const FeatureExtent& extent, const std::string& file,
                  const std::function<void(yaml::Node feature)>& visit) {
  Cursor cursor{extent.text.data(), extent.line, extent.column};
  Builder builder(extent.text.data(), file, cursor, visit);
  builder.begin_in_features();
  parse(extent.text, cursor, builder);
}

}  // namespace greenwave::render
