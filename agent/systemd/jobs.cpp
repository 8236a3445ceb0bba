#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "systemd/call.h"
#include "systemd/manager.h"

namespace greenwave::systemd {

namespace {

struct SlotUnref {
  void operator()(sd_bus_slot* slot) const { sd_bus_slot_unref(slot); }
};
using Slot = std::unique_ptr<sd_bus_slot, SlotUnref>;

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

void Manager::queue(Job job, const std::string& unit) {
  auto asked = request(method_of(job));
  check(sd_bus_message_append(asked.get(), "ss", unit.c_str(), "replace"), "write to the bus");
  call(asked.get(), fmt::format("{} {}", to_string(job), unit));
}

bool Manager::run(Job job, const std::string& unit, const Patience& patience) {
  const auto action = fmt::format("{} {}", to_string(job), unit);
  call(request("Subscribe").get(), "send signals");
  Ended ended;
  sd_bus_slot* raw = nullptr;
  // Without a message bus in between, signals carry no sender.
  const char* sender = sd_bus_is_bus_client(bus()) > 0 ? names::service : nullptr;
  check(sd_bus_match_signal(bus(), &raw, sender, names::manager_path, names::manager, "JobRemoved",
                            on_job_removed, &ended),
        "listen to systemd");
  const Slot listening(raw);

  auto asked = request(method_of(job));
  check(sd_bus_message_append(asked.get(), "ss", unit.c_str(), "replace"), "write to the bus");
  const auto answer = call(asked.get(), action);
  const char* path = "";
  check(sd_bus_message_read(answer.get(), "o", &path), "read systemd's answer");

  const auto deadline = std::chrono::steady_clock::now() + patience.limit;
  while (!ended.contains(path)) {
    const int result = sd_bus_process(bus_.get(), nullptr);
    check(result, action);
    if (result > 0) continue;
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) {
      throw Error(patience.declared ? Fault::invalid : Fault::transient,
                  fmt::format("{} did not finish within {}; systemd is still working on it", action,
                              to_words(patience.limit)),
                  "journalctl -u " + unit);
    }
    const auto slice = std::min<std::chrono::nanoseconds>(left, std::chrono::seconds(1));
    sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(
                                std::chrono::duration_cast<std::chrono::microseconds>(slice).count()));
    if (while_waiting_) while_waiting_();
    if (patience.stop && patience.stop()) return false;
  }
  const auto& result = ended.at(path);
  if (result != "done" && result != "skipped") {
    throw Error(result == "canceled" ? Fault::transient : Fault::invalid,
                fmt::format("could not {}: {}", action, why(result)), "journalctl -u " + unit);
  }
  return true;
}

}  // namespace greenwave::systemd
