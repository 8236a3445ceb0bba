#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/log.h"
#include "config/config.h"
#include "guard/guard.h"
#include "state/state.h"
#include "sync/course.h"
#include "sync/intake/intake.h"
#include "sync/journal.h"
#include "sync/observe.h"
#include "sync/prepare.h"
#include "sync/renderer.h"
#include "sync/request.h"
#include "sync/retries.h"
#include "sync/standing.h"

namespace greenwave::sync {

/// What a sync works with. Everything outlives it.
struct Parts {
  const config::Config& config;
  const Renderer& renderer;
  const Clock& clock;
  state::State& state;
  Intake& intake;
  Drivers drivers;
  const std::atomic<bool>& stop;      ///< ends a sync at the next step
  std::function<void()> heartbeat;    ///< called during long work that makes no events
  std::string process = "a process";  ///< names this run of the agent: no two have the same
  guard::Guard* guard = nullptr;      ///< null: the agent is not among what it changes
  /// Waits for so long.
  std::function<void(Duration)> rest = [](Duration time) { std::this_thread::sleep_for(time); };
};

/// Takes the events of a sync as they happen; called on the thread that runs it.
using Observer = std::function<void(Event)>;

/// What is known from one pass to the next. All but `received`, `standing`, `clean`, `refused` and `retries`
/// is in the state too.
struct Kept {
  Remembered remembered;
  CommitId received;  ///< the last commit that came in full; empty: none since the agent started
  Course course;
  Standing standing;
  Arrivals arrivals{};
  std::string clean{};         ///< key of the last render that was applied without a failure or problem
  std::string refused;         ///< key of the render of a commit that cannot be rendered
  std::exception_ptr refusal;  ///< and why, an Error
  Retries retries;
  guard::Failed failed_own;  ///< what the agent did not come back with
};

/// What came of a question that was asked ahead of the pass.
struct Delivery {
  Question question;
  std::variant<Arrival, Error> answer;  ///< an Error (damaged): the store must be set aside
};

/// One pass, as its stages see it.
struct Pass {
  const Parts& parts;
  Kept& kept;
  Request request;
  const Observer& observer;
  std::optional<Delivery> delivery{};  ///< none: the pass asks itself, where it is to
  Instant began{};  ///< what the record is about: of `parts.clock`, so that setting the clock makes nothing
                    ///< longer
  state::SyncRecord record{};
  bool answered = false;           ///< the server gave what was asked of it, whatever that was worth
  bool reached = false;            ///< the repository itself did
  bool came_through = false;       ///< the device was brought to a commit, as far as that could be done
  bool renews = false;             ///< what the agent starts with was changed
  bool unlisted = false;           ///< what the record's error says: the device is not in the inventory
  bool again = false;              ///< a newer commit came while this one was watched
  std::optional<Error> why_not{};  ///< there is no newest commit
  std::optional<Fresh> fresh{};
  Stuck stuck{};  ///< of a way back
  std::optional<Observed> observed{};
  std::shared_ptr<const std::vector<Entry>> entries{};  ///< see inventory()

  /// As in the state; after a change to that, `entries` is to be reset.
  const std::vector<Entry>& inventory();
  /// The course becomes this, durably.
  void take(Course course);
  /// Whether a server of the device's, where objects live, does not answer.
  bool is_unreachable() const { return observed && sync::is_unreachable(*observed); }
  CommitId applied() const;
};

/// Poll → fetch → verify → observe → render → plan → apply → probe, then keep or revert: brings the device to
/// the newest commit, or where that can't be had or used, keeps it at the last one that could.
void run(Pass& pass);

/// By what the record is about.
Duration time_taken(const Pass& pass);

/// The commit that the device was last brought to; empty before the first.
CommitId last_applied(const Parts& parts);

/// What the device has, for a question.
Own own_of(const Parts& parts, const Kept& kept);

/// The newest commit, or none where it can't be had: then the record and `why_not` say why.
CommitId receive(Pass& pass);

/// One commit's way onto the device. Throws Error when it cannot be rendered, or the state not written.
void apply_commit(Pass& pass, const CommitId& commit);

/// Renders and compares; the Pass has observed the device.
std::unique_ptr<Prepared> prepare_commit(Pass& pass, const CommitId& commit);

}  // namespace greenwave::sync
