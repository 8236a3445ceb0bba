#include "mirror/webhook.h"

#include <optional>
#include <string>

#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t longest_key = 64;

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool is_secret(std::string_view given, std::string_view secret) {
  const auto one = sha256(given);
  const auto other = sha256(secret);
  return same(view(one), view(other));
}

/// Of Basic authentication (RFC 7617).
std::optional<std::string> password_in(std::string_view authorization) {
  constexpr std::string_view scheme = "basic ";
  if (!same_but_for_case(authorization.substr(0, scheme.size()), scheme)) return {};
  try {
    const auto both = decode_base64(trim(authorization.substr(scheme.size())));
    const auto colon = both.find(':');
    if (colon != std::string::npos) return both.substr(colon + 1);
  } catch (const Error&) {
    // No client writes that.
  }
  return {};
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
    return is_secret(token, secret);
  }
  constexpr std::string_view algorithm = "sha256=";
  for (const auto* name : {"x-hub-signature-256", "x-hub-signature"}) {
    auto given = request.header(name);
    if (!given.starts_with(algorithm)) continue;
    given.remove_prefix(algorithm.size());
    return same(given, signature(secret, request.body));
  }
  if (const auto digits = request.header("x-gitea-signature"); !digits.empty()) {
    return same(digits, signature(secret, request.body));
  }
  const auto password = password_in(request.header("authorization"));
  return password && is_secret(*password, secret);
}

}  // namespace greenwave::hub
