#include "site/site.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::hub {

namespace {

/// Whether an Accept-Encoding names it without q=0.
bool accepts(std::string_view header, std::string_view encoding) {
  for (const auto part : split(header, ',')) {
    const auto end = part.find(';');
    if (trim(part.substr(0, end)) != encoding) continue;
    if (end == std::string_view::npos) return true;
    const auto weight = trim(part.substr(end + 1));
    return !(weight.starts_with("q=0") && weight.find_first_of("123456789") == std::string_view::npos);
  }
  return false;
}

bool has_tag(std::string_view header, std::string_view tag) {
  return std::ranges::any_of(split(header, ','), [&](std::string_view one) {
    one = trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);  // a proxy that compresses makes a tag weak
    return one == tag || one == "*";
  });
}

/// Scripts, styles and data come from here alone, and no other site may show the page in a frame. MapLibre
/// draws its marks from data: and blob: images.
std::string policy(const std::string& tiles) {
  const auto more = tiles.empty() ? "" : " " + tiles;
  return fmt::format(
      "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; font-src 'self'; "
      "img-src 'self' data: blob:{0}; connect-src 'self'{0}; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'",
      more);
}

}  // namespace

std::string origin_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  const auto name = url.substr(0, scheme);
  const auto host = url.substr(scheme + 3, url.find('/', scheme + 3) - scheme - 3);
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
  if ((name != "https" && name != "http") || host.empty()) return {};
  if (host.find_first_not_of(allowed) != std::string_view::npos) return {};
  return fmt::format("{}://{}", name, host);
}

std::optional<HttpReply> page_reply(const HttpRequest& request, const std::string& tiles) {
  const auto files = page_files();
  const auto found = std::ranges::find(files, std::string_view(request.path), &PageFile::path);
  if (found == files.end()) return {};
  HttpReply reply{.type = std::string(found->type)};
  reply.headers.emplace_back("ETag", std::string(found->tag));
  reply.headers.emplace_back("Vary", "Accept-Encoding");
  // The names of all but the page itself change with their content.
  reply.headers.emplace_back("Cache-Control",
                             found->path == "/" ? "no-cache" : "public, max-age=31536000, immutable");
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  reply.headers.emplace_back("Referrer-Policy", "no-referrer");
  reply.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  reply.headers.emplace_back("Content-Security-Policy", policy(origin_of(tiles)));
  if (has_tag(request.header("if-none-match"), found->tag)) {
    reply.status = 304;
    return reply;
  }
  const auto accepted = request.header("accept-encoding");
  if (!found->brotli.empty() && accepts(accepted, "br")) {
    reply.headers.emplace_back("Content-Encoding", "br");
    reply.body = found->brotli;
  } else if (!found->gzip.empty() && accepts(accepted, "gzip")) {
    reply.headers.emplace_back("Content-Encoding", "gzip");
    reply.body = found->gzip;
  } else {
    reply.body = found->plain;
  }
  return reply;
}

}  // namespace greenwave::hub
