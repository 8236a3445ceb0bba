#pragma once

#include <atomic>
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
  std::function<void()> heartbeat;
  Reveal reveal;
  git::FetchProgress* progress = nullptr;  ///< what a bundle is shown in; null: nothing
  std::vector<Rule> rules{};  ///< on what a signer may change; not applied if commits are not checked
};

class GitIntake : public Intake {
 public:
  explicit GitIntake(IntakeParts parts);

  Arrival receive(const std::shared_ptr<const git::BundleFile>& bundle, Remembered remembered, const Own& own,
                  const Phase& phase) override;
  CommitId received() const override { return complete_; }
  CommitId poll() override;
  bool has(const CommitId& commit) const override { return store_->has(commit); }
  git::Commit about(const CommitId& commit) const override { return store_->commit(commit); }
  std::unique_ptr<SourceTree> files(const CommitId& commit) const override;
  void bring(const CommitId& commit) override { parts_.transport.fetch(commit, *store_); }
  void keep(const std::string& name, const CommitId& commit) override { store_->keep(name, commit); }
  void tidy() override;
  void start_over(const Error& error) override;

 private:
  bool is_for_another(const git::Bundle& bundle) const;

  /// One call of receive().
  struct Asking;

  IntakeParts parts_;
  Recipient recipient_;
  std::unique_ptr<git::Store> store_;
  CommitId complete_;     ///< everything that this device needs of it is in the store
  bool fetched_ = false;  ///< since the store was last tidied
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
