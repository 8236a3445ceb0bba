#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text.h"
#include "text.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t label_width = 12;
constexpr std::size_t most_listed = 8;  // of failed objects and of problems; a command lists the rest

std::string offline(Time since, Time now) {
  constexpr std::string_view meanwhile = "the device keeps what it has";
  // A clock that was never set says 1970.
  if (now - since > std::chrono::hours(24 * 365 * 20)) return fmt::format("Offline; {}.", meanwhile);
  return fmt::format("Offline since {} ({}); {}.", moment(since), relative(since, now), meanwhile);
}

struct Screen {
  const daemon::Status& status;
  Time now;
  const Style& style;
  std::string text{};

  void headline();
  void pause();
  void rejected();
  void rows();
  void waiting();
  void wave();
  void failed(bool passing);
  void problems();
  void notes();

  void row(std::string_view label, const std::string& value) {
    text += fmt::format("{:<{}}{}\n", label, label_width, wrap(value, label_width, style.width));
  }
  void heading(std::string_view title) { text += "\n" + paint(style, Paint::strong, title) + "\n"; }
  void rest(std::size_t count, std::string_view command) {
    if (count > most_listed) text += fmt::format("  and {} more: {}\n", count - most_listed, command);
  }
};

void Screen::headline() {
  if (!status.running) {
    text += paint(style, Paint::bad, "greenwaved is not running; this is its last saved state.") +
            "\n  start it:           sudo systemctl start greenwaved"
            "\n  see why it stopped: journalctl -u greenwaved -n 50\n";
  } else if (status.unreachable_since) {
    text += paint(style, Paint::caution, offline(*status.unreachable_since, now)) + "\n  " +
            wrap(status.last_error, 2, style.width) + "\n";
  } else if (!status.last_error.empty()) {
    text += paint(style, Paint::bad, "The last sync failed.") + "\n  " +
            wrap(status.last_error, 2, style.width) + "\n";
  } else if (!status.failed.empty()) {
    // The agent does not own objects that it refused.
    const auto all = std::max(status.objects, status.in_sync + status.failed.size());
    const bool one = status.failed.size() == 1;
    text += paint(style, Paint::bad,
                  fmt::format("{} of {} {} as {} should be.", status.failed.size(), count_of(all, "object"),
                              one ? "is not" : "are not", one ? "it" : "they")) +
            "\n";
  } else if (!status.commit) {
    text += paint(style, Paint::caution, "Nothing has been applied yet.") + "\n";
  } else if (!status.waiting.empty()) {
    text += paint(style, Paint::caution, "In sync, except for what is waiting.") + "\n";
  } else if (!status.pause && !status.rejected) {
    text += paint(style, Paint::good, "In sync.") + "\n";
  }
}

void Screen::pause() {
  if (!status.pause) return;
  const auto& pause = *status.pause;
  text += paint(style, Paint::caution,
                fmt::format("Paused until {} ({}) by {}.", moment(pause.until), relative(pause.until, now),
                            printable(pause.who))) +
          (pause.assumed.empty() ? "" : "\n  " + wrap(pause.assumed, 2, style.width)) + "\n  " +
          wrap(pause.reason, 2, style.width) + "\n  end it: greenwave resume\n";
}

void Screen::rejected() {
  if (!status.rejected) return;
  const auto& rejected = *status.rejected;
  const bool stuck = !rejected.stuck.empty();
  text += paint(style, Paint::bad,
                fmt::format("Commit {} was not healthy here {}.", short_id(rejected.commit),
                            stuck ? "and could not be reverted completely" : "and was reverted")) +
          "\n  " + wrap(rejected.reason, 2, style.width) + "\n";
  if (stuck) text += "  " + wrap(rejected.stuck + "; that goes on once it can", 2, style.width) + "\n";
  for (const auto& left : rejected.not_undone) text += "  not undone: " + wrap(left, 4, style.width) + "\n";
  text += "  push a new commit, or try this one again: greenwave sync --force\n";
}

void Screen::waiting() {
  if (status.waiting.empty()) return;
  auto title = "Waiting: " + printable(status.waiting_why);
  if (status.waiting_until && *status.waiting_until > now) {
    title +=
        fmt::format(", until {} ({})", moment(*status.waiting_until), relative(*status.waiting_until, now));
  }
  heading(title);
  for (std::size_t i = 0; i < std::min(most_listed, status.waiting.size()); ++i) {
    const auto& [object, what] = status.waiting[i];
    text += fmt::format("  {}: {}\n", printable(object), wrap(what, 6, style.width));
  }
  rest(status.waiting.size(), "greenwave status -o json");
  text += "   -> do it now: greenwave sync --now --reason TEXT\n";
}

void Screen::rows() {
  text += "\n";
  row("Device",
      status.cluster.empty() ? status.device : fmt::format("{}, cluster {}", status.device, status.cluster));
  row("Repository", fmt::format("{}, branch {}", status.repository, status.branch));
  wave();
  if (status.commit) {
    const auto& commit = *status.commit;
    row("Commit", fmt::format("{} {}", short_id(commit.id), commit.subject));
    const auto when = commit.time == Time{}
                          ? ""
                          : fmt::format(", {} ({})", moment(commit.time), relative(commit.time, now));
    if (!commit.author.empty()) row("", fmt::format("by {}{}", commit.author, when));
    if (status.signer) row("", fmt::format("signed by {}, {}", status.signer->principal, status.signer->key));
  } else {
    row("Commit", "none yet");
  }
  row("Last sync", status.last_sync ? fmt::format("{} ({}): {}, took {}", moment(*status.last_sync),
                                                  relative(*status.last_sync, now),
                                                  to_string(status.last_result), to_words(status.last_took))
                                    : "none yet");
  if (!status.phase.empty() && status.phase != "idle" && status.running) {
    row("Now", status.phase);
  } else if (status.pause && status.running) {
    row("Next sync", "after the pause");
  } else if (status.next_sync && status.running) {
    row("Next sync", *status.next_sync <= now ? "due now" : relative(*status.next_sync, now));
  }
  auto objects = fmt::format("{} in sync", status.in_sync);
  if (status.drifted > 0) {
    objects +=
        fmt::format(", {} had drifted and {} repaired", status.drifted, status.drifted == 1 ? "was" : "were");
  }
  if (!status.failed.empty()) objects += fmt::format(", {} failed", status.failed.size());
  row("Objects", objects);
  if (status.bytes_received > 0) {
    row("Received",
        fmt::format("{} in the last sync, {} since the start", bytes_in_words(status.bytes_last_sync),
                    bytes_in_words(status.bytes_received)));
  }
}

void Screen::wave() {
  const auto& followed = status.followed;
  if (followed.is_held) {
    row("Wave",
        fmt::format("{}; held until {} (at {}) catches up", followed.wave.empty() ? "none" : followed.wave,
                    followed.ref, short_id(followed.target)));
  } else if (!followed.wave.empty()) {
    row("Wave", fmt::format("{}, follows {}", followed.wave, followed.ref));
  }
}

void Screen::failed(bool passing) {
  std::vector<sync::FailedObject> failed;
  std::ranges::copy_if(status.failed, std::back_inserter(failed),
                       [&](const auto& one) { return passes(one.fault) == passing; });
  if (failed.empty()) return;
  heading(passing ? "Waiting, and tried again" : "Failed");
  for (std::size_t i = 0; i < std::min(most_listed, failed.size()); ++i) {
    const auto& object = failed[i];
    // In a message the remedy follows a semicolon.
    const auto end = object.reason.find("; ");
    text += "  " + paint(style, passing ? Paint::caution : Paint::bad, printable(object.object)) +
            "\n      " + wrap(object.reason.substr(0, end), 6, style.width) + "\n";
    if (passing) {
      const bool is_due = !object.again || *object.again <= now;
      text +=
          fmt::format("      tried again {}\n", is_due ? "at the next sync" : relative(*object.again, now));
    }
    const auto remedy = end == std::string::npos
                            ? fmt::format("see details: greenwave show {}", object.object)
                            : object.reason.substr(end + 2);
    text += "   -> " + wrap(remedy, 6, style.width) + "\n";
  }
  rest(failed.size(), "greenwave show");
}

void Screen::problems() {
  if (status.problems.empty()) return;
  heading("Problems in the repository");
  for (std::size_t i = 0; i < std::min(most_listed, status.problems.size()); ++i) {
    text += "  " + wrap(status.problems[i], 6, style.width) + "\n";
  }
  rest(status.problems.size(), "greenwave status -o json");
}

void Screen::notes() {
  if (status.notes.empty()) return;
  heading("Notes");
  for (const auto& note : status.notes) text += "  " + wrap(note, 4, style.width) + "\n";
}

}  // namespace

std::string status_text(const daemon::Status& status, Time now, const Style& style) {
  Screen screen{status, now, style};
  screen.headline();
  screen.pause();
  screen.rejected();
  screen.rows();
  screen.waiting();
  screen.failed(false);
  screen.failed(true);
  screen.problems();
  screen.notes();
  return std::move(screen.text);
}

}  // namespace greenwave::cli
