#include "sync/health.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/text.h"

namespace greenwave::sync {

namespace {

using drivers::Health;

constexpr Duration longest_wait = std::chrono::milliseconds(500);
/// What the last look, at the deadline, gets too: else its own haste would be the reason that it finds.
constexpr Duration shortest_look = std::chrono::milliseconds(500);
/// How long to wait for what is busy, if the program that starts it does not give up earlier.
constexpr Duration longest_busy = std::chrono::hours(1);

struct Watched {
  Subject subject;
  Instant next;
  Instant deadline;
  Instant last;      ///< the deadline while busy
  Instant looked{};  ///< when the last look began
  Health health{Health::State::waiting, "it has not been looked at"};
};

class Probe {
 public:
  Probe(std::vector<Subject> subjects, const Watching& watching) : watching_(watching) {
    const auto now = watching.clock.tick();
    for (auto& subject : subjects) {
      const auto deadline = now + subject.within;
      const bool is_look = subject.within <= Duration::zero();
      const auto last = subject.declared || is_look ? deadline : std::max(deadline, now + longest_busy);
      open_.push_back({std::move(subject), now, deadline, last});
    }
  }

  Verdict run() {
    while (!open_.empty()) {
      look();
      note_the_well();
      give_up();
      if (!verdict_.unwell.empty()) {
        verdict_.kind = Verdict::Kind::unwell;
        return verdict_;
      }
      if (open_.empty()) break;
      watching_.waiting(fmt::format("waiting for {}: {}", open_.front().subject.name,
                                    printable(open_.front().health.reason)));
      if (!rest()) return {.kind = Verdict::Kind::ended};
    }
    if (!verdict_.undecided.empty()) verdict_.kind = Verdict::Kind::undecided;
    return verdict_;
  }

 private:
  /// The last look is at the deadline, or after it when others took their time: what is well then is well.
  static bool is_lost(const Watched& one) {
    if (one.health.state == Health::State::bad) return true;
    return one.looked >= (one.health.busy ? one.last : one.deadline);
  }

  /// For what is lost. One that could not be asked is neither well nor unwell.
  void give_up() {
    for (const auto& one : open_) {
      if (!is_lost(one)) continue;
      auto& list = passes(one.health.fault) ? verdict_.undecided : verdict_.unwell;
      list.push_back({one.subject.name, one.health.reason, one.health.fault});
    }
    std::erase_if(open_, is_lost);
  }

  /// Asks whoever is due, and those of one session together.
  void look() {
    std::map<drivers::Session*, std::vector<Watched*>> due;
    for (auto& one : open_) {
      const auto now = watching_.clock.tick();
      if (now < one.next) continue;
      one.looked = now;
      const auto next = now + one.subject.interval;
      one.next = now < one.deadline ? std::min(next, one.deadline) : std::max(next, now + longest_wait);
      if (one.subject.ask) {
        one.health = one.subject.ask();
      } else {
        due[one.subject.session].push_back(&one);
      }
    }
    for (const auto& [session, watched] : due) {
      std::vector<const Entry*> entries;
      auto patience = Duration::max();
      for (const auto* one : watched) {
        entries.push_back(one->subject.entry);
        const auto left = std::chrono::duration_cast<Duration>(one->deadline - watching_.clock.tick());
        patience = std::min(patience, std::max(left, shortest_look));
      }
      const auto found = session->health(entries, patience);
      for (std::size_t i = 0; i < watched.size(); ++i) watched[i]->health = found[i];
    }
  }

  void note_the_well() {
    std::vector<std::string> names;
    for (const auto& one : open_) {
      if (one.health.state == Health::State::good) names.push_back(one.subject.name);
    }
    if (names.empty()) return;
    std::erase_if(open_, [](const auto& one) { return one.health.state == Health::State::good; });
    watching_.well(names);
  }

  /// Until the next look; false when the probe must end.
  bool rest() {
    const auto next = std::ranges::min_element(open_, {}, [](const auto& one) { return one.next; })->next;
    for (;;) {
      const auto left = std::chrono::ceil<Duration>(next - watching_.clock.tick());
      if (left <= Duration::zero()) return true;
      if (watching_.wait(std::min(left, longest_wait))) return false;
    }
  }

  const Watching& watching_;
  std::vector<Watched> open_;
  Verdict verdict_;
};

}  // namespace

std::string Verdict::reason() const {
  constexpr std::size_t most = 4;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, unwell.size()); ++i) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", unwell[i].object, unwell[i].reason);
  }
  if (unwell.size() > most) text += fmt::format("; and {} more", unwell.size() - most);
  return text;
}

Verdict probe(std::vector<Subject> subjects, const Watching& watching) {
  return Probe(std::move(subjects), watching).run();
}

}  // namespace greenwave::sync
