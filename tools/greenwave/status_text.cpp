#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "daemon/situation.h"
#include "text.h"

namespace greenwave::cli {

namespace {

using daemon::Situation;

constexpr std::size_t label_width = 12;
constexpr std::size_t most_listed = 8;  // of failed objects and of problems; a command lists the rest

std::string offline(Time since, Time now) {
  constexpr std::string_view meanwhile = "the device keeps what it has";
  // A clock that was never set says 1970.
  if (now - since > std::chrono::hours(24 * 365 * 20)) return fmt::format("Offline; {}.", meanwhile);
  return fmt::format("Offline since {} ({}); {}.", moment(since), relative(since, now), meanwhile);
}

Paint paint_of(Situation situation) {
  switch (situation) {
    case Situation::in_sync:
      return Paint::good;
    case Situation::not_running:
    case Situation::reverted:
    case Situation::unlisted:
    case Situation::error:
    case Situation::failed:
    case Situation::refused:
    case Situation::unhealthy:
    case Situation::state_lost:
      return Paint::bad;
    default:
      return Paint::caution;
  }
}

bool is_tried_again(const sync::FailedObject& one) {
  return passes(one.fault);
}

struct Screen {
  const daemon::Status& status;
  Time now;
  const Style& style;
  std::string text{};

  void situations();
  std::string words(Situation situation) const;
  void details(Situation situation);
  void pause();
  void rejected();
  void rows();
  void waiting();
  std::string objects() const;
  void wave();
  void failed();
  void list(std::string_view title, const std::vector<sync::FailedObject>& objects);
  void problems();
  void notes();

  void row(std::string_view label, const std::string& value) {
    text += fmt::format("{:<{}}{}\n", label, label_width, wrap(value, label_width, style.width));
  }
  void detail(const std::string& value) {
    if (!value.empty()) text += "  " + wrap(value, 2, style.width) + "\n";
  }
  void heading(std::string_view title) {
    text += "\n" + paint(style, Paint::strong, wrap(title, 0, style.width)) + "\n";
  }
  void rest(std::size_t count, std::string_view command) {
    if (count > most_listed) text += fmt::format("  and {} more: {}\n", count - most_listed, command);
  }
};

void Screen::situations() {
  for (const auto situation : daemon::judge(status).situations) {
    text += paint(style, paint_of(situation), wrap(words(situation), 0, style.width)) + "\n";
    details(situation);
  }
}

std::string Screen::words(Situation situation) const {
  if (situation == Situation::offline) return offline(*status.unreachable_since, now);
  if (situation == Situation::paused) {
    const auto& pause = *status.pause;
    return fmt::format("Paused until {} ({}) by {}.", moment(pause.until), relative(pause.until, now),
                       printable(pause.who));
  }
  return daemon::sentence(situation, status) + ".";
}

/// What a person needs beside the sentence; the objects have their own lists below.
void Screen::details(Situation situation) {
  switch (situation) {
    case Situation::not_running:
      text +=
          "  start it:           sudo systemctl start greenwaved"
          "\n  see why it stopped: journalctl -u greenwaved -n 50\n";
      break;
    case Situation::reverted:
      return rejected();
    case Situation::refused:
      if (status.rejected && status.rejected->refused > 0) rejected();
      break;
    case Situation::unlisted:
    case Situation::error:
    case Situation::offline:
      return detail(status.last_error);
    case Situation::unhealthy:
      return detail(status.trial->unwell);
    case Situation::stale:
      return detail(status.last_poll ? fmt::format("last reached {}", relative(*status.last_poll, now)) : "");
    case Situation::state_lost:
      detail(fmt::format("{}: {}", moment(status.loss->when), status.loss->why));
      return detail("acknowledge it, and read everything again: sudo greenwave sync --force");
    case Situation::paused:
      return pause();
    default:
      break;
  }
}

void Screen::pause() {
  detail(status.pause->assumed);
  detail(status.pause->reason);
  text += "  end it: greenwave resume\n";
}

void Screen::rejected() {
  if (!status.rejected) return detail(status.trial->unwell);
  const auto& rejected = *status.rejected;
  detail(rejected.reason);
  if (!rejected.stuck.empty()) detail(rejected.stuck + "; that goes on once it can");
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
    text += "  " + wrap(fmt::format("{}: {}", object, what), 6, style.width) + "\n";
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
  if (status.fetch) {
    row("Now", in_words(*status.fetch));
  } else if (!status.phase.empty() && status.phase != "idle" && status.running) {
    row("Now", status.phase);
  } else if (status.pause && status.running) {
    row("Next sync", "after the pause");
  } else if (status.next_sync && status.running) {
    row("Next sync", *status.next_sync <= now ? "due now" : relative(*status.next_sync, now));
  }
  row("Objects", objects());
  if (status.bytes_received > 0) {
    row("Received",
        fmt::format("{} in the last sync, {} since the start", bytes_in_words(status.bytes_last_sync),
                    bytes_in_words(status.bytes_received)));
  }
}

std::string Screen::objects() const {
  const auto all = std::max(status.objects, status.in_sync + status.failed.size());
  auto objects = fmt::format("{} of {} in sync", status.in_sync, all);
  if (status.drifted > 0) {
    objects +=
        fmt::format(", {} had drifted and {} repaired", status.drifted, status.drifted == 1 ? "was" : "were");
  }
  const auto add = [&](std::size_t count, std::string_view what) {
    if (count > 0) objects += fmt::format(", {} {}", count, what);
  };
  const auto again = static_cast<std::size_t>(std::ranges::count_if(status.failed, is_tried_again));
  const auto refused = static_cast<std::size_t>(std::ranges::count_if(
      status.failed, [](const auto& one) { return one.refused && !is_tried_again(one); }));
  add(status.failed.size() - again - refused, "failed");
  add(refused, "refused");
  add(again, again == 1 ? "is tried again" : "are tried again");
  return objects;
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

void Screen::failed() {
  std::vector<sync::FailedObject> failed;
  std::vector<sync::FailedObject> refused;
  std::vector<sync::FailedObject> again;
  for (const auto& one : status.failed) {
    (is_tried_again(one) ? again : one.refused ? refused : failed).push_back(one);
  }
  list("Failed", failed);
  list("Refused, and as before", refused);
  list("Waiting, and tried again", again);
}

void Screen::list(std::string_view title, const std::vector<sync::FailedObject>& objects) {
  if (objects.empty()) return;
  heading(title);
  for (std::size_t i = 0; i < std::min(most_listed, objects.size()); ++i) {
    const auto& object = objects[i];
    const bool passing = is_tried_again(object);
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
  rest(objects.size(), "greenwave show");
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
  screen.situations();
  screen.rows();
  screen.waiting();
  screen.failed();
  screen.problems();
  screen.notes();
  return std::move(screen.text);
}

}  // namespace greenwave::cli
