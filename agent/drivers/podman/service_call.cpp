#include "drivers/podman/service_call.h"

#include "http/encoded.h"

namespace greenwave::drivers::podman {

namespace {

constexpr std::string_view base = "/v4.0.0/libpod/";

}  // namespace

std::string filter(std::string_view key, const std::string& value) {
  return "filters=" + http::encoded(nlohmann::json{{std::string(key), {value}}}.dump());
}

std::string text_in(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

http::Request request(std::string method, std::string path) {
  http::Request request;
  request.method = std::move(method);
  request.path = std::string(base) + std::move(path);
  return request;
}

http::Request with_body(std::string path, std::string type, std::string body) {
  auto made = request("POST", std::move(path));
  made.headers.push_back("Content-Type: " + std::move(type));
  made.body = std::move(body);
  made.timeout = std::chrono::minutes(5);
  made.silence = made.timeout;
  return made;
}

}  // namespace greenwave::drivers::podman
