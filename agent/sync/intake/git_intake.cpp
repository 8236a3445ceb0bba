#include "sync/intake/git_intake.h"

#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "git/housekeeping.h"

namespace greenwave::sync {

namespace {

Error busy() {
  return {Fault::transient, "a fetch is under way", "it is tried again when that has ended"};
}

}  // namespace

GitIntake::GitIntake(IntakeParts parts) : parts_(std::move(parts)), receiver_(parts_) {
  try {
    store_ = std::make_unique<git::Store>(parts_.config.store());
  } catch (const Error& error) {
    if (error.fault() != Fault::damaged) throw;
    start_over(error);
  }
}

Arrival GitIntake::receive(const Question& question, const Phase& phase) {
  const Lock lock(receiving_);
  return receiver_.receive(question, phase);
}

CommitId GitIntake::poll() {
  const std::unique_lock lock(receiving_, std::try_to_lock);
  if (!lock) throw busy();
  return receiver_.poll();
}

git::Held GitIntake::hold(const git::Hold& hold) {
  const Lock lock(receiving_);
  return receiver_.hold(hold);
}

void GitIntake::bring(const CommitId& commit) {
  const std::unique_lock lock(receiving_, std::try_to_lock);
  if (!lock) throw busy();
  receiver_.bring(commit);
}

std::unique_ptr<SourceTree> GitIntake::files(const CommitId& commit) const {
  return store_->tree(commit, parts_.config.repository.path);
}

/// Each fetch makes a pack. To keep them few and small, drops what no kept commit needs.
void GitIntake::tidy() {
  const std::unique_lock lock(receiving_, std::try_to_lock);
  if (!lock || !receiver_.take_fetched()) return;
  receiver_.close_store(false);
  try {
    git::tidy(*store_, [this] {
      parts_.heartbeat();
      return !parts_.give_up;
    });
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) return begin_store_again(error);
    if (!parts_.give_up) parts_.log.warning(error.what());
  }
}

void GitIntake::start_over(const Error& error) {
  parts_.give_up = true;
  const Lock lock(receiving_);
  parts_.give_up = false;
  if (parts_.stop) parts_.give_up = true;  // it sets `stop` first
  begin_store_again(error);
}

void GitIntake::begin_store_again(const Error& error) {
  parts_.log.warning(fmt::format("{}; the git store is set aside and fetched again", error.what()));
  store_.reset();
  receiver_.close_store(true);
  git::Store::set_aside(parts_.config.store());
  store_ = std::make_unique<git::Store>(parts_.config.store());
}

}  // namespace greenwave::sync
