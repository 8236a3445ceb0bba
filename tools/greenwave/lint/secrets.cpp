#include "lint/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/paths.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_searched = 4 << 20;  // larger files were not written by people
constexpr std::size_t most_depth = 64;

/// A secret in a line: its position, and what it is.
struct Hit {
  std::size_t at = 0;
  std::size_t size = 0;
  std::string what;
  bool certain = true;  ///< by its format, and not only by its name
};

/// Tokens with a prefix that their issuer documents.
struct TokenFormat {
  std::string_view prefix;
  std::size_t min_length;  ///< without the prefix
  std::string_view what;
};

constexpr std::array formats{
    TokenFormat{"AKIA", 16, "an AWS access key"}, TokenFormat{"ASIA", 16, "an AWS access key"},
    TokenFormat{"ghp_", 30, "a GitHub token"},    TokenFormat{"gho_", 30, "a GitHub token"},
    TokenFormat{"ghs_", 30, "a GitHub token"},    TokenFormat{"github_pat_", 30, "a GitHub token"},
    TokenFormat{"glpat-", 20, "a GitLab token"},  TokenFormat{"glrt-", 20, "a GitLab runner token"},
    TokenFormat{"xoxb-", 20, "a Slack token"},    TokenFormat{"xoxp-", 20, "a Slack token"},
    TokenFormat{"AIza", 35, "a Google API key"},  TokenFormat{"npm_", 36, "an npm token"},
    TokenFormat{"hvs.", 24, "a Vault token"},     TokenFormat{"AGE-SECRET-KEY-1", 50, "an age key"},
};

bool is_token(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
}

std::optional<Hit> private_key(std::string_view line) {
  const auto begin = line.find("-----BEGIN ");
  if (begin == std::string_view::npos) return {};
  const auto end = line.find("PRIVATE KEY", begin);
  if (end == std::string_view::npos) return {};
  return Hit{begin, line.size() - begin, "a private key"};
}

std::optional<Hit> known_token(std::string_view line) {
  for (const auto& format : formats) {
    for (auto at = line.find(format.prefix); at != std::string_view::npos;
         at = line.find(format.prefix, at + 1)) {
      if (at > 0 && is_token(line[at - 1])) continue;
      auto end = at + format.prefix.size();
      while (end < line.size() && is_token(line[end])) ++end;
      if (end - at >= format.prefix.size() + format.min_length)
        return Hit{at, end - at, std::string(format.what)};
    }
  }
  return {};
}

/// "{PASSWORD}", "${password}", "$PASSWORD", "DB_PASSWORD", "****": what somebody fills in later.
bool stands_for_password(std::string_view text) {
  const auto is_capital = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z'); };
  const bool is_word = std::ranges::all_of(text, is_capital);
  for (const std::string_view word : {"PASS", "SECRET", "TOKEN", "KEY"}) {
    if (is_word && text.find(word) != text.npos) return true;
  }
  return std::string_view("{$[").find(text.front()) != std::string_view::npos ||
         std::ranges::count(text, text.front()) == static_cast<std::ptrdiff_t>(text.size());
}

/// The password in "https://user:password@host".
std::optional<Hit> password_in_url(std::string_view line) {
  for (auto at = line.find("://"); at != std::string_view::npos; at = line.find("://", at + 3)) {
    const auto from = at + 3;
    const auto end = line.find_first_of("/ \t\"'<>", from);
    const auto authority = line.substr(from, end == std::string_view::npos ? end : end - from);
    const auto sign = authority.rfind('@');
    const auto colon = authority.find(':');
    if (sign == std::string_view::npos || colon >= sign || sign - colon < 4) continue;
    if (stands_for_password(authority.substr(colon + 1, sign - colon - 1))) continue;
    return Hit{from + colon + 1, sign - colon - 1, "a password in a URL"};
  }
  return {};
}

bool is_secret_name(std::string_view written) {
  auto name = in_lower_case(written);
  std::erase_if(name, [](char c) { return c == '_' || c == '-'; });
  for (const std::string_view word : {"password", "passwd", "passphrase", "secret", "token", "apikey",
                                      "privatekey", "secretkey", "accesskey"}) {
    if (name.ends_with(word)) return true;
  }
  return false;
}

/// A name of a key or of an object that holds the secret: "db-password", "REGISTRY_TOKEN".
bool is_name(std::string_view value) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  const auto words = [&](char c) { return is_letter(c) || c == '-' || c == '_' || c == '.'; };
  return std::ranges::all_of(value, words) &&
         (value == in_lower_case(value) || value == in_upper_case(value));
}

/// Whether the field says where a secret is, and not what it is.
bool is_reference(std::string_view name, std::string_view value) {
  const auto field = in_lower_case(name);
  return field.ends_with("existingsecret") || (field.ends_with("secretkey") && is_name(value));
}

/// A reference or an example, not a secret.
bool is_placeholder(std::string_view value) {
  return value.size() < 8 || value.find_first_of(" {}[]<>$/*&") != std::string_view::npos ||
         std::ranges::count(value, value.front()) == static_cast<std::ptrdiff_t>(value.size()) ||
         value.starts_with("ENC") || value.find("change") != std::string_view::npos ||
         value.find("example") != std::string_view::npos;
}

/// "password: hunter2hunter2", "TOKEN=…".
std::optional<Hit> named_secret(std::string_view line) {
  const auto separator = line.find_first_of(":=");
  if (separator == std::string_view::npos || separator == 0) return {};
  auto name = trim(line.substr(0, separator));
  while (!name.empty() && !is_token(name.back())) name.remove_suffix(1);
  auto from = name.size();
  while (from > 0 && is_token(name[from - 1])) --from;
  if (!is_secret_name(name.substr(from))) return {};
  auto value = trim(line.substr(separator + 1));
  if (value.starts_with('#')) return {};
  if (const auto comment = value.find(" #"); comment != std::string_view::npos)
    value = trim(value.substr(0, comment));
  while (!value.empty() && (value.front() == '"' || value.front() == '\'')) value.remove_prefix(1);
  while (!value.empty() && std::string_view("\"',}").find(value.back()) != std::string_view::npos) {
    value.remove_suffix(1);
  }
  if (value.empty() || is_placeholder(value) || stands_for_password(value)) return {};
  if (is_reference(name.substr(from), value)) return {};
  const auto at = static_cast<std::size_t>(value.data() - line.data());
  return Hit{at, value.size(), fmt::format("what looks like a {}", printable(name.substr(from))), false};
}

std::optional<Hit> find_in(std::string_view line) {
  for (const auto look : {private_key, known_token, password_in_url, named_secret}) {
    if (auto hit = look(line)) return hit;
  }
  return {};
}

constexpr std::string_view allowance = "greenwave:allow-secret";

/// Why a line, or the one before it, says that this is no secret; nothing when neither does.
std::optional<std::string_view> reason_in(std::string_view line) {
  const auto at = line.find(allowance);
  if (at == std::string_view::npos || line.substr(0, at).find_first_of("#/;<%") == std::string_view::npos) {
    return {};
  }
  auto reason = trim(line.substr(at + allowance.size()));
  if (reason.ends_with("-->")) reason = trim(reason.substr(0, reason.size() - 3));
  return reason;
}

/// A comment on a line of its own speaks for the next line.
bool is_comment(std::string_view line) {
  const auto text = trim(line);
  return !text.empty() && std::string_view("#/;<%").find(text.front()) != std::string_view::npos;
}

void add_secret(const Hit& hit, const Place& place, bool needs_reason, LintFindings& findings) {
  const auto message = fmt::format("{} in clear text: everyone who can read the repository has it", hit.what);
  std::string remedy =
      hit.certain ? "revoke it where it was issued, and encrypt the new one in the repository, with sops "
                    "or age (man greenwave.yaml, Secrets)"
                  : "encrypt it in the repository, with sops or age (man greenwave.yaml, Secrets); if it "
                    "is no secret, add the comment # greenwave:allow-secret REASON";
  if (needs_reason) remedy = fmt::format("write a reason behind {}", allowance);
  Problems found;
  hit.certain ? found.error(place, message, remedy) : found.warning(place, message, remedy);
  findings.add("secret", found);
}

void search(const SourceTree& tree, const std::string& directory, std::size_t depth, LintFindings& findings) {
  if (depth > most_depth) return;
  for (const auto& item : tree.list(directory)) {
    const auto path = join_path(directory, item.name);
    if (item.type == SourceTree::Type::directory) {
      if (!item.name.starts_with('.')) search(tree, path, depth + 1, findings);
      continue;
    }
    if (item.type != SourceTree::Type::file && item.type != SourceTree::Type::executable) continue;
    try {
      find_secrets(path, tree.read(path, most_searched), findings);
    } catch (const Error& error) {
      if (error.fault() == Fault::damaged) throw;
    }
  }
}

}  // namespace

std::string without_secrets(std::string_view line) {
  std::string text(line);
  // A line may contain several.
  for (int i = 0; i < 8; ++i) {
    const auto hit = find_in(text);
    if (!hit || hit->what == "a private key") break;
    text.replace(hit->at, hit->size, "***");
  }
  return text;
}

void find_secrets(const std::string& file, std::string_view text, LintFindings& findings) {
  if (text.find('\0') != std::string_view::npos) return;
  const auto name = std::make_shared<const std::string>(file);
  std::uint32_t number = 0;
  std::string_view above;
  for (const auto line : split(text, '\n')) {
    ++number;
    auto reason = reason_in(line);
    if (!reason && is_comment(above)) reason = reason_in(above);
    above = line;
    const auto hit = find_in(line);
    if (!hit || (reason && !reason->empty())) continue;
    const auto before = line.substr(0, hit->at);
    const auto column = 1 + std::ranges::count_if(before, [](char byte) { return (byte & 0xC0) != 0x80; });
    add_secret(*hit, {name, number, static_cast<std::uint32_t>(column)}, reason.has_value(), findings);
  }
}

void find_secrets(const SourceTree& tree, LintFindings& findings) {
  search(tree, "", 0, findings);
}

}  // namespace greenwave::cli
