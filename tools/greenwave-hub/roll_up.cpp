#include "roll_up.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/api.h"
#include "api/openapi.h"
#include "base/file.h"
#include "base/text.h"
#include "base/version.h"
#include "metrics/cities_exposition.h"
#include "site/site.h"

namespace greenwave::hub {

RollUp::RollUp(const CitiesConfig& config, const Log& log)
    : log_(log),
      readers_(config.readers, config.users),
      outbound_(loop_),
      neighbours_(config, loop_, log_, outbound_) {
  make_directories(config.socket.parent_path(), 0755);
  server_ = std::make_unique<HttpServer>(
      loop_, log_, listen_for_proxy(config.socket),
      [this](const HttpRequest& request, const std::shared_ptr<Responder>& responder) {
        answer(request, *responder);
      });
}

RollUp::~RollUp() = default;

void RollUp::run() {
  neighbours_.begin();
  loop_.run();
}

void RollUp::stop() {
  loop_.stop();
}

void RollUp::answer(const HttpRequest& request, Responder& responder) const {
  const auto now = SystemClock().now();
  if (request.method != "GET" && request.method != "HEAD") {
    auto reply = refusal(405, "this only reads", "use GET");
    reply.headers.emplace_back("Allow", "GET");
    responder.reply(std::move(reply));
  } else if (request.path == "/healthz") {
    responder.reply({.body = R"({"status":"ok"})"});
  } else if (request.path == "/openapi.json") {
    responder.reply({.body = std::string(openapi())});
  } else if (auto file = page_reply(request, "")) {
    responder.reply(std::move(*file));
  } else if (request.path != "/v1/cities" && request.path != "/v1/me" && request.path != "/metrics") {
    responder.reply(refusal(404, fmt::format("there is no {}", in_one_line(request.path, 100)),
                            "ask the city's own hub; here are /v1/cities, /v1/me and /metrics"));
  } else if (auto refused = readers_.refusal_of(request)) {
    responder.reply(std::move(*refused));
  } else if (request.path == "/metrics") {
    responder.reply({.type = "text/plain; version=0.0.4", .body = exposition(neighbours_.cities(), now)});
  } else if (request.path == "/v1/me") {
    // By this the page knows that here are cities, and no devices.
    responder.reply(json_reply({{"city", nullptr}, {"level", "view"}, {"version", program_version}}));
  } else {
    responder.reply(json_reply(cities_json(neighbours_.cities(), now)));
  }
}

}  // namespace greenwave::hub
