#include "drivers/host/file_apply.h"

#include <set>
#include <utility>

#include "drivers/host/directory_object.h"
#include "drivers/host/file_object.h"
#include "drivers/host/file_record.h"

namespace greenwave::drivers::host {

namespace {

/// Directories are made durable one by one, and no more than these are kept waiting.
constexpr std::size_t most_pending = 8192;

}  // namespace

void FileApply::add(const plan::Step& step) {
  const bool removing = step.verb == plan::Verb::remove;
  if (removing != removing_ || pending_.size() >= most_pending || (batch_ && batch_->full())) flush();
  removing_ = removing;
  if (!batch_) {
    parents_.emplace(host_);
    batch_.emplace(host_);
  }
  auto& pending = pending_.emplace_back();
  pending.step = &step;
  pending.outcome.ok = true;
  if (step.entry != nullptr) {
    pending.outcome.entry.record = step.entry->record;
    pending.outcome.entry.files = step.entry->files;
  }
  try {
    if (step.verb == plan::Verb::release) return;
    removing ? remove(step, pending) : make(step, pending);
  } catch (const Error& error) {
    fail(pending, error);
  }
}

void FileApply::make(const plan::Step& step, Pending& pending) {
  auto& entry = pending.outcome.entry;
  if (step.id.kind == "Directory") {
    auto applied =
        apply_directory(host_, owners_, step, render_.tree, distrust_, {render_, step.id}, touched_);
    entry.record = std::move(applied.record);
    entry.files = std::move(applied.files);
    if (applied.error) fail(pending, *applied.error);
    return;
  }
  pending.untouched = true;
  auto placed = place_file(*parents_, owners_, *batch_, step, render_.tree, distrust_);
  pending.staged = placed.staged;
  pending.record = std::move(placed.record);
  if (!placed.staged) {
    entry.record = std::move(pending.record);
    entry.files = {std::move(placed.signature)};
  }
}

void FileApply::remove(const plan::Step& step, Pending& pending) {
  const Others others(render_, step.id);
  pending.outcome.note = step.id.kind == "Directory"
                             ? remove_directory(host_, *step.entry, others, touched_)
                             : remove_file_object(host_, *step.entry, others, touched_);
}

void FileApply::fail(Pending& pending, const Error& error) const {
  pending.outcome.ok = false;
  pending.outcome.error = error.what();
  const auto& step = *pending.step;
  if (pending.untouched && step.entry == nullptr) {
    pending.outcome.entry.record = as_untouched(step.difference.record);
  }
}

void FileApply::settle_files() {
  auto results = batch_->commit();
  for (auto& pending : pending_) {
    if (!pending.staged) continue;
    auto& result = results[*pending.staged];
    if (result.error) {
      pending.untouched = !result.in_place;
      if (result.in_place) pending.outcome.entry.record = std::move(pending.record);
      fail(pending, *result.error);
      continue;
    }
    pending.outcome.entry.record = std::move(pending.record);
    pending.outcome.entry.files = {std::move(result.signature)};
  }
}

void FileApply::remove_former_paths() {
  std::set<std::string> placed;
  for (const auto& pending : pending_) {
    const bool file = pending.step->id.kind == "File" && pending.step->desired != nullptr;
    if (file && pending.outcome.ok) placed.insert(pending.outcome.entry.files.front().path);
  }
  for (auto& pending : pending_) {
    const auto& step = *pending.step;
    const bool file = step.id.kind == "File" && step.desired != nullptr && step.entry != nullptr;
    if (!file || !pending.outcome.ok) continue;
    const Others others(render_, step.id);
    const auto is_others = [&](const std::string& path) {
      return placed.contains(path) || others.at(path) != nullptr;
    };
    try {
      remove_former(host_, *step.entry, pending.outcome.entry.files.front().path, is_others, touched_);
    } catch (const Error& error) {
      // Both files are ours until the former one is known to be gone.
      auto& files = pending.outcome.entry.files;
      files.insert(files.end(), step.entry->files.begin(), step.entry->files.end());
      pending.untouched = false;
      fail(pending, error);
    }
  }
}

void FileApply::sync() {
  try {
    touched_.sync();
  } catch (const Error& error) {
    for (auto& pending : pending_) {
      if (!pending.staged && pending.outcome.ok) fail(pending, error);
    }
  }
}

void FileApply::flush() {
  if (pending_.empty()) return;
  sync();
  settle_files();
  remove_former_paths();
  sync();
  batch_.reset();
  parents_.reset();
  for (auto& pending : std::exchange(pending_, {})) report_(*pending.step, std::move(pending.outcome));
}

}  // namespace greenwave::drivers::host
