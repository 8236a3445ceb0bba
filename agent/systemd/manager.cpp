#include "systemd/manager.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/error.h"
#include "systemd/call.h"
#include "systemd/unit_name.h"

namespace greenwave::systemd {

namespace {

constexpr const char* own_socket = "unix:path=/run/systemd/private";
/// A daemon-reload with many generators takes long on a slow device.
constexpr auto call_timeout = std::chrono::seconds(90);

/// ListUnitFilesByPatterns takes globs; the backslash is the only special character in a unit's name.
std::string as_pattern(const std::string& unit) {
  std::string pattern;
  for (const char c : unit) {
    if (c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

void Manager::hang_up() {
  bus_.reset();
}

void Manager::BusClose::operator()(sd_bus* bus) const {
  sd_bus_flush_close_unref(bus);
}
void Manager::MessageUnref::operator()(sd_bus_message* message) const {
  sd_bus_message_unref(message);
}

Manager::Manager(std::function<void()> while_waiting, Duration job_timeout)
    : while_waiting_(std::move(while_waiting)), job_timeout_(job_timeout) {}

Manager::~Manager() = default;

bool Manager::is_init() {
  return sd_booted() > 0;
}

sd_bus* Manager::bus() {
  if (bus_) {
    // Read what arrived in the meantime; this also shows whether the other side has gone.
    int result = 0;
    while ((result = sd_bus_process(bus_.get(), nullptr)) > 0) {
    }
    if (result >= 0 && sd_bus_is_open(bus_.get()) > 0) return bus_.get();
    bus_.reset();
  }
  // root uses systemd's private socket, as systemctl does: it exists where no message bus runs, and it stays
  // open while a unit of ours restarts the message bus.
  sd_bus* raw = nullptr;
  int result = -EACCES;
  if (::geteuid() == 0) {
    check(sd_bus_new(&raw), "connect to systemd");
    bus_.reset(raw);
    sd_bus_set_address(raw, own_socket);
    result = sd_bus_start(raw);
  }
  if (result < 0) {
    result = sd_bus_open_system(&raw);
    bus_.reset(result < 0 ? nullptr : raw);
  }
  if (result < 0) {
    throw Error(Fault::transient, fmt::format("systemd does not answer: {}", std::strerror(-result)),
                "check systemctl status dbus.socket");
  }
  sd_bus_set_method_call_timeout(raw,
                                 static_cast<std::uint64_t>(std::chrono::microseconds(call_timeout).count()));
  return raw;
}

Manager::Message Manager::request(const char* method) {
  sd_bus_message* raw = nullptr;
  check(sd_bus_message_new_method_call(bus(), &raw, names::service, names::manager_path, names::manager,
                                       method),
        "write to the bus");
  return Message(raw);
}

Manager::Message Manager::call(sd_bus_message* request, std::string_view action) {
  BusError error;
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call(sd_bus_message_get_bus(request), request, 0, &error.raw, &reply);
  if (result < 0) throw refused(action, error, result);
  return Message(reply);
}

std::vector<UnitState> Manager::list(const std::vector<std::string>& units) {
  std::vector<UnitState> states;
  auto asked = request("ListUnitsByNames");
  append_list(asked.get(), units);
  auto answer = call(asked.get(), "list units");
  check(sd_bus_message_enter_container(answer.get(), 'a', "(ssssssouso)"), "read systemd's list of units");
  const char *id, *description, *load, *active, *sub, *following, *path, *job_type, *job_path;
  std::uint32_t job = 0;
  while (sd_bus_message_read(answer.get(), "(ssssssouso)", &id, &description, &load, &active, &sub,
                             &following, &path, &job, &job_type, &job_path) > 0) {
    states.push_back({load, active, sub, "", path, id});
  }
  return states;
}

std::map<std::string, UnitState> Manager::states(const std::vector<std::string>& units) {
  std::map<std::string, UnitState> states;
  std::vector<std::string> asked;
  for (const auto& unit : units) {
    const auto [at, is_new] = states.emplace(unit, UnitState{"not-found", "inactive", "dead", "", "", unit});
    // systemd refuses the whole list for a template's name.
    if (is_new && !is_template(unit)) asked.push_back(unit);
  }
  if (asked.empty()) return states;
  std::vector<UnitState> found;
  try {
    found = list(asked);
  } catch (const Error& error) {
    if (error.fault() == Fault::transient) throw;
  }
  // The answer is in the order of the question; it tells primary names, not those that were asked for.
  for (std::size_t i = 0; i < asked.size(); ++i) {
    auto& state = states.at(asked[i]);
    if (found.size() == asked.size()) {
      state = found[i];
      continue;
    }
    try {
      if (auto alone = list({asked[i]}); alone.size() == 1) state = std::move(alone.front());
    } catch (const Error& error) {
      if (error.fault() == Fault::transient) throw;
      state.load = "error";
    }
  }
  return states;
}

std::map<std::string, std::string> Manager::file_states(const std::vector<std::string>& units) {
  std::map<std::string, std::string> states;
  std::vector<std::string> patterns;
  for (const auto& unit : units) {
    if (!is_instance(unit)) patterns.push_back(as_pattern(unit));
  }
  if (!patterns.empty()) {
    auto asked = request("ListUnitFilesByPatterns");
    append_list(asked.get(), {});
    append_list(asked.get(), patterns);
    const auto answer = call(asked.get(), "list unit files");
    check(sd_bus_message_enter_container(answer.get(), 'a', "(ss)"), "read systemd's list of unit files");
    const char *file, *state;
    while (sd_bus_message_read(answer.get(), "(ss)", &file, &state) > 0) {
      const std::string_view whole(file);
      states.emplace(whole.substr(whole.rfind('/') + 1), state);
    }
  }
  for (const auto& unit : units) {
    if (is_instance(unit)) states.emplace(unit, file_state(unit));
  }
  return states;
}

std::string Manager::file_state(const std::string& unit) {
  auto asked = request("GetUnitFileState");
  check(sd_bus_message_append(asked.get(), "s", unit.c_str()), "write to the bus");
  BusError error;
  sd_bus_message* raw = nullptr;
  const int result = sd_bus_call(sd_bus_message_get_bus(asked.get()), asked.get(), 0, &error.raw, &raw);
  const Message answer(raw);
  if (error.is(SD_BUS_ERROR_FILE_NOT_FOUND) || error.is("org.freedesktop.systemd1.NoSuchUnit")) return "";
  if (result < 0) {
    const auto refusal = refused("look up the unit file of " + unit, error, result);
    if (refusal.fault() == Fault::transient) throw refusal;
    return "bad";
  }
  const char* state = "";
  sd_bus_message_read(answer.get(), "s", &state);
  return state;
}

std::string Manager::text_property(const std::string& path, const char* interface, const char* name) {
  BusError error;
  char* raw = nullptr;
  const int result =
      sd_bus_get_property_string(bus(), names::service, path.c_str(), interface, name, &error.raw, &raw);
  if (result < 0) throw refused(fmt::format("return the property {}", name), error, result);
  std::string text(raw);
  std::free(raw);
  return text;
}

void Manager::trivial_property(const std::string& path, const char* interface, const char* name, char type,
                               void* value) {
  BusError error;
  const int result = sd_bus_get_property_trivial(bus(), names::service, path.c_str(), interface, name,
                                                 &error.raw, type, value);
  if (result < 0) throw refused(fmt::format("return the property {}", name), error, result);
}

ServiceRun Manager::last_run(const std::string& path) {
  const auto number = [&](const char* name, char type, void* value) {
    trivial_property(path, names::service_interface, name, type, value);
  };
  ServiceRun run;
  int remain = 0;
  std::uint64_t exited_us = 0;
  number("RemainAfterExit", 'b', &remain);
  number("ExecMainExitTimestampMonotonic", 't', &exited_us);
  number("ExecMainCode", 'i', &run.exit_code);
  number("ExecMainStatus", 'i', &run.exit_status);
  run.oneshot = remain == 0 && text_property(path, names::service_interface, "Type") == "oneshot";
  run.ended = exited_us != 0;
  run.result = text_property(path, names::service_interface, "Result");
  return run;
}

std::vector<std::string> Manager::list_property(const std::string& path, const char* name) {
  BusError error;
  sd_bus_message* raw = nullptr;
  const int result = sd_bus_get_property(bus(), names::service, path.c_str(), names::unit_interface, name,
                                         &error.raw, &raw, "as");
  const Message answer(raw);
  if (result < 0) throw refused(fmt::format("return the property {}", name), error, result);
  std::vector<std::string> texts;
  check(sd_bus_message_enter_container(answer.get(), 'a', "s"), "read systemd's answer");
  const char* text = "";
  while (sd_bus_message_read(answer.get(), "s", &text) > 0) texts.emplace_back(text);
  return texts;
}

Definition Manager::definition(const std::string& path) {
  int changed = 0;
  trivial_property(path, names::unit_interface, "NeedDaemonReload", 'b', &changed);
  return {.fragment = text_property(path, names::unit_interface, "FragmentPath"),
          .drop_ins = list_property(path, "DropInPaths"),
          .needs_reload = changed != 0,
          .names = list_property(path, "Names")};
}

std::vector<std::string> Manager::activates(const std::string& path) {
  return list_property(path, "Triggers");
}

LastStart Manager::last_start(const std::string& path) {
  // Every start checks the conditions first, even when there are none.
  std::uint64_t checked_us = 0;
  int held = 1;
  trivial_property(path, names::unit_interface, "ConditionTimestampMonotonic", 't', &checked_us);
  trivial_property(path, names::unit_interface, "ConditionResult", 'b', &held);
  return {.remembered = checked_us != 0, .skipped = checked_us != 0 && held == 0};
}

Life Manager::life(const std::string& path, const std::string& unit) {
  std::uint64_t since_us = 0;
  Life life;
  trivial_property(path, names::unit_interface, "ActiveEnterTimestampMonotonic", 't', &since_us);
  if (unit.ends_with(".service")) {
    trivial_property(path, names::service_interface, "NRestarts", 'u', &life.restarts);
  }
  life.active_since = std::chrono::microseconds(since_us);
  return life;
}

Timeouts Manager::timeouts(const std::string& path, const std::string& unit) {
  const auto read = [&](const char* interface, const char* name) -> std::optional<Duration> {
    std::uint64_t microseconds = 0;
    trivial_property(path, interface, name, 't', &microseconds);
    if (microseconds == UINT64_MAX) return {};
    return std::chrono::ceil<Duration>(std::chrono::microseconds(microseconds));
  };
  if (unit.ends_with(".service")) {
    return {.start = read(names::service_interface, "TimeoutStartUSec"),
            .stop = read(names::service_interface, "TimeoutStopUSec")};
  }
  const char* const interface = unit.ends_with(".mount")    ? names::mount_interface
                                : unit.ends_with(".socket") ? names::socket_interface
                                : unit.ends_with(".swap")   ? names::swap_interface
                                                            : nullptr;
  if (interface == nullptr) return {.start = job_timeout_, .stop = job_timeout_};
  const auto both = read(interface, "TimeoutUSec");
  return {.start = both, .stop = both};
}

Schedule Manager::schedule(const std::string& path) {
  const auto time = [&](const char* name) -> std::optional<Time> {
    std::uint64_t realtime_us = 0;
    trivial_property(path, names::timer_interface, name, 't', &realtime_us);
    if (realtime_us == 0 || realtime_us == UINT64_MAX) return {};
    return Time(std::chrono::duration_cast<Duration>(std::chrono::microseconds(realtime_us)));
  };
  return {.last = time("LastTriggerUSec"), .next = time("NextElapseUSecRealtime")};
}

void Manager::enable(const std::string& unit) {
  auto asked = request("EnableUnitFiles");
  append_list(asked.get(), {unit});
  const int for_this_boot_only = 0;
  const int replace_links = 1;
  check(sd_bus_message_append(asked.get(), "bb", for_this_boot_only, replace_links), "write to the bus");
  call(asked.get(), "enable " + unit);
}

void Manager::disable(const std::string& unit) {
  auto asked = request("DisableUnitFiles");
  append_list(asked.get(), {unit});
  check(sd_bus_message_append(asked.get(), "b", 0), "write to the bus");
  call(asked.get(), "disable " + unit);
}

void Manager::mask(const std::string& unit) {
  auto asked = request("MaskUnitFiles");
  append_list(asked.get(), {unit});
  const int for_this_boot_only = 0;
  const int replace_links = 1;
  check(sd_bus_message_append(asked.get(), "bb", for_this_boot_only, replace_links), "write to the bus");
  call(asked.get(), "mask " + unit);
}

void Manager::unmask(const std::string& unit) {
  auto asked = request("UnmaskUnitFiles");
  append_list(asked.get(), {unit});
  check(sd_bus_message_append(asked.get(), "b", 0), "write to the bus");
  call(asked.get(), "unmask " + unit);
}

void Manager::reload() {
  if (while_waiting_) while_waiting_();
  call(request("Reload").get(), "reload the unit files");
}

void Manager::reset_failed(const std::string& unit) {
  auto asked = request("ResetFailedUnit");
  check(sd_bus_message_append(asked.get(), "s", unit.c_str()), "write to the bus");
  call(asked.get(), "reset the failed state of " + unit);
}

}  // namespace greenwave::systemd
