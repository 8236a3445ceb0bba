#include "http/credentials.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace greenwave::http {

namespace {

constexpr std::size_t most_token = 4096;

bool is_visible(char c) {
  return c > ' ' && c <= '~';
}

}  // namespace

bool is_private(std::string_view url) {
  if (url.starts_with("https://")) return true;
  return std::ranges::any_of(
      std::array<std::string_view, 3>{"http://localhost", "http://127.0.0.1", "http://[::1]"},
      [url](std::string_view start) {
        if (!url.starts_with(start)) return false;
        const auto rest = url.substr(start.size());
        return rest.empty() || rest.front() == ':' || rest.front() == '/';
      });
}

std::string private_url(std::string url, std::string_view remedy) {
  while (url.ends_with('/')) url.pop_back();
  const auto scheme = url.find("://");
  if (scheme == std::string::npos || scheme + 3 >= url.size() || !std::ranges::all_of(url, is_visible)) {
    throw Error(Fault::invalid, fmt::format("{} is not the URL of a server", printable(url)),
                "write it as https://hub.example");
  }
  if (contains(url, '@')) {
    throw Error(Fault::invalid, "the URL has a user or a password in it", std::string(remedy));
  }
  if (!is_private(url)) {
    throw Error(Fault::invalid, fmt::format("{} is not an https URL", printable(url)),
                "over plain http anyone on the network could read the token");
  }
  return url;
}

std::string token_in(std::string_view text, std::string_view place, std::string_view remedy) {
  const auto token = trim(text);
  if (!token.empty() && std::ranges::all_of(token, is_visible)) return std::string(token);
  throw Error(Fault::invalid,
              fmt::format("{}: {}", printable(place),
                          token.empty() ? "it is empty" : "it is not a token, which is one word"),
              std::string(remedy));
}

std::string read_token(const std::filesystem::path& file, std::string_view remedy) {
  return token_in(read_file(file, most_token), file.native(), remedy);
}

}  // namespace greenwave::http
