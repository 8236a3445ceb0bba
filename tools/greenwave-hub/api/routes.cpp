#include <array>
#include <string_view>

#include <fmt/format.h>

#include "api/api.h"
#include "api/openapi.h"
#include "base/error.h"
#include "base/text.h"
#include "site/site.h"

namespace greenwave::hub {

namespace {

/// What answers a path. "{}" in it is what the path names, with slashes in it.
struct Route {
  std::string_view method;
  std::string_view before;
  std::string_view after;  ///< of a path that names something
  bool names = false;
  OpenHandler open = nullptr;
  PersonHandler person = nullptr;
  Role level = Role::view;
};

void say_alive(Api& api, const Exchange& exchange) {
  if (api.intake.is_open() && api.writer.is_connected() && api.reader.is_connected()) {
    exchange.responder->reply({.body = R"({"status":"ok"})"});
  } else {
    exchange.responder->reply(unavailable("the database is away"));
  }
}

void describe(Api&, const Exchange& exchange) {
  exchange.responder->reply({.body = std::string(openapi())});
}

constexpr std::array routes{
    Route{"POST", "/v1/reports", "", false, take_report},
    Route{"POST", "/v1/relay", "", false, take_relayed},
    Route{"POST", "/v1/enroll", "", false, enrol},
    Route{"POST", "/v1/renew", "", false, renew},
    Route{"GET", "/healthz", "", false, say_alive},
    Route{"GET", "/openapi.json", "", false, describe},
    Route{"GET", "/v1/devices", "", false, nullptr, list_devices, Role::view},
    Route{"POST", "/v1/devices", "", false, nullptr, list_devices, Role::view},
    Route{"POST", "/v1/devices/", "/sync", true, nullptr, ask_for_sync, Role::operate},
    Route{"POST", "/v1/devices/", "/revoke", true, nullptr, revoke, Role::approve},
    Route{"GET", "/v1/devices/", "/impact", true, nullptr, show_device_impact, Role::view},
    Route{"GET", "/v1/devices/", "/objects", true, nullptr, show_device_objects, Role::view},
    Route{"GET", "/v1/devices/", "", true, nullptr, show_device, Role::view},
    Route{"GET", "/v1/summary", "", false, nullptr, show_summary, Role::view},
    Route{"GET", "/v1/cities", "", false, nullptr, show_cities, Role::view},
    Route{"GET", "/cvmanager/rsus", "", false, nullptr, show_rsus, Role::view},
    Route{"GET", "/cvmanager/rsuinfo", "", false, nullptr, show_rsu_info, Role::view},
    Route{"GET", "/cvmanager/rsu-online-status", "", false, nullptr, show_rsu_status, Role::view},
    Route{"GET", "/v1/rollout", "", false, nullptr, show_rollout, Role::view},
    Route{"GET", "/v1/impact", "", false, nullptr, show_impact, Role::view},
    Route{"GET", "/v1/health", "", false, nullptr, show_health, Role::view},
    Route{"GET", "/v1/states", "", false, nullptr, show_states, Role::view},
    Route{"GET", "/v1/places", "", false, nullptr, show_places, Role::view},
    Route{"GET", "/v1/me", "", false, nullptr, show_me, Role::view},
    Route{"POST", "/v1/sync", "", false, nullptr, ask_many_for_sync, Role::operate},
    Route{"GET", "/v1/events", "", false, nullptr, follow_events, Role::view},
    Route{"GET", "/v1/recipients", "", false, nullptr, list_recipients, Role::view},
    Route{"GET", "/v1/enrolments", "", false, nullptr, list_enrolments, Role::view},
    Route{"POST", "/v1/enrolments/", "", true, nullptr, decide_enrolment, Role::approve},
    Route{"POST", "/v1/codes", "", false, nullptr, make_code, Role::approve},
    Route{"GET", "/v1/audit", "", false, nullptr, list_audit, Role::approve},
    Route{"GET", "/metrics", "", false, nullptr, show_metrics, Role::view},
};

/// What `path` names by the route; nothing where it is not the route's.
std::optional<std::string> named_by(const Route& route, std::string_view path) {
  if (!route.names) return path == route.before ? std::optional<std::string>("") : std::nullopt;
  const auto around = route.before.size() + route.after.size();
  if (path.size() <= around || !path.starts_with(route.before) || !path.ends_with(route.after)) return {};
  return std::string(path.substr(route.before.size(), path.size() - around));
}

/// Calls what answers; an Error is about what the request holds.
void attempt(const Exchange& exchange, const std::function<void()>& handle) {
  try {
    handle();
  } catch (const Error& error) {
    exchange.responder->reply(refusal(400, error.message(), error.remedy()));
  }
}

void go(Api& api, const Route& route, std::shared_ptr<Exchange> exchange) {
  if (route.open != nullptr) {
    attempt(*exchange, [&] { route.open(api, *exchange); });
    return;
  }
  api.access.person(exchange->request, route.level,
                    [&api, &route, exchange](const auto& person, HttpReply refused) {
                      if (person) {
                        attempt(*exchange, [&] { route.person(api, *exchange, *person); });
                      } else {
                        exchange->responder->reply(std::move(refused));
                      }
                    });
}

}  // namespace

void answer(Api& api, HttpRequest request, std::shared_ptr<Responder> responder) {
  std::string methods;
  for (const auto& route : routes) {
    auto subject = named_by(route, request.path);
    if (!subject) continue;
    const bool head = request.method == "HEAD" && route.method == "GET";
    if (request.method == route.method || head) {
      go(api, route,
         std::make_shared<Exchange>(Exchange{std::move(request), std::move(responder), std::move(*subject)}));
      return;
    }
    methods += (methods.empty() ? "" : ", ") + std::string(route.method);
  }
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (methods.empty() && reads) {
    if (auto file = page_reply(request, api.config.tiles)) {
      responder->reply(std::move(*file));
      return;
    }
  }
  if (methods.empty()) {
    responder->reply(
        refusal(404, fmt::format("there is no {}", in_one_line(request.path, 100)), "see /openapi.json"));
    return;
  }
  auto reply = refusal(
      405, fmt::format("{} is not for {}", in_one_line(request.path, 100), in_one_line(request.method, 20)),
      fmt::format("use {}", methods));
  reply.headers.emplace_back("Allow", methods);
  responder->reply(std::move(reply));
}

}  // namespace greenwave::hub
