#include "http/message.h"

#include <nlohmann/json.hpp>

namespace greenwave::hub {

std::string_view HttpRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : found->second;
}

std::string HttpRequest::parameter(const std::string& name, const std::string& otherwise) const {
  const auto found = query.find(name);
  return found == query.end() ? otherwise : found->second;
}

HttpReply refusal(unsigned status, std::string_view error, std::string_view remedy) {
  const nlohmann::json body{{"error", error}, {"remedy", remedy}};
  return {.status = status, .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)};
}

HttpReply too_many(std::string_view what, std::chrono::seconds retry_after) {
  auto reply = refusal(429, what, "send it again after the time in Retry-After");
  reply.headers.emplace_back("Retry-After", std::to_string(retry_after.count()));
  return reply;
}

HttpReply unavailable(std::string_view what) {
  auto reply = refusal(503, what, "try again later");
  reply.headers.emplace_back("Retry-After", "5");
  return reply;
}

}  // namespace greenwave::hub
