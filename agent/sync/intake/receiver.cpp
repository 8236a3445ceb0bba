#include "sync/intake/receiver.h"

#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "git/ancestry.h"
#include "git/commit_identity.h"

namespace greenwave::sync {

namespace {

constexpr const char* incoming_ref = "incoming";
constexpr const char* accepted_ref = "accepted";

/// At the end of what is asked.
struct Resting {
  git::Transport& transport;
  ~Resting() { transport.rest(); }
};

}  // namespace

bool holds(const git::Store& store, const Following& following, const CommitId& own, const std::string& ref,
           const CommitId& target) {
  if (own.empty() || following.arrived_by.empty() || following.arrived_by == ref) return false;
  switch (git::judge_move(store, own, target).move) {
    case git::Move::same:
    case git::Move::forward:
    case git::Move::reset:
      return false;
    // A store without the whole history cannot tell; but a commit that descends from ours would have come
    // with all in between, so this one does not.
    case git::Move::unknown:
    case git::Move::backward:
    case git::Move::sideways:
      break;
  }
  return true;
}

struct Receiver::Asking {
  Receiver& receiver;
  git::Transport* from;
  const Own& own;
  const Phase& phase;
  Arrival arrival{};
  bool is_carried = false;                      ///< the commit comes from a bundle
  std::unique_ptr<render::Engine> rendering{};  ///< once it is needed

  git::Store& store() { return receiver.store(); }
  /// Starts it before it is asked anything, where there is something else to wait for.
  render::Engine& engine() {
    if (!rendering) rendering = receiver.parts_.begin_render();
    return *rendering;
  }
  Following& following() { return arrival.remembered.following; }

  std::unique_ptr<SourceTree> files(const CommitId& commit) {
    return store().tree(commit, receiver.parts_.config.repository.path);
  }

  /// Fetches the commit, judges it, and fetches its files only if it is accepted.
  void ask() {
    if (own.applied.empty()) engine();  // it will be needed: it starts while others work
    do {
      receiver.refs_ = following().refs();
      from->follow(receiver.refs_);
      poll();
      arrival.answered = true;
      arrival.ref = from->found();
      take(arrival.target);
    } while (decides_otherwise());
    arrival.is_held = arrival.commit != arrival.target;
  }

  /// A server that has an unacceptable tip can be reached.
  void poll() {
    receiver.was_told_ = false;
    try {
      arrival.target = from->poll();
    } catch (const Error&) {
      arrival.answered = receiver.was_told_;
      throw;
    }
  }

  void take(const CommitId& tip) {
    auto mine = arrival.remembered.accepted;
    if (mine.empty()) mine = own.applied;
    if (mine.empty()) mine = receiver.complete_;
    const Held held{mine, arrival.ref, tip};
    if (receiver.held_ == held) return hold(mine);
    if (tip != receiver.complete_) fetch_commit(tip);
    if (holds(store(), following(), mine, arrival.ref, tip)) {
      receiver.held_ = held;
      return hold(mine);
    }
    if (tip != receiver.complete_) {
      accept(tip);
      bring_files(tip);
    } else if (!required_ref().empty() && following().arrived_by != arrival.ref) {
      accept(tip);
    }
    receiver.held_.reset();
    following().arrived_by = arrival.ref;
    arrival.commit = tip;
  }

  void hold(const CommitId& mine) {
    if (mine != receiver.complete_) bring_files(mine);
    arrival.commit = mine;
  }

  void fetch_commit(const CommitId& tip) {
    if (!store().has(tip)) {
      phase(fmt::format("fetching {}", tip.shortened()));
      receiver.fetched_ = true;
    }
    arrival.answered = false;
    engine();
    fetch_accepted();
    from->fetch(tip, store(), git::commit_alone);
    store().keep(incoming_ref, tip);
    arrival.answered = true;
  }

  /// Which a commit must say that it is for; empty: none.
  std::string required_ref() const {
    return receiver.parts_.trust != nullptr && receiver.parts_.config.require_ref ? arrival.ref : "";
  }

  /// A ref in the store remembers it too, so that losing only the state does not let a device go back.
  CommitId accepted() {
    const auto& known = arrival.remembered.accepted;
    const auto& twin = arrival.remembered.twin;
    if (known.empty()) return store().kept_as(accepted_ref);
    return !store().has(known) && !twin.empty() && store().has(twin) ? twin : known;
  }

  /// Fetches the commit that a judgement compares with into a store that lacks it: a new one. If the server
  /// does not have it, the judgement says so. It may know the commit under another id.
  void fetch_accepted() {
    if (receiver.parts_.trust == nullptr) return;
    const auto known = accepted();
    if (known.empty()) return;
    if (store().has(known)) return static_cast<void>(git::keep_other_forms(store(), known));
    for (const auto& commit : {arrival.remembered.accepted, arrival.remembered.twin}) {
      if (commit.empty()) continue;
      try {
        from->fetch(commit, store(), git::commit_alone);
        return store().keep(accepted_ref, commit);
      } catch (const Error& error) {
        if (error.fault() == Fault::damaged) throw;
      }
    }
  }

  /// Without trust, none is remembered: if trust is configured (again), it starts afresh.
  void accept(const CommitId& tip) {
    auto& remembered = arrival.remembered;
    if (receiver.parts_.trust == nullptr) {
      if (is_carried && !own.may_go_back) git::require_not_older(store(), own.applied, tip);
      remembered.accepted = {};
      remembered.twin = {};
      return store().forget(accepted_ref);
    }
    const auto before = accepted();
    const auto& config = receiver.parts_.config;
    auto judgement = judge(
        store(), {.trust = *receiver.parts_.trust, .paths = config.path_rules, .tags = config.accept_tags},
        {.commit = tip, .accepted = before, .ref = required_ref(), .directory = config.repository.path},
        supply(tip));
    remembered.signers[tip] = std::move(judgement.signer);
    if (judgement.is_same) arrival.same_as = before;
    remembered.accepted = tip;
    const auto forms = git::keep_other_forms(store(), tip);
    remembered.twin = forms.empty() ? CommitId() : forms.front();
    store().keep(accepted_ref, tip);
  }

  Supply supply(const CommitId& tip) {
    const auto bring = [this](const auto& fetch) {
      arrival.answered = false;
      fetch();
      arrival.answered = true;
    };
    return {
        .trees = [=, this](const git::Missing& names) { bring([&] { from->fetch_trees(names, store()); }); },
        .history =
            [=, this](std::size_t generations) {
              bring([&] { from->fetch_history(tip, store(), generations); });
            },
        .tag =
            [=, this](const std::string& ref) {
              std::optional<std::string> tag;
              bring([&] { tag = from->fetch_tag(ref, store()); });
              return tag;
            }};
  }

  void bring_files(const CommitId& commit) {
    if (commit != own.applied || !own.is_whole) {
      arrival.answered = false;
      receiver.fetched_ = true;
      std::optional<render::Rendered> rendered;
      std::optional<Error> lost;  // the renderer: then nothing says what the device needs
      from->fetch(commit, store(), [&](const SourceTree& files) {
        if (lost) throw *lost;
        rendered.reset();
        try {
          rendered = render_and_read(files, engine(), receiver.recipient_);
        } catch (const Error& error) {
          if (error.fault() == Fault::transient) lost = error;
          throw;
        }
      });
      arrival.answered = true;
      if (lost) throw *lost;
      if (rendered && rendered->veiled) {
        bring_veiled(commit);
      } else if (rendered) {
        arrival.fresh = Fresh{commit, std::move(*rendered)};
      }
    }
    receiver.complete_ = commit;
  }

  /// Fetches files that only a reader with the keys knows to be needed.
  void bring_veiled(const CommitId& commit) {
    git::Missing missing;
    std::vector<std::string> paths;
    {
      const auto files = store().partial_tree(commit, receiver.parts_.config.repository.path, missing);
      paths = receiver.parts_.reveal(*files);
    }
    if (missing.empty()) return;
    arrival.answered = false;
    from->fetch(commit, store(), [&paths](const SourceTree& files) {
      for (const auto& path : paths) files.read(path, largest_source);
    });
    arrival.answered = true;
  }

  /// For a device without a decided wave: whether the commit tells it to follow another ref.
  bool decides_otherwise() {
    if (!following().is_undecided()) return false;
    const auto before = following().refs();
    try {
      const auto found = engine().membership(*files(arrival.commit), receiver.recipient_);
      following() = decided(std::move(following()), found.cluster, found.device);
    } catch (const Error& error) {
      if (error.fault() != Fault::invalid) throw;
      return false;
    }
    return following().refs() != before;
  }
};

Receiver::Receiver(const IntakeParts& parts) : parts_(parts) {
  const auto& config = parts_.config;
  recipient_ = {config.device,
                {config.labels.begin(), config.labels.end()},
                parts_.facts,
                config.kubernetes.namespace_from_directory};
  if (wants_signed_tips()) {
    parts_.transport.believe([this](const git::StatedTip& stated) { return judge_tip(stated); });
  }
}

bool Receiver::wants_signed_tips() const {
  return parts_.trust != nullptr && !parts_.config.tip_repository.empty();
}

git::JudgedTip Receiver::judge_tip(const git::StatedTip& stated) {
  was_told_ = true;
  const auto boot = parts_.clock.boot_time();
  const TipLaw law{.trust = *parts_.trust,
                   .repository = parts_.config.tip_repository,
                   .now = time_at_least(tips_, parts_.clock.now(), boot),
                   .boot = boot};
  return sync::judge_tip(stated, refs_, law, tips_);
}

std::optional<KnownTip> Receiver::known_tip() const {
  if (!wants_signed_tips()) return {};
  const auto now = time_at_least(tips_, parts_.clock.now(), parts_.clock.boot_time());
  return sync::known_tip(tips_, parts_.config.tip_repository, refs_, now);
}

git::Store& Receiver::store() {
  if (!store_) store_ = std::make_unique<git::Store>(parts_.config.store());
  return *store_;
}

void Receiver::close_store(bool is_new) {
  store_.reset();
  if (!is_new) return;
  complete_ = {};
  held_.reset();
}

bool Receiver::is_for_another(const git::Bundle& bundle) const {
  return !bundle.made_for().empty() && bundle.made_for() != parts_.config.device;
}

Arrival Receiver::receive(const Question& question, const Phase& phase) {
  const Resting resting{parts_.transport};
  const auto& bundle = question.bundle;
  std::optional<git::Bundle> carried;
  Asking asking{*this, &parts_.transport, question.own, phase, {.remembered = question.remembered}};
  auto& arrival = asking.arrival;
  auto& unreachable_since = arrival.remembered.unreachable_since;
  add_newer(tips_, question.remembered.tips);
  try {
    if (bundle) {
      phase(fmt::format("reading {}", bundle->name));
      asking.is_carried = true;
      asking.from =
          &carried.emplace(bundle, parts_.read_bundle(*bundle), parts_.config.repository, parts_.give_up);
      if (parts_.progress != nullptr) carried->show_in(*parts_.progress);
      if (is_for_another(*carried)) phase("the bundle was made for " + printable(carried->made_for()));
      asking.ask();
    } else {
      phase(fmt::format("polling {}", parts_.config.repository.url));
      asking.ask();
      unreachable_since.reset();
    }
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    arrival.commit = {};
    arrival.why_not = error;
    if (carried && is_for_another(*carried)) {
      arrival.why_not->during("taking a bundle that was made for " + printable(carried->made_for()));
    }
    if (!bundle && !parts_.give_up) {
      // A server that refuses, or sends something unusable, can be reached; so can one that has answered.
      if (error.fault() != Fault::transient || arrival.answered) {
        unreachable_since.reset();
      } else if (!unreachable_since) {
        unreachable_since = parts_.clock.now();
      }
    }
  }
  arrival.remembered.tips = tips_;
  arrival.tip = known_tip();
  return std::move(arrival);
}

CommitId Receiver::poll() {
  const Resting resting{parts_.transport};
  return parts_.transport.poll();
}

git::Held Receiver::hold(const git::Hold& hold) {
  const Resting resting{parts_.transport};
  return parts_.transport.hold(hold);
}

void Receiver::bring(const CommitId& commit) {
  const Resting resting{parts_.transport};
  parts_.transport.fetch(commit, store());
}

}  // namespace greenwave::sync
