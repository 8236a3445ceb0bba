#pragma once

// What the calls to podman share. Only for service.cpp and its parts.

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "http/client.h"

namespace greenwave::drivers::podman {

inline constexpr std::size_t most_shown = 500;                  ///< of what podman says, bytes
inline constexpr auto stop_patience = std::chrono::minutes(5);  ///< beyond a pod's own grace

/// A parameter of a listing.
std::string filter(std::string_view key, const std::string& value);
/// Empty if the member is missing or not a string.
std::string text_in(const nlohmann::json& json, const char* key);

http::Request request(std::string method, std::string path);
/// A POST, for which podman may need a long time.
http::Request with_body(std::string path, std::string type, std::string body);

}  // namespace greenwave::drivers::podman
