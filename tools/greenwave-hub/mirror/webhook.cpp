#include "mirror/webhook.h"

#include <string>

#include <openssl/crypto.h>

#include "base/digest.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t longest_key = 64;

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string signature(std::string_view secret, std::string_view body) {
  if (secret.size() <= longest_key) return to_hex(hmac_sha256(secret, body));
  const auto key = sha256(secret);  // as RFC 2104 shortens it
  return to_hex(hmac_sha256(view(key), body));
}

}  // namespace

bool is_genuine(const HttpRequest& request, std::string_view secret) {
  if (secret.empty()) return false;
  if (const auto token = request.header("x-gitlab-token"); !token.empty()) {
    const auto given = sha256(token);
    const auto wanted = sha256(secret);
    return same(view(given), view(wanted));
  }
  constexpr std::string_view algorithm = "sha256=";
  for (const auto* name : {"x-hub-signature-256", "x-hub-signature"}) {
    auto given = request.header(name);
    if (!given.starts_with(algorithm)) continue;
    given.remove_prefix(algorithm.size());
    return same(given, signature(secret, request.body));
  }
  return same(request.header("x-gitea-signature"), signature(secret, request.body));
}

}  // namespace greenwave::hub
