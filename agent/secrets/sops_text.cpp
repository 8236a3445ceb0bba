#include "secrets/sops_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"

namespace greenwave::secrets {

namespace {

using Kind = TextPart::Kind;

constexpr std::string_view map_mark = "__map_";
constexpr std::string_view list_mark = "__list_";
constexpr std::size_t most_items = 1000;
constexpr std::string_view prefix = "sops_";

Error malformed(std::size_t line, std::string_view what) {
  return Error(Fault::invalid, fmt::format("its line {} is not as sops writes it: {}", line, what),
               "encrypt the file again with sops 3");
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string result;
  for (;;) {
    const auto at = text.find(from);
    result += text.substr(0, at);
    if (at == text.npos) return result;
    result += to;
    text.remove_prefix(at + from.size());
  }
}

/// "age__list_0__map_enc": adds the value at that place below `node`.
void place(yaml::Node& node, std::string_view path, std::string value) {
  auto* at = &node;
  bool is_item = false;
  for (;;) {
    const auto end = std::min(path.find(map_mark), path.find(list_mark));
    const auto name = path.substr(0, end);
    if (is_item) {
      std::size_t number = 0;
      const auto [stop, failure] = std::from_chars(name.data(), name.data() + name.size(), number);
      if (failure != std::errc{} || stop != name.data() + name.size() || number >= most_items) return;
      if (!at->is_sequence()) at->value = yaml::Node::Sequence{};
      auto& items = *at->sequence();
      if (items.size() <= number) items.resize(number + 1);
      at = &items[number];
    } else {
      if (!at->is_map()) at->value = yaml::Node::Map{};
      if (at->find(name) == nullptr) yaml::set(*at, std::string(name), {});
      at = at->find(name);
    }
    if (end == path.npos) break;
    is_item = path.substr(end).starts_with(list_mark);
    path.remove_prefix(end + (is_item ? list_mark : map_mark).size());
  }
  at->value = std::move(value);
}

/// Lines with their ends.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  bool next(std::string_view& line) {
    if (rest_.empty()) return false;
    const auto end = rest_.find('\n');
    line = rest_.substr(0, end == rest_.npos ? end : end + 1);
    rest_.remove_prefix(line.size());
    ++number_;
    return true;
  }

  std::size_t number() const { return number_; }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

std::string_view without_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

bool surrounded(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.find(quote, 1) == text.size() - 1;
}

class IniReader {
 public:
  explicit IniReader(std::string_view bytes) : lines_(bytes) {}

  SealedText read() {
    std::string_view line;
    while (lines_.next(line)) take(line);
    flush_comments();
    return std::move(sealed_);
  }

 private:
  void take(std::string_view line) {
    const auto text = trim(line);
    if (text.empty()) return add({.text = std::string(line)});
    if (text.front() == '#' || text.front() == ';') {
      comments_.emplace_back(line);
      return;
    }
    if (text.front() == '[') return section(line, text);
    flush_comments();
    key(line);
  }

  /// The comments before a section are its own.
  void section(std::string_view line, std::string_view text) {
    const auto end = text.rfind(']');
    if (end == text.npos) throw malformed(lines_.number(), "a section without ]");
    section_ = text.substr(1, end - 1);
    in_metadata_ = section_ == "sops";
    flush_comments();
    add({.text = std::string(line)});
  }

  void flush_comments() {
    for (auto& line : comments_) {
      auto content = std::string_view(line);
      content.remove_prefix(std::min(content.find_first_not_of("#; \t"), content.size()));
      content = trim(content);
      add({.kind = Kind::comment,
           .text = "",
           .path = section_ + ":",
           .content = std::string(content),
           .written = line});
    }
    comments_.clear();
  }

  void key(std::string_view line) {
    const auto start = line.find_first_not_of(" \t");
    std::string_view quote;
    for (const std::string_view one : {"\"\"\"", "\"", "`"}) {
      if (quote.empty() && line.substr(start).starts_with(one)) quote = one;
    }
    const auto name_at = start + quote.size();
    const auto name_end = quote.empty() ? line.find_first_of("=:", name_at) : line.find(quote, name_at);
    const auto sign = name_end == line.npos ? name_end : line.find_first_of("=:", name_end);
    if (sign == line.npos) throw malformed(lines_.number(), "neither a section nor key = value");
    const std::string name(trim(line.substr(name_at, name_end - name_at)));
    auto value_at = line.find_first_not_of(" \t", sign + 1);
    if (value_at == line.npos) value_at = line.size();
    std::string written(line.substr(value_at));
    auto content = value_of(written);
    if (in_metadata_) {
      place(sealed_.metadata, name, replaced(content, "\\n", "\n"));
      return add({.kind = Kind::metadata, .text = std::string(line)});
    }
    add({.kind = Kind::value,
         .text = std::string(line.substr(0, value_at)),
         .path = section_ + ":" + name + ":",
         .content = std::move(content),
         .written = std::move(written)});
  }

  /// Reads on where a value has several lines.
  std::string value_of(std::string& written) {
    for (const std::string_view quote : {"\"\"\"", "`"}) {
      if (!written.starts_with(quote) || (quote.size() == 3 && written.size() <= 3)) continue;
      auto end = written.rfind(quote);
      std::string_view line;
      while (end < quote.size() || end == written.npos) {
        if (!lines_.next(line)) throw malformed(lines_.number(), "a value without its closing quotes");
        const auto before = written.size();
        written += line;
        const auto found = line.rfind(quote);
        end = found == line.npos ? found : before + found;
      }
      return written.substr(quote.size(), end - quote.size());
    }
    auto text = trim(written);
    if (text.ends_with('\\')) throw malformed(lines_.number(), "a value that ends in a backslash");
    if (const auto comment = text.find_first_of("#;"); comment != text.npos) {
      text = trim(text.substr(0, comment));
    }
    if (surrounded(text, '\'') || surrounded(text, '"')) text = text.substr(1, text.size() - 2);
    return std::string(text);
  }

  void add(TextPart part) {
    if (in_metadata_ || part.kind == Kind::metadata) {
      part.kind = Kind::metadata;
      // The line between this section and the one before.
      if (!ended_ && !sealed_.parts.empty() && trim(sealed_.parts.back().text).empty() &&
          sealed_.parts.back().kind == Kind::other) {
        sealed_.parts.back().kind = Kind::metadata;
      }
      ended_ = true;
    }
    sealed_.parts.push_back(std::move(part));
  }

  Lines lines_;
  SealedText sealed_;
  std::string section_ = "DEFAULT";
  bool in_metadata_ = false;
  bool ended_ = false;
  std::vector<std::string> comments_;
};

}  // namespace

SealedText read_dotenv(std::string_view bytes) {
  SealedText sealed;
  Lines lines(bytes);
  std::string_view line;
  while (lines.next(line)) {
    const auto text = without_end(line);
    if (text.empty()) continue;  // SOPS drops it
    if (text.front() == '#') {
      sealed.parts.push_back(
          {Kind::comment, "#", ":", std::string(text.substr(1)), std::string(text.substr(1)) + "\n"});
      continue;
    }
    const auto sign = text.find('=');
    if (sign == text.npos) throw malformed(lines.number(), "it has no =");
    const auto key = text.substr(0, sign);
    auto value = replaced(text.substr(sign + 1), "\\n", "\n");
    if (key.starts_with(prefix)) {
      place(sealed.metadata, key.substr(prefix.size()), std::move(value));
      sealed.parts.push_back({.kind = Kind::metadata, .text = std::string(line)});
    } else {
      sealed.parts.push_back({Kind::value, std::string(key) + "=", std::string(key) + ":", std::move(value),
                              std::string(text.substr(sign + 1)) + "\n"});
    }
  }
  return sealed;
}

SealedText read_ini(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  return IniReader(bytes).read();
}

std::string dotenv_value(std::string_view content) {
  return replaced(content, "\n", "\\n") + "\n";
}

std::string ini_value(std::string_view content) {
  if (content.find_first_of("\n`") != content.npos) return fmt::format("\"\"\"{}\"\"\"\n", content);
  if (content.find_first_of("#;") != content.npos) return fmt::format("`{}`\n", content);
  if (trim(content).size() != content.size()) return fmt::format("\"{}\"\n", content);
  return std::string(content) + "\n";
}

std::string ini_comment(std::string_view content) {
  std::string lines;
  for (const auto line : split(content, '\n')) {
    const bool marked = line.starts_with('#') || line.starts_with(';');
    lines +=
        marked ? fmt::format("{} {}\n", line[0], trim(line.substr(1))) : fmt::format("; {}\n", trim(line));
  }
  return lines;
}

}  // namespace greenwave::secrets
