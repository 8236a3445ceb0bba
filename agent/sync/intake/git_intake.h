#pragma once

#include <memory>

#include "base/mutex.h"
#include "git/store.h"
#include "sync/intake/receiver.h"

namespace greenwave::sync {

/// A store on disk, and a Receiver that fills it.
class GitIntake : public Intake {
 public:
  explicit GitIntake(IntakeParts parts);

  Arrival receive(const Question& question, const Phase& phase) override;
  CommitId poll() override UNCHECKED_LOCK;
  bool can_hold() const override { return parts_.transport.can_hold(); }
  git::Held hold(const git::Hold& hold) override;
  bool has(const CommitId& commit) const override { return store_->has(commit); }
  git::Commit about(const CommitId& commit) const override { return store_->commit(commit); }
  std::unique_ptr<SourceTree> files(const CommitId& commit) const override;
  void bring(const CommitId& commit) override UNCHECKED_LOCK;
  void keep(const std::string& name, const CommitId& commit) override { store_->keep(name, commit); }
  void tidy() override UNCHECKED_LOCK;
  void start_over(const Error& error) override;

 private:
  void begin_store_again(const Error& error) REQUIRES(receiving_);

  const IntakeParts parts_;
  std::unique_ptr<git::Store> store_;
  Mutex receiving_;
  Receiver receiver_ GUARDED_BY(receiving_);
};

}  // namespace greenwave::sync
