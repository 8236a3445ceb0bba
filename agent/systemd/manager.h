#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

struct sd_bus;
struct sd_bus_message;

namespace greenwave::systemd {

/// What systemd says about a unit, in systemd's words.
struct UnitState {
  std::string load;    ///< "loaded", "not-found", "masked", "bad-setting", "error"
  std::string active;  ///< "active", "inactive", "failed", "activating", "deactivating", "reloading"
  std::string sub;     ///< "running", "exited", "auto-restart", …: depends on the type
  std::string file;    ///< "enabled", "disabled", "static", "masked", …; empty: no unit file
  std::string path;    ///< the unit's object on the bus
  std::string id{};    ///< the unit's primary name: it may have been asked for by an alias
};

/// The files that a loaded unit was made from.
struct Definition {
  std::string fragment;               ///< empty: none
  std::vector<std::string> drop_ins;  ///< in the order in which they apply
  bool needs_reload = false;          ///< they have changed since they were loaded
  std::vector<std::string> names{};   ///< its own, and its aliases
};

/// The last run of a service.
struct ServiceRun {
  bool oneshot = false;  ///< Type=oneshot without RemainAfterExit: inactive again once it has run
  bool ended = false;    ///< its main process has exited since boot, as far as systemd remembers
  std::string result;    ///< "success", "exit-code", "timeout", …
  int exit_code = 0;     ///< how the main process exited, as in siginfo's si_code; 0: it did not
  int exit_status = 0;   ///< its exit status or signal
};

/// The last start of a unit.
struct LastStart {
  bool remembered = false;  ///< false: none since boot, or systemd has unloaded the unit
  bool skipped = false;     ///< a Condition… was not met
};

/// How long a unit has been up.
struct Life {
  std::chrono::microseconds active_since{};  ///< on CLOCK_MONOTONIC
  std::uint32_t restarts = 0;                ///< by systemd itself, since it was last started on purpose
};

/// When a timer last elapsed, and when it will next.
struct Schedule {
  std::optional<Time> last;  ///< when it last started its unit
  std::optional<Time> next;
};

/// How long systemd gives a unit; nothing: no limit.
struct Timeouts {
  std::optional<Duration> start;
  std::optional<Duration> stop;
};

/// How long a job is waited for.
struct Patience {
  Duration limit{};
  bool declared = false;         ///< people wrote it, so that taking longer is a failure that lasts
  std::function<bool()> stop{};  ///< asked about once a second; true ends the wait
};

enum class Job { start, stop, restart, try_restart, reload_or_try_restart };

std::string_view to_string(Job job);

/// systemd's manager over D-Bus. The first call connects; a broken connection is made again. It lasts until
/// hang_up(). Every call throws Error: transient when systemd does not answer, otherwise what systemd
/// refused, with a remedy. One thread.
class Manager {
 public:
  /// `while_waiting` is called about once a second while a job runs (for a watchdog); it may be empty.
  explicit Manager(std::function<void()> while_waiting = {}, Duration job_timeout = std::chrono::seconds(90));
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  /// Closes the connection. Call before a long pause: otherwise systemd keeps sending signals, and queues
  /// those that nobody reads.
  void hang_up();

  /// Whether systemd is this device's init.
  static bool is_init();

  /// The states of `units`, each of which is in the result under the name that was asked for;
  /// UnitState::file is left empty. One round trip, unless systemd refuses one of them: then one each. A
  /// template has no state, and counts as "not-found".
  std::map<std::string, UnitState> states(const std::vector<std::string>& units);
  /// "enabled" and so on, for those units that have a unit file. One round trip, and one more per instance of
  /// a template; systemd reads its directories for each unit, which takes milliseconds.
  std::map<std::string, std::string> file_states(const std::vector<std::string>& units);
  /// The last run of the service at UnitState::path.
  ServiceRun last_run(const std::string& path);
  /// Of the unit at UnitState::path.
  Definition definition(const std::string& path);
  /// The units that a socket, timer or path at UnitState::path activates.
  std::vector<std::string> activates(const std::string& path);
  LastStart last_start(const std::string& path);
  Life life(const std::string& path, const std::string& unit);
  /// Of the unit at UnitState::path; for a kind that has none of its own, the manager's patience.
  Timeouts timeouts(const std::string& path, const std::string& unit);
  /// The schedule of the timer at UnitState::path.
  Schedule schedule(const std::string& path);

  /// Reads the unit files on disk; reload() makes the manager see the result.
  void enable(const std::string& unit);
  void disable(const std::string& unit);
  void mask(const std::string& unit);
  void unmask(const std::string& unit);
  /// daemon-reload
  void reload();
  void reset_failed(const std::string& unit);

  /// Waits until the job has finished. Throws Error when its result is not "done" (or "skipped", for a unit
  /// that the job does not concern). After the timeout the job continues, and the error says so. False when
  /// `stop` ended the wait: the job continues then too.
  bool run(Job job, const std::string& unit, const Patience& patience);
  void run(Job job, const std::string& unit) { run(job, unit, {.limit = job_timeout_}); }
  Duration job_timeout() const { return job_timeout_; }
  /// Queues the job and returns.
  void queue(Job job, const std::string& unit);

 private:
  struct BusClose {
    void operator()(sd_bus* bus) const;
  };
  struct MessageUnref {
    void operator()(sd_bus_message* message) const;
  };
  using Message = std::unique_ptr<sd_bus_message, MessageUnref>;

  sd_bus* bus();
  Message request(const char* method);
  Message call(sd_bus_message* request, std::string_view action);
  /// Throws where systemd refuses one of them.
  std::vector<UnitState> list(const std::vector<std::string>& units);
  std::string file_state(const std::string& unit);
  void trivial_property(const std::string& path, const char* interface, const char* name, char type,
                        void* value);
  std::string text_property(const std::string& path, const char* interface, const char* name);
  std::vector<std::string> list_property(const std::string& path, const char* name);

  std::function<void()> while_waiting_;
  Duration job_timeout_;
  std::unique_ptr<sd_bus, BusClose> bus_;
};

/// Closes the connection to systemd at the end of a scope.
class Conversation {
 public:
  explicit Conversation(Manager& manager) : manager_(manager) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation() { manager_.hang_up(); }

 private:
  Manager& manager_;
};

}  // namespace greenwave::systemd
