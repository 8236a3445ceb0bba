#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "config/config.h"
#include "git/bundle.h"
#include "git/transport.h"
#include "sync/intake/intake.h"
#include "sync/intake/judge.h"
#include "sync/intake/needs.h"

namespace greenwave::sync {

/// What a GitIntake works with; outlives it.
struct IntakeParts {
  const config::Config& config;
  const Labels& facts;
  const Log& log;
  const Clock& clock;
  git::Transport& transport;
  const git::Trust* trust;  ///< null: commits are not checked
  const std::atomic<bool>& stop;
  std::atomic<bool>& give_up;  ///< ends what the transport does, which was made with it; true after `stop`
  std::function<void()> heartbeat;
  render::BeginEngine begin_render;  ///< makes engines without keys
  Reveal reveal;
  /// Who reads a bundle, which outlives that.
  std::function<std::unique_ptr<git::BundleReader>(const git::BundleFile&)> read_bundle{};
  git::FetchProgress* progress = nullptr;  ///< what a bundle is shown in; null: nothing
};

/// Asks for the newest commit, judges it, and brings what this device needs of it into the store, which it
/// opens for itself. One thread at a time.
class Receiver {
 public:
  explicit Receiver(const IntakeParts& parts);

  Arrival receive(const Question& question, const Phase& phase);
  CommitId poll();
  git::Held hold(const git::Hold& hold);
  void bring(const CommitId& commit);

  /// Whether something has arrived since the last call of this.
  bool take_fetched() { return std::exchange(fetched_, false); }
  /// Opens the store again before it is used next: it was repacked. If it was begun again, nothing is in it.
  void close_store(bool is_new);

 private:
  /// One call of receive().
  struct Asking;
  bool wants_signed_tips() const;
  git::JudgedTip judge_tip(const git::StatedTip& stated);
  std::optional<KnownTip> known_tip() const;

  git::Store& store();
  bool is_for_another(const git::Bundle& bundle) const;

  const IntakeParts& parts_;
  render::Recipient recipient_;
  std::unique_ptr<git::Store> store_;
  SeenTips tips_;
  std::vector<std::string> refs_;  ///< that are followed
  bool was_told_ = false;          ///< by the server, of a tip
  CommitId complete_;              ///< everything that this device needs of it is in the store
  bool fetched_ = false;
  /// `own` stays although `ref` names `target`, which need not be fetched again to find that out.
  struct Held {
    CommitId own;
    std::string ref;
    CommitId target;
    bool operator==(const Held&) const = default;
  };
  std::optional<Held> held_;
};

/// Whether `own`, the commit that the device has, stays although `ref` names `target` (both in the store):
/// because it came by another ref, and `target` does not descend from it.
bool holds(const git::Store& store, const Following& following, const CommitId& own, const std::string& ref,
           const CommitId& target);

}  // namespace greenwave::sync
