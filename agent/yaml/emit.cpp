#include "yaml/emit.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include "base/error.h"
#include "base/text.h"
#include "yaml/encoding.h"
#include "yaml/json_escapes.h"
#include "yaml/load.h"
#include "yaml/scalar.h"
#include "yaml/timestamp.h"

namespace greenwave::yaml {

namespace {

constexpr std::string_view decimal_digits = "0123456789";
constexpr std::string_view name_starts = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/$";

/// Readers take at most 1024 characters for a key before its colon, and an escape has up to six for a byte.
constexpr std::size_t most_simple_key = 128;

bool is_text_to_kubernetes(std::string_view text) {
  return std::holds_alternative<std::string>(plain_scalar(text, Dialect::kubernetes));
}

/// Numbers and dates of YAML 1.1, which Kubernetes' and Python's readers know beside those of 1.2: 1_000,
/// 0b11, -0x1F, 12:30, 2026-01-31.
bool is_number_elsewhere(std::string_view text) {
  if (!is_text_to_kubernetes(text) || timestamp_as_json(text)) return true;
  std::string digits(text);
  std::erase(digits, '_');
  if (digits.starts_with('+') || digits.starts_with('-')) digits.erase(0, 1);
  if (digits.starts_with("0b")) return digits.find_first_not_of("01", 2) == digits.npos;
  const auto after = std::min(digits.find_first_not_of(decimal_digits), digits.size());
  if (after == 0 && !digits.starts_with('.')) return false;
  const std::string_view rest = std::string_view(digits).substr(after);
  if (rest.starts_with(':')) return rest.find_first_not_of("0123456789:.") == rest.npos;
  if (after == 4 && rest.starts_with('-'))
    return rest.find_first_not_of("0123456789-:.+TtZz \t") == rest.npos;
  return !std::holds_alternative<std::string>(plain_scalar(digits));
}

/// Most texts, without asking the loader: printable ASCII that begins like a name, a path or a number, and
/// has neither a comment nor a colon that ends a key. False means not known.
bool reads_back_as_text_surely(std::string_view text) {
  if (text.empty() || text.ends_with(' ')) return false;
  const bool number = decimal_digits.find(text.front()) != text.npos;
  if (!number && name_starts.find(text.front()) == text.npos) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c < ' ' || c > '~' || c == '#') return false;
    if (c == ':' && (at + 1 == text.size() || text[at + 1] == ' ')) return false;
  }
  if (number) return !is_number_elsewhere(text);
  return !is_old_boolean(text) && std::holds_alternative<std::string>(plain_scalar(text));
}

/// Plain only where every reader, older ones included, takes the word for a text.
bool reads_back_as_text(const std::string& text) {
  if (text == "=" || text == "<<" || is_number_elsewhere(text)) return false;
  Problems problems;
  const auto read = load(text, "", problems);
  return problems.empty() && read && read->string() != nullptr && *read->string() == text;
}

bool has_noncharacter(const std::string& text) {
  return text.find("\xEF\xBF\xBE") != text.npos || text.find("\xEF\xBF\xBF") != text.npos;
}

/// Characters that nobody would see, or that readers take for a line break or refuse.
bool needs_escapes(const std::string& text) {
  return printable_lines(text) != text || has_noncharacter(text);
}

/// Blanks at the end of a line would not be seen in a block.
bool may_be_block(const std::string& text) {
  if (text.find('\n') == text.npos || text.find_first_not_of('\n') == text.npos) return false;
  return text.find(" \n") == text.npos && !text.ends_with(' ') && !needs_escapes(text);
}

std::string real_text(double number) {
  if (std::isnan(number)) return ".nan";
  if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
  auto digits = fmt::format("{}", number);
  if (digits.find_first_of(".e") == digits.npos) digits += ".0";
  return digits;
}

/// What yaml-cpp cannot write, for the first `from` behind `after`.
struct Replacement {
  std::size_t after;
  std::string_view from;
  std::string to;
};

class Writer {
 public:
  explicit Writer(const CommentOn& comment_on) : comment_on_(comment_on) {
    out_.SetNullFormat(YAML::LowerNull);
  }

  std::string document(const Node& node) {
    value(node);
    if (!out_.good()) throw Error(Fault::internal, fmt::format("cannot write YAML: {}", out_.GetLastError()));
    const std::string_view written(out_.c_str(), out_.size());
    std::string text;
    std::size_t copied = 0;
    for (const auto& [after, from, to] : replacements_) {
      const auto begin = written.find(from, after);
      text.append(written.substr(copied, begin - copied)).append(to);
      copied = begin + from.size();
    }
    return text.append(written.substr(copied)).append("\n");
  }

 private:
  void value(const Node& node) {
    if (const auto* members = node.map(); members != nullptr && !members->empty()) {
      out_ << YAML::BeginMap;
      for (const auto& member : *members) {
        out_ << YAML::Key;
        if (member.key.size() > most_simple_key) out_ << YAML::LongKey;
        line(member.key);
        out_ << YAML::Value;
        value(member.value);
      }
      out_ << YAML::EndMap;
    } else if (const auto* items = node.sequence(); items != nullptr && !items->empty()) {
      out_ << YAML::BeginSeq;
      for (const auto& item : *items) value(item);
      out_ << YAML::EndSeq;
    } else {
      leaf(node, comment_on_ ? comment_on_(node) : "");
    }
  }

  void leaf(const Node& node, const std::string& comment) {
    if (const auto* text = node.string(); text != nullptr && may_be_block(*text)) {
      block(*text, comment);
      return;
    }
    if (node.is_map()) {
      out_ << YAML::Flow << YAML::BeginMap << YAML::EndMap;
    } else if (node.is_sequence()) {
      out_ << YAML::Flow << YAML::BeginSeq << YAML::EndSeq;
    } else if (const auto* text = node.string()) {
      line(*text);
    } else if (const auto* flag = std::get_if<bool>(&node.value)) {
      out_ << *flag;
    } else if (const auto* integer = std::get_if<std::int64_t>(&node.value)) {
      as_it_is(fmt::to_string(*integer));
    } else if (const auto* real = std::get_if<double>(&node.value)) {
      as_it_is(real_text(*real));
    } else {
      out_ << YAML::Null;
    }
    if (!comment.empty()) out_ << YAML::Comment(comment);
  }

  void line(const std::string& text) {
    if (reads_back_as_text_surely(text)) {
      as_it_is(text);
      return;
    }
    if (!is_utf8(text)) throw Error(Fault::internal, "cannot write YAML: a text is not UTF-8");
    if (has_noncharacter(text)) {
      noncharacters(text);
    } else if (reads_back_as_text(text)) {
      out_ << text;
    } else {
      if (needs_escapes(text)) out_ << YAML::EscapeNonAscii;
      out_ << YAML::DoubleQuoted << text;
    }
  }

  /// Without yaml-cpp's own check of a text, whose patterns take longer than everything else here.
  void as_it_is(std::string_view text) { out_.WriteIntegralType(text); }

  /// yaml-cpp replaces U+FFFE and U+FFFF, which YAML allows as escapes. JSON's are the same, surrogates
  /// aside.
  void noncharacters(const std::string& text) {
    constexpr std::string_view stand_in = R"("?")";
    replacements_.push_back(
        {out_.size(), stand_in, join_surrogates(nlohmann::json(text).dump(-1, ' ', true))});
    out_ << YAML::DoubleQuoted << "?";
  }

  /// yaml-cpp writes every block as if it ended in one newline and began with a letter, and a comment after
  /// it as its last line. What the block's first line must say besides is noted, and added at the end.
  void block(std::string text, const std::string& comment) {
    std::string header;
    if (text.find_first_of(" \t\n") == 0) header += '2';  // yaml-cpp's indentation
    if (!text.ends_with('\n')) {
      header += '-';
    } else {
      if (text.ends_with("\n\n")) header += '+';
      text.pop_back();  // yaml-cpp ends the last line itself
    }
    if (!comment.empty()) header += "  # " + comment;
    if (!header.empty()) replacements_.push_back({out_.size(), "|", "|" + header});
    out_ << YAML::Literal << text;
  }

  const CommentOn& comment_on_;
  YAML::Emitter out_;
  std::vector<Replacement> replacements_;  ///< in the order of the text
};

}  // namespace

std::string emit(const Node& node, const CommentOn& comment_on) {
  return Writer(comment_on).document(node);
}

}  // namespace greenwave::yaml
