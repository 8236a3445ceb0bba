#include "config/url.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"

namespace greenwave::config {

namespace {

constexpr std::string_view forms =
    "write https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or file:///PATH";

Error refuse(std::string message, std::string_view remedy = forms) {
  return Error(Fault::invalid, std::move(message), std::string(remedy));
}

bool is_word(std::string_view text, std::string_view more) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [&](char letter) {
    const bool alphanumeric = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                              (letter >= '0' && letter <= '9');
    return alphanumeric || more.find(letter) != std::string_view::npos;
  });
}

void set_host(Url& url, std::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool good = bracketed ? is_word(host.substr(1, host.size() - 2), ":.") : is_word(host, ".-_");
  if (!good || host.size() > 255)
    throw refuse("the URL's host is empty or contains characters that are not allowed");
  url.host = bracketed ? host.substr(1, host.size() - 2) : host;
}

void set_user(Url& url, std::string_view user) {
  if (user.find(':') != std::string_view::npos) {
    throw refuse("the URL holds a password",
                 "take it out of the URL, and use an SSH key (credentials.sshKeyFile) instead");
  }
  if (!is_word(user, ".-_+") || user.size() > 64) throw refuse("the URL's user is not a valid user name");
  url.user = user;
}

void set_path(Url& url, std::string_view path) {
  if (path.empty() || path == "/") throw refuse("the URL has no path to a repository");
  if (path.find_first_of("?#") != std::string_view::npos) {
    throw refuse("the URL has a query or a fragment", "a repository's URL ends with the path");
  }
  url.path = path;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%') {
      const auto digits = text.substr(i + 1, 2);
      const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      if (failure != std::errc{} || end != digits.data() + 2 || value < 0x20) {
        throw refuse("the URL has a % that two hexadecimal digits do not follow");
      }
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

/// USER@HOST:PATH, with its colon before any slash.
std::optional<Url> scp_form(std::string_view text) {
  const auto at = text.find('@');
  const auto colon = text.find(':', at == std::string_view::npos ? 0 : at);
  if (at == std::string_view::npos || colon == std::string_view::npos || text.find('/') < colon) return {};
  Url url;
  url.scheme = Url::Scheme::ssh;
  url.port = 22;
  set_user(url, text.substr(0, at));
  set_host(url, text.substr(at + 1, colon - at - 1));
  set_path(url, text.substr(colon + 1));
  return url;
}

void set_authority(Url& url, std::string_view authority) {
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (url.scheme == Url::Scheme::https) {
      throw refuse(
          "the URL holds a user or a password",
          "take it out of the URL, and name a file in credentials.tokenFile, or credentials.username "
          "and credentials.passwordFile");
    }
    set_user(url, authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  url.port = url.scheme == Url::Scheme::https ? 443 : 22;
  const auto colon = authority.rfind(':');
  if (colon != std::string_view::npos && authority.find(']', colon) == std::string_view::npos) {
    const auto digits = authority.substr(colon + 1);
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
    if (failure != std::errc{} || end != digits.data() + digits.size() || url.port == 0) {
      throw refuse("the URL's port is not a number from 1 to 65535");
    }
    authority = authority.substr(0, colon);
  }
  set_host(url, authority);
}

}  // namespace

Url parse_url(std::string_view text) {
  if (text.empty()) throw refuse("the URL is empty");
  if (text.size() > 2048) throw refuse("the URL is longer than 2048 bytes");
  if (std::any_of(text.begin(), text.end(),
                  [](unsigned char byte) { return byte <= 0x20 || byte == 0x7F; })) {
    throw refuse("the URL contains a space or a control character", "write a space as %20");
  }
  const auto end = text.find("://");
  if (end == std::string_view::npos) {
    if (auto url = scp_form(text)) return *url;
    if (text.front() == '/') throw refuse("this is a path, not a URL", fmt::format("write file://{}", text));
    throw refuse("Greenwave does not support this kind of URL");
  }
  const auto scheme = text.substr(0, end);
  const auto rest = text.substr(end + 3);
  Url url;
  if (scheme == "file") {
    if (!rest.starts_with('/')) {
      throw refuse("a file:// URL needs an absolute path",
                   "write it with three slashes: file:///srv/git/city.git");
    }
    set_path(url, rest);
    url.path = percent_decoded(url.path);
    return url;
  }
  if (scheme == "http") {
    throw refuse("http:// traffic can be read and changed in transit", "use https://");
  }
  if (scheme == "git") {
    throw refuse("git:// traffic can be read and changed in transit", "use https:// or ssh://");
  }
  if (scheme != "https" && scheme != "ssh") throw refuse("Greenwave does not support this URL scheme");
  url.scheme = scheme == "https" ? Url::Scheme::https : Url::Scheme::ssh;
  const auto slash = rest.find('/');
  set_authority(url, rest.substr(0, slash));
  set_path(url, slash == std::string_view::npos ? std::string_view() : rest.substr(slash));
  return url;
}

}  // namespace greenwave::config
