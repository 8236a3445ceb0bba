#include "git/known_hosts.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digest.h"
#include "base/text.h"

namespace greenwave::git {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return result;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 16 * 1024) return {};
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return {};
  const auto padding = static_cast<std::size_t>(std::count(text.end() - 2, text.end(), '='));
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

/// "|1|SALT|HASH": HMAC-SHA1 of the name, keyed by the salt.
bool matches_hashed(std::string_view field, const std::string& name) {
  const auto parts = split(field, '|');
  if (parts.size() != 4 || parts[1] != "1") return false;
  const auto salt = from_base64(parts[2]);
  const auto expected = from_base64(parts[3]);
  if (!salt || !expected) return false;
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (HMAC(EVP_sha1(), salt->data(), static_cast<int>(salt->size()),
           reinterpret_cast<const unsigned char*>(name.data()), name.size(), hash, &size) == nullptr) {
    return false;
  }
  return *expected == std::string_view(reinterpret_cast<const char*>(hash), size);
}

/// * and ? as in a shell, without its brackets. Goes back to the last * only, so it stays linear in practice.
bool matches_pattern(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || (pattern[p] == name[n] && pattern[p] != '*'))) {
      ++p, ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool matches_names(std::string_view field, const std::string& name) {
  if (field.starts_with('|')) return matches_hashed(field, name);
  bool found = false;
  for (const auto written : split(field, ',')) {
    const bool negated = written.starts_with('!');
    if (!matches_pattern(lower(negated ? written.substr(1) : written), name)) continue;
    if (negated) return false;
    found = true;
  }
  return found;
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

bool has(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

KnownHosts::KnownHosts(std::string_view text, std::string_view host, unsigned port) {
  const auto name = lower(port == 22 ? std::string(host) : fmt::format("[{}]:{}", host, port));
  for (const auto line : split(text, '\n')) {
    auto words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    const bool revoked = words[0] == "@revoked";
    if (words[0].starts_with('@')) {
      if (!revoked) continue;
      words.erase(words.begin());
    }
    if (words.size() < 3 || !matches_names(words[0], name)) continue;
    const auto key = from_base64(words[2]);
    if (!key || key_type(*key) != words[1]) continue;
    (revoked ? revoked_ : keys_).push_back(*key);
    if (!revoked && !has(types_, words[1])) types_.emplace_back(words[1]);
  }
}

KnownHosts::Verdict KnownHosts::judge(std::string_view key) const {
  if (has(revoked_, key)) return Verdict::revoked;
  if (has(keys_, key)) return Verdict::known;
  return has(types_, key_type(key)) ? Verdict::changed : Verdict::unknown;
}

std::string key_type(std::string_view key) {
  if (key.size() < 4) return {};
  std::size_t size = 0;
  for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(key[i]);
  if (size > 64 || key.size() < 4 + size) return {};
  return std::string(key.substr(4, size));
}

std::string fingerprint(std::string_view key) {
  const auto digest = sha256(key);
  auto text = to_base64({reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()});
  text.erase(text.find_last_not_of('=') + 1);
  return "SHA256:" + text;
}

}  // namespace greenwave::git
