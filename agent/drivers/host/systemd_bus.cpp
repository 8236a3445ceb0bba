#include "drivers/host/systemd_bus.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/error.h"
#include "drivers/host/unit_spec.h"

namespace greenwave::drivers::host {

namespace {

constexpr const char* service = "org.freedesktop.systemd1";
constexpr const char* manager_path = "/org/freedesktop/systemd1";
constexpr const char* manager = "org.freedesktop.systemd1.Manager";
constexpr const char* unit_interface = "org.freedesktop.systemd1.Unit";
constexpr const char* service_interface = "org.freedesktop.systemd1.Service";
constexpr const char* own_socket = "unix:path=/run/systemd/private";
/// A daemon-reload with many generators takes its time on a slow device.
constexpr auto call_timeout = std::chrono::seconds(90);

struct BusError {
  sd_bus_error raw = SD_BUS_ERROR_NULL;
  BusError() = default;
  BusError(const BusError&) = delete;
  BusError& operator=(const BusError&) = delete;
  ~BusError() { sd_bus_error_free(&raw); }

  std::string text(int result) const {
    if (raw.message != nullptr) return raw.message;
    return std::strerror(std::abs(result));
  }
  bool is(const char* name) const { return sd_bus_error_has_name(&raw, name) > 0; }
};

struct SlotUnref {
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, SlotUnref>;

Error refused(std::string_view action, const BusError& error, int result) {
  auto message = fmt::format("systemd could not {}: {}", action, error.text(result));
  if (error.is("org.freedesktop.systemd1.NoSuchUnit") || error.is(SD_BUS_ERROR_FILE_NOT_FOUND)) {
    return Error(Fault::invalid, message,
                 "is the package that brings the unit installed, and the name right? Or give its content");
  }
  if (error.is("org.freedesktop.systemd1.UnitMasked")) {
    return Error(Fault::conflict, message,
                 "unmask it on the device (systemctl unmask), or declare it otherwise");
  }
  if (error.is(SD_BUS_ERROR_ACCESS_DENIED) || error.is(SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
    return Error(Fault::invalid, message, "run greenwaved as root");
  }
  const bool passing = error.is(SD_BUS_ERROR_NO_REPLY) || error.is(SD_BUS_ERROR_TIMEOUT) ||
                       error.is(SD_BUS_ERROR_DISCONNECTED) || error.raw.name == nullptr;
  return Error(passing ? Fault::transient : Fault::invalid, message);
}

void check(int result, std::string_view action) {
  if (result < 0) {
    throw Error(Fault::transient, fmt::format("cannot {}: {}", action, std::strerror(-result)));
  }
}

const char* method_of(Job job) {
  switch (job) {
    case Job::start:
      return "StartUnit";
    case Job::stop:
      return "StopUnit";
    case Job::restart:
      return "RestartUnit";
    case Job::try_restart:
      return "TryRestartUnit";
    case Job::reload_or_try_restart:
      return "ReloadOrTryRestartUnit";
  }
  return "";
}

/// Results of the jobs that ended, by their object path.
using Ended = std::map<std::string, std::string>;

int on_job_removed(sd_bus_message* signal, void* data, sd_bus_error*) {
  std::uint32_t id = 0;
  const char* job = nullptr;
  const char* unit = nullptr;
  const char* result = nullptr;
  if (sd_bus_message_read(signal, "uoss", &id, &job, &unit, &result) >= 0) {
    static_cast<Ended*>(data)->insert_or_assign(job, result);
  }
  return 0;
}

std::string why(const std::string& result) {
  if (result == "failed") return "it failed";
  if (result == "timeout") return "it timed out";
  if (result == "dependency") return "a unit that it depends on failed";
  if (result == "canceled") return "another job cancelled it";
  if (result == "assert") return "an Assert… of the unit does not hold";
  if (result == "unsupported") return "this kind of unit cannot do that";
  if (result == "once") return "the unit runs only once a boot";
  return result;
}

/// ListUnitFilesByPatterns takes globs; of the characters of a unit's name only the backslash is special.
std::string as_pattern(const std::string& unit) {
  std::string pattern;
  for (const char c : unit) {
    if (c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

void append_list(sd_bus_message* message, const std::vector<std::string>& texts) {
  check(sd_bus_message_open_container(message, 'a', "s"), "write to the bus");
  for (const auto& text : texts) check(sd_bus_message_append(message, "s", text.c_str()), "write to the bus");
  check(sd_bus_message_close_container(message), "write to the bus");
}

}  // namespace

std::string_view to_string(Job job) {
  switch (job) {
    case Job::start:
      return "start";
    case Job::stop:
      return "stop";
    case Job::restart:
    case Job::try_restart:
      return "restart";
    case Job::reload_or_try_restart:
      return "reload";
  }
  return "";
}

void Systemd::BusClose::operator()(sd_bus* bus) const {
  sd_bus_flush_close_unref(bus);
}
void Systemd::MessageUnref::operator()(sd_bus_message* message) const {
  sd_bus_message_unref(message);
}

Systemd::Systemd(std::function<void()> while_waiting, Duration job_timeout)
    : while_waiting_(std::move(while_waiting)), job_timeout_(job_timeout) {}

Systemd::~Systemd() = default;

bool Systemd::is_init() {
  return sd_booted() > 0;
}

sd_bus* Systemd::bus() {
  if (bus_) {
    // What came meanwhile is read here, which also shows that the other side has gone.
    int result = 0;
    while ((result = sd_bus_process(bus_.get(), nullptr)) > 0) {
    }
    if (result >= 0 && sd_bus_is_open(bus_.get()) > 0) return bus_.get();
    bus_.reset();
  }
  // root has systemd's own socket, as systemctl uses it: it is there where no message bus runs, and it stays
  // open while a unit of ours restarts the message bus.
  sd_bus* raw = nullptr;
  int result = -EACCES;
  if (::geteuid() == 0) {
    check(sd_bus_new(&raw), "make a connection to systemd");
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
                "look at systemctl status dbus.socket");
  }
  sd_bus_set_method_call_timeout(raw,
                                 static_cast<std::uint64_t>(std::chrono::microseconds(call_timeout).count()));
  return raw;
}

Systemd::Message Systemd::request(const char* method) {
  sd_bus_message* raw = nullptr;
  check(sd_bus_message_new_method_call(bus(), &raw, service, manager_path, manager, method),
        "write to the bus");
  return Message(raw);
}

Systemd::Message Systemd::call(sd_bus_message* request, std::string_view action) {
  BusError error;
  sd_bus_message* reply = nullptr;
  const int result = sd_bus_call(sd_bus_message_get_bus(request), request, 0, &error.raw, &reply);
  if (result < 0) throw refused(action, error, result);
  return Message(reply);
}

std::map<std::string, UnitState> Systemd::states(const std::vector<std::string>& units) {
  std::map<std::string, UnitState> states;
  if (units.empty()) return states;
  for (const auto& unit : units) states.emplace(unit, UnitState{"not-found", "inactive", "dead", "", ""});

  auto asked = request("ListUnitsByNames");
  append_list(asked.get(), units);
  auto answer = call(asked.get(), "list units");
  check(sd_bus_message_enter_container(answer.get(), 'a', "(ssssssouso)"), "read systemd's list of units");
  const char *name, *description, *load, *active, *sub, *following, *path, *job_type, *job_path;
  std::uint32_t job = 0;
  while (sd_bus_message_read(answer.get(), "(ssssssouso)", &name, &description, &load, &active, &sub,
                             &following, &path, &job, &job_type, &job_path) > 0) {
    if (const auto found = states.find(name); found != states.end()) {
      found->second = {load, active, sub, "", path};
    }
  }
  return states;
}

std::map<std::string, std::string> Systemd::file_states(const std::vector<std::string>& units) {
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

std::string Systemd::file_state(const std::string& unit) {
  auto asked = request("GetUnitFileState");
  check(sd_bus_message_append(asked.get(), "s", unit.c_str()), "write to the bus");
  BusError error;
  sd_bus_message* raw = nullptr;
  const int result = sd_bus_call(sd_bus_message_get_bus(asked.get()), asked.get(), 0, &error.raw, &raw);
  const Message answer(raw);
  if (error.is(SD_BUS_ERROR_FILE_NOT_FOUND) || error.is("org.freedesktop.systemd1.NoSuchUnit")) return "";
  if (result < 0) throw refused("look up the unit file of " + unit, error, result);
  const char* state = "";
  sd_bus_message_read(answer.get(), "s", &state);
  return state;
}

std::string Systemd::text_property(const std::string& path, const char* interface, const char* name) {
  BusError error;
  char* raw = nullptr;
  const int result =
      sd_bus_get_property_string(bus(), service, path.c_str(), interface, name, &error.raw, &raw);
  if (result < 0) throw refused(fmt::format("give the property {}", name), error, result);
  std::string text(raw);
  std::free(raw);
  return text;
}

void Systemd::trivial_property(const std::string& path, const char* interface, const char* name, char type,
                               void* value) {
  BusError error;
  const int result =
      sd_bus_get_property_trivial(bus(), service, path.c_str(), interface, name, &error.raw, type, value);
  if (result < 0) throw refused(fmt::format("give the property {}", name), error, result);
}

ServiceRun Systemd::last_run(const std::string& path) {
  const auto number = [&](const char* name, char type, void* value) {
    trivial_property(path, service_interface, name, type, value);
  };
  ServiceRun run;
  int remain = 0;
  std::uint64_t exited_us = 0;
  number("RemainAfterExit", 'b', &remain);
  number("ExecMainExitTimestampMonotonic", 't', &exited_us);
  number("ExecMainCode", 'i', &run.exit_code);
  number("ExecMainStatus", 'i', &run.exit_status);
  run.oneshot = remain == 0 && text_property(path, service_interface, "Type") == "oneshot";
  run.ended = exited_us != 0;
  run.result = text_property(path, service_interface, "Result");
  return run;
}

std::string Systemd::fragment_path(const std::string& path) {
  return text_property(path, unit_interface, "FragmentPath");
}

bool Systemd::needs_reload(const std::string& path) {
  int value = 0;
  trivial_property(path, unit_interface, "NeedDaemonReload", 'b', &value);
  return value != 0;
}

LastStart Systemd::last_start(const std::string& path) {
  // Every start looks at the conditions first, if there are none as well.
  std::uint64_t checked_us = 0;
  int held = 1;
  trivial_property(path, unit_interface, "ConditionTimestampMonotonic", 't', &checked_us);
  trivial_property(path, unit_interface, "ConditionResult", 'b', &held);
  return {.remembered = checked_us != 0, .skipped = checked_us != 0 && held == 0};
}

void Systemd::enable(const std::string& unit) {
  auto asked = request("EnableUnitFiles");
  append_list(asked.get(), {unit});
  const int for_this_boot_only = 0;
  const int replace_links = 1;
  check(sd_bus_message_append(asked.get(), "bb", for_this_boot_only, replace_links), "write to the bus");
  call(asked.get(), "enable " + unit);
}

void Systemd::disable(const std::string& unit) {
  auto asked = request("DisableUnitFiles");
  append_list(asked.get(), {unit});
  check(sd_bus_message_append(asked.get(), "b", 0), "write to the bus");
  call(asked.get(), "disable " + unit);
}

void Systemd::reload() {
  if (while_waiting_) while_waiting_();
  call(request("Reload").get(), "reload its configuration");
}

void Systemd::reset_failed(const std::string& unit) {
  auto asked = request("ResetFailedUnit");
  check(sd_bus_message_append(asked.get(), "s", unit.c_str()), "write to the bus");
  call(asked.get(), "reset the failed state of " + unit);
}

void Systemd::queue(Job job, const std::string& unit) {
  auto asked = request(method_of(job));
  check(sd_bus_message_append(asked.get(), "ss", unit.c_str(), "replace"), "write to the bus");
  call(asked.get(), fmt::format("{} {}", to_string(job), unit));
}

void Systemd::run(Job job, const std::string& unit) {
  const auto action = fmt::format("{} {}", to_string(job), unit);
  // systemd sends its signals only to those who subscribed, and only while they listen: an idle agent
  // would otherwise let them pile up in the bus.
  call(request("Subscribe").get(), "send its signals");
  Ended ended;
  sd_bus_slot* raw = nullptr;
  // Without a message bus in between, signals carry no sender.
  const char* sender = sd_bus_is_bus_client(bus()) > 0 ? service : nullptr;
  check(sd_bus_match_signal(bus(), &raw, sender, manager_path, manager, "JobRemoved", on_job_removed, &ended),
        "listen to systemd");
  const Slot listening(raw);

  auto asked = request(method_of(job));
  check(sd_bus_message_append(asked.get(), "ss", unit.c_str(), "replace"), "write to the bus");
  const auto answer = call(asked.get(), action);
  const char* path = "";
  check(sd_bus_message_read(answer.get(), "o", &path), "read systemd's answer");

  const auto deadline = std::chrono::steady_clock::now() + job_timeout_;
  while (!ended.contains(path)) {
    const int result = sd_bus_process(bus_.get(), nullptr);
    check(result, action);
    if (result > 0) continue;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) {
      throw Error(
          Fault::transient,
          fmt::format("{} did not end within {}; systemd goes on with it", action, to_words(job_timeout_)),
          "journalctl -u " + unit);
    }
    const auto slice = std::min<std::chrono::nanoseconds>(left, std::chrono::seconds(1));
    sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(
                                std::chrono::duration_cast<std::chrono::microseconds>(slice).count()));
    if (while_waiting_) while_waiting_();
  }
  call(request("Unsubscribe").get(), "end its signals");
  const auto& result = ended.at(path);
  if (result != "done" && result != "skipped") {
    throw Error(result == "timeout" || result == "canceled" ? Fault::transient : Fault::invalid,
                fmt::format("could not {}: {}", action, why(result)), "journalctl -u " + unit);
  }
}

}  // namespace greenwave::drivers::host
