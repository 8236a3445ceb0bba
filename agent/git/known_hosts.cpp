#include "git/known_hosts.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/base64.h"
#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "git/pattern_list.h"
#include "git/ssh_key.h"

namespace greenwave::git {

namespace {

std::optional<std::string> from_base64(std::string_view text) {
  try {
    return decode_base64(text);
  } catch (const Error&) {
    return {};
  }
}

/// "|1|SALT|HASH": the HMAC-SHA1 of the name, keyed by the salt.
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

bool matches_names(std::string_view field, const std::string& name) {
  if (field.starts_with('|')) return matches_hashed(field, name);
  return matches_pattern_list(name, in_lower_case(field));
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

}  // namespace

KnownHosts::KnownHosts(std::string_view text, std::string_view host, unsigned port) {
  const auto name = in_lower_case(port == 22 ? std::string(host) : fmt::format("[{}]:{}", host, port));
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
    if (!revoked && !contains(types_, words[1])) types_.emplace_back(words[1]);
  }
}

KnownHosts::Verdict KnownHosts::judge(std::string_view key) const {
  if (contains(revoked_, key)) return Verdict::revoked;
  if (contains(keys_, key)) return Verdict::known;
  return contains(types_, key_type(key)) ? Verdict::changed : Verdict::unknown;
}

}  // namespace greenwave::git
