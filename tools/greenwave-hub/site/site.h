#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message.h"

namespace greenwave::hub {

/// A file of the hub's page. It is in the program, so that the page is always of the same version as what
/// answers it.
struct PageFile {
  std::string_view path;  ///< "/" or "/page/app-8F3K2Q.js"
  std::string_view type;  ///< the media type
  std::string_view tag;   ///< the entity tag, with its quotes
  std::string_view plain;
  std::string_view gzip;    ///< empty: not smaller
  std::string_view brotli;  ///< empty: not smaller
};

/// Made by page/build.mjs; empty when the hub was built without its page.
std::span<const PageFile> page_files();

/// What a policy may contain: "https://tiles.example" of "https://tiles.example/{z}/{x}/{y}.png"; empty for
/// what is no such address. Pure.
std::string origin_of(std::string_view url);

/// The file that the request asks for, in the encoding that it accepts; nothing when there is none of that
/// path. `tiles` is HubConfig::tiles.
std::optional<HttpReply> page_reply(const HttpRequest& request, const std::string& tiles);

}  // namespace greenwave::hub
