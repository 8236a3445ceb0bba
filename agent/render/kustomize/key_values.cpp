#include "render/kustomize/key_values.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "secrets/sops_file.h"
#include "secrets/sops_value.h"

namespace greenwave::render::kustomize {

namespace {

std::string_view without_quotes(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && text.front() == text.back() && (text.front() == '"' || text.front() == '\'');
  return quoted ? text.substr(1, text.size() - 2) : text;
}

class PairReader {
 public:
  PairReader(const Generator& generator, const std::string& directory, Context& context)
      : generator_(generator), directory_(directory), context_(context) {}

  std::optional<std::map<std::string, Text>> read() {
    for (const auto& path : generator_.envs) add_lines(path);
    for (const auto& literal : generator_.literals) add_literal(literal);
    for (const auto& file : generator_.files) add_file(file);
    if (failed_) return {};
    return std::move(pairs_);
  }

 private:
  void fail(const Place& place, std::string message, std::string remedy) {
    context_.problems.error(place, std::move(message), std::move(remedy));
    failed_ = true;
  }

  void add(std::string_view key, std::string_view value, const Place& place) {
    if (key.empty()) return fail(place, "the key is missing", "write key=value");
    if (!place.secret && secrets::read_sops_value(value)) {
      return fail(place,
                  fmt::format("the value of {} is encrypted by SOPS, and by itself nobody can open it",
                              printable(key)),
                  "put it into a file that sops encrypts as a whole, and name that");
    }
    const bool fresh = pairs_.emplace(std::string(key), Text{std::string(value), place}).second;
    if (!fresh) {
      fail(place, fmt::format("duplicate key {} in {}", printable(key), generator_.name.value),
           "remove one of the two");
    }
  }

  void add_lines(const Text& path) {
    const auto content = context_.read_content(directory_, path);
    if (!content) {
      failed_ = true;
      return;
    }
    if (content->is_veiled) return add_veiled(*content, path);
    std::string_view rest = content->bytes;
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    while (!rest.empty()) {
      const auto end = std::min(rest.find('\n'), rest.size());
      auto line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      line.remove_prefix(std::min(line.find_first_not_of(" \t\v\f\r"), line.size()));
      if (line.empty() || line.starts_with('#')) continue;
      const auto sign = line.find('=');
      const auto value = sign == std::string_view::npos ? std::string_view() : line.substr(sign + 1);
      add(line.substr(0, sign), value, content->place);
    }
  }

  /// Of a dotenv file the keys are known without a device's identity.
  void add_veiled(const Content& content, const Text& path) {
    if (secrets::sops_format(path.value, content.bytes) != secrets::SopsFormat::dotenv) {
      context_.file.complete = false;
      context_.file.problems.warning(path.place, "only the devices can tell which keys this file has",
                                     "encrypt it as a dotenv file: sops encrypt --input-type dotenv");
      return;
    }
    try {
      for (const auto& [key, value] : secrets::sealed_dotenv(content.bytes)) add(key, value, content.place);
    } catch (const Error& error) {
      fail(path.place, error.message(), error.remedy());
    }
  }

  void add_literal(const Text& literal) {
    const std::string_view text = literal.value;
    const auto sign = text.find('=');
    if (sign == std::string_view::npos || sign == 0) {
      return fail(literal.place, "a literal must be key=value", "put the key and a = before it");
    }
    add(text.substr(0, sign), without_quotes(text.substr(sign + 1)), literal.place);
  }

  void add_file(const Text& file) {
    const std::string_view text = file.value;
    const auto sign = text.find('=');
    auto key = text.substr(0, sign);
    auto path = text;
    if (sign == std::string_view::npos) {
      while (key.ends_with('/')) key.remove_suffix(1);
      key = key.substr(key.rfind('/') + 1);
    } else {
      path = text.substr(sign + 1);
    }
    if (key.empty() || path.empty() || path.find('=') != std::string_view::npos) {
      return fail(file.place, fmt::format("\"{}\" is neither a path nor key=path", printable(text)),
                  "write it as config.ini=files/config.ini");
    }
    if (const auto content = context_.read_content(directory_, {std::string(path), file.place})) {
      add(key, content->bytes, content->place);
    } else {
      failed_ = true;
    }
  }

  const Generator& generator_;
  const std::string& directory_;
  Context& context_;
  std::map<std::string, Text> pairs_;
  bool failed_ = false;
};

}  // namespace

std::optional<std::map<std::string, Text>> read_key_values(const Generator& generator,
                                                           const std::string& directory, Context& context) {
  return PairReader(generator, directory, context).read();
}

}  // namespace greenwave::render::kustomize
