#include "drivers/host/check_spec.h"

#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/argv.h"
#include "drivers/host/programs.h"
#include "http/curl.h"
#include "systemd/unit_name.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

namespace {

using Kind = CheckSpec::Kind;

constexpr std::array<std::pair<const char*, Kind>, 4> kinds{
    {{"unit", Kind::unit}, {"http", Kind::http}, {"tcp", Kind::tcp}, {"command", Kind::command}}};
/// A look holds up the others of its kind, and a verdict is waited for.
constexpr auto longest_check = std::chrono::minutes(1);
constexpr auto longest_within = std::chrono::hours(1);

const char* name_of(Kind kind) {
  for (const auto& [name, value] : kinds) {
    if (value == kind) return name;
  }
  return "";
}

void check_unit(yaml::Fields& spec, const std::string& unit) {
  if (unit.find('.') == std::string::npos) {
    spec.error("unit", fmt::format("{} does not end like a unit", printable(unit)),
               fmt::format("write the whole name, {}.service say", printable(unit)));
  } else if (systemd::is_template(unit)) {
    spec.error("unit", fmt::format("{} is a template, which is never active", printable(unit)),
               "name an instance of it, NAME@INSTANCE");
  }
}

void check_url(yaml::Fields& spec, const std::string& url) {
  const http::Url parsed(curl_url());
  const bool web = url.starts_with("http://") || url.starts_with("https://");
  if (web && parsed && curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK) return;
  spec.error("http", fmt::format("\"{}\" is no URL that could be asked", printable(url)),
             "write it as http://127.0.0.1:8080/health");
}

void check_times(yaml::Fields& spec, CheckSpec& check) {
  for (const auto& [key, time, most] : {std::tuple{"interval", &check.interval, Duration(longest_within)},
                                        std::tuple{"timeout", &check.timeout, Duration(longest_check)},
                                        std::tuple{"within", &check.within, Duration(longest_within)}}) {
    const auto given = spec.duration(key);
    if (!given) continue;
    *time = *given;
    if (*given <= Duration::zero() || *given > most) {
      spec.error(key, fmt::format("{} is {}", key, to_words(*given)),
                 fmt::format("write a time up to {}", to_words(most)));
    }
  }
  if (check.within < check.timeout && spec.has("within") && spec.has("timeout")) {
    spec.error("within", "the check must pass sooner than a single look may take",
               "write a longer within, or a shorter timeout");
  }
}

}  // namespace

CheckSpec read_check_spec(const Host& host, const Manifest& manifest, Problems& problems) {
  yaml::Fields spec(manifest.spec(), "HealthCheck's spec", problems);
  CheckSpec check;
  unsigned given = 0;
  for (const auto& [name, kind] : kinds) {
    if (kind == Kind::command) {
      check.command = read_argv(spec, name);
    } else if (const auto target = spec.text(name)) {
      check.target = *target;
    }
    if (!spec.has(name)) continue;
    check.kind = kind;
    ++given;
  }
  if (given != 1) {
    spec.error("unit",
               given == 0 ? "nothing is checked" : "a HealthCheck checks one thing, and here are several",
               "write one of unit, http, tcp and command");
  } else if (check.kind == Kind::unit) {
    check_unit(spec, check.target);
  } else if (check.kind == Kind::http) {
    check_url(spec, check.target);
  } else if (check.kind == Kind::tcp && host_and_port(check.target).port == 0) {
    spec.error("tcp", fmt::format("\"{}\" is not HOST:PORT", printable(check.target)),
               "write it as 127.0.0.1:6053");
  }
  check.user = read_user(host, spec, spec.has("command"));
  if (spec.has("user") && !spec.has("command")) {
    spec.error("user", "only a program runs as a user", "remove it, or write command");
  }
  check_times(spec, check);
  spec.done();
  return check;
}

std::string in_words(const CheckSpec& spec) {
  return fmt::format("{} {}", name_of(spec.kind),
                     spec.kind == Kind::command ? shown(spec.command) : printable(spec.target));
}

std::string to_json(const CheckSpec& spec) {
  nlohmann::ordered_json json;
  if (spec.kind == Kind::command) {
    json[name_of(spec.kind)] = spec.command;
    if (spec.user != root_user) json["user"] = spec.user;
  } else {
    json[name_of(spec.kind)] = spec.target;
  }
  json["timeoutMs"] = spec.timeout.count();
  return json.dump();
}

CheckSpec check_spec_from(const std::string& text) {
  try {
    const auto json = nlohmann::json::parse(text);
    CheckSpec spec;
    for (const auto& [name, kind] : kinds) {
      if (!json.contains(name)) continue;
      spec.kind = kind;
      if (kind == Kind::command) {
        spec.command = json[name];
      } else {
        spec.target = json[name];
      }
    }
    spec.user = json.value("user", std::string(root_user));
    spec.timeout = Duration(json.at("timeoutMs").get<std::int64_t>());
    return spec;
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of a health check cannot be read");
  }
}

HostAndPort host_and_port(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return {};
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find_first_of(":[]/ ") != std::string_view::npos) return {};
  if (bracketed) host = host.substr(1, host.size() - 2);
  HostAndPort result;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (error != std::errc() || end != digits.data() + digits.size() || result.port > 65535) return {};
  result.host = host;
  return result;
}

plan::Footprint check_footprint(const Host& host, const Manifest& manifest, Problems& problems) {
  const auto spec = read_check_spec(host, manifest, problems);
  plan::Footprint footprint;
  footprint.rank = 50;
  footprint.claims.push_back("check:" + manifest.id.name);
  footprint.watch =
      plan::Watch{.interval = spec.interval, .within = spec.within, .always = true, .declared = true};
  const auto* unit = manifest.spec().find("unit");
  if (spec.kind == Kind::unit && unit != nullptr) footprint.expects_up = {spec.target, unit->place};
  return footprint;
}

}  // namespace greenwave::drivers::host
