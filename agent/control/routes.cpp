#include "control/routes.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "base/version.h"
#include "control/request.h"

namespace greenwave::control {

namespace {

constexpr std::size_t history_default = 20;
constexpr std::size_t history_most = 1000;
constexpr std::string_view objects_path = "/v1/objects";

/// These values contain text from files, commits and tools: bytes that are not UTF-8 are replaced.
std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Reply ok(const nlohmann::json& json) {
  return {200, dump(json), nullptr, {}};
}

unsigned status_of(Fault fault) {
  switch (fault) {
    case Fault::invalid:
      return 400;
    case Fault::conflict:
      return 409;
    case Fault::untrusted:
      return 502;
    case Fault::transient:
      return 503;
    case Fault::damaged:
    case Fault::internal:
      break;
  }
  return 500;
}

std::string query(const Call& call, const char* key) {
  const auto found = call.query.find(key);
  return found == call.query.end() ? std::string() : found->second;
}

/// "message (while …)": what() without the remedy, which is a separate member.
Reply refusal_of(unsigned status, const Error& error) {
  std::string text = error.what();
  if (!error.remedy().empty())
    text.resize(text.size() - error.remedy().size() - std::string_view("; ").size());
  return refusal(status, text, error.remedy());
}

Reply get_version(daemon::Agent&, const Call&) {
  return ok({{"version", program_version}, {"api", "v1"}});
}

Reply get_status(daemon::Agent& agent, const Call&) {
  return ok(daemon::to_json(agent.status()));
}

Reply get_history(daemon::Agent& agent, const Call& call) {
  auto syncs = nlohmann::json::array();
  for (const auto& record :
       agent.history(read_number("limit", query(call, "limit"), history_default, 1, history_most))) {
    syncs.push_back(state::to_json(record));
  }
  return ok({{"syncs", std::move(syncs)}});
}

Reply get_audit(daemon::Agent& agent, const Call& call) {
  const auto above =
      read_number("after", query(call, "after"), 0, 0, std::numeric_limits<std::int64_t>::max());
  const auto most = read_number("limit", query(call, "limit"), history_most, 1, history_most);
  return ok({{"lines", agent.evidence(static_cast<std::int64_t>(above), most)}});
}

/// The list omits long members (files, records): a device may have thousands of objects.
nlohmann::json summary_of(const nlohmann::json& object) {
  nlohmann::json summary = nlohmann::json::object();
  for (const char* key : {"object", "state", "commit", "error"}) {
    if (const auto found = object.find(key); found != object.end()) summary[key] = *found;
  }
  return summary;
}

/// An object that was refused before it was ever applied is not in the inventory.
Reply unknown_object(daemon::Agent& agent, const std::string& name) {
  for (const auto& failed : agent.status().failed) {
    if (name != failed.object && !failed.object.ends_with("/" + name)) continue;
    return refusal(404, fmt::format("{} was not applied: {}", failed.object, failed.reason), "");
  }
  std::vector<std::string> names;
  for (const auto& object : agent.objects("")) names.push_back(object.value("object", ""));
  const auto near = nearest(name, names);
  return refusal(404, fmt::format("there is no object {} on this device", printable(name)),
                 near.empty() ? "list them: greenwave show" : fmt::format("did you mean {}?", near));
}

Reply get_objects(daemon::Agent& agent, const Call& call) {
  const auto name = call.path.substr(std::min(call.path.size(), objects_path.size() + 1));
  auto found = agent.objects(name);
  if (name.empty()) {
    for (auto& object : found) object = summary_of(object);
  } else if (found.empty()) {
    return unknown_object(agent, name);
  }
  return ok({{"objects", std::move(found)}});
}

Reply get_diff(daemon::Agent& agent, const Call&) {
  try {
    return ok(agent.diff());
  } catch (const Error& error) {
    // The request is valid; the repository or the configuration is not.
    const unsigned status = error.fault() == Fault::invalid ? 422 : status_of(error.fault());
    return refusal_of(status, error);
  }
}

/// Streams the sync, or with ?wait=false only requests it.
Reply run(daemon::Agent& agent, const Call& call, const sync::Request& request) {
  const bool wait = read_flag("wait", query(call, "wait"), true);
  auto started = agent.request_sync(request);
  if (wait) return {200, {}, std::move(started), {}};
  return {202, dump({{"queued", true}}), nullptr, {}};
}

Reply post_sync(daemon::Agent& agent, const Call& call) {
  const auto asked = read_sync(call.body);
  return run(agent, call,
             {.force = asked.force,
              .allow_empty = asked.allow_empty,
              .who = shown_name(call.peer, asked.sudo_user),
              .now = asked.now,
              .reason = asked.reason});
}

Reply post_bundle(daemon::Agent& agent, const Call& call) {
  const auto asked = read_bundle(call.query);
  return run(agent, call,
             {.force = asked.force,
              .allow_empty = asked.allow_empty,
              .who = shown_name(call.peer, asked.sudo_user),
              .bundle = call.bundle,
              .by_root = call.may_choose});
}

Reply post_pause(daemon::Agent& agent, const Call& call) {
  const auto asked = read_pause(call.body);
  agent.pause(asked.duration, shown_name(call.peer, asked.sudo_user), asked.reason);
  return ok(daemon::to_json(agent.status()));
}

Reply post_resume(daemon::Agent& agent, const Call& call) {
  const auto asked = read_resume(call.body);
  agent.resume(shown_name(call.peer, asked.sudo_user));
  return ok(daemon::to_json(agent.status()));
}

struct Route {
  std::string_view method;
  std::string_view path;
  Reply (*handle)(daemon::Agent&, const Call&);
};

constexpr std::array<Route, 10> routes{{{"GET", "/v1/version", get_version},
                                        {"GET", "/v1/status", get_status},
                                        {"GET", "/v1/history", get_history},
                                        {"GET", "/v1/audit", get_audit},
                                        {"GET", objects_path, get_objects},
                                        {"GET", "/v1/diff", get_diff},
                                        {"POST", "/v1/sync", post_sync},
                                        {"POST", bundle_path, post_bundle},
                                        {"POST", "/v1/pause", post_pause},
                                        {"POST", "/v1/resume", post_resume}}};

const Route* find_route(std::string_view path) {
  const auto found = std::ranges::find_if(routes, [path](const Route& route) {
    return path == route.path ||
           (route.path == objects_path && path.starts_with(objects_path) && path[objects_path.size()] == '/');
  });
  return found == routes.end() ? nullptr : found;
}

Reply dispatch(daemon::Agent& agent, const Call& call) {
  const auto* route = find_route(call.path);
  if (route == nullptr) {
    std::vector<std::string_view> paths;
    for (const auto& known : routes) paths.push_back(known.path);
    return refusal(404, fmt::format("there is no {}", printable(call.path.substr(0, 100))),
                   fmt::format("the paths are: {}", fmt::join(paths, ", ")));
  }
  if (route->method != call.method) {
    auto reply = refusal(405, fmt::format("{} does not support {}", route->path, printable(call.method)),
                         fmt::format("use {}", route->method));
    reply.allow = route->method;
    return reply;
  }
  return route->handle(agent, call);
}

}  // namespace

Reply refusal(unsigned status, const std::string& error, const std::string& remedy) {
  return {status, dump({{"error", error}, {"remedy", remedy}}), nullptr, {}};
}

Reply answer(daemon::Agent& agent, const Call& call, const Log& log) {
  try {
    return dispatch(agent, call);
  } catch (const Error& error) {
    return refusal_of(status_of(error.fault()), error);
  } catch (const std::exception& error) {
    log.error(fmt::format("control: {} {}: {}", call.method, call.path, error.what()));
    return refusal(500, "the agent could not answer", "check its log: journalctl -u greenwaved");
  }
}

}  // namespace greenwave::control
