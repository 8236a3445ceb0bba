#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "http/client.h"
#include "hub/place.h"

namespace greenwave::cli {

/// The API of a city's hub, over one kept connection. One thread. Throws Error that says what to do:
/// transient (away, busy, too large), untrusted (its certificate), invalid (what the hub refuses; the remedy
/// is the hub's). Neither the token nor a body is in a message.
class HubClient {
 public:
  explicit HubClient(HubPlace place);

  /// `path` begins with a slash, after the hub's URL; parts of it are encoded by path_part or query_part.
  nlohmann::json get(const std::string& path);
  /// What is not one JSON text.
  std::string get_text(const std::string& path);
  nlohmann::json post(const std::string& path, const nlohmann::json& body);

 private:
  std::string ask(http::Request request);

  HubPlace place_;
  std::atomic<bool> never_ = false;
  http::Client client_;
};

/// Percent-encodes what has another meaning in a URL; in a path, slashes stay.
std::string path_part(std::string_view text);
std::string query_part(std::string_view text);

}  // namespace greenwave::cli
