#include "drivers/host/file_apply.h"

#include <utility>

#include "drivers/host/directory_layout.h"
#include "drivers/host/directory_object.h"
#include "drivers/host/file_object.h"
#include "drivers/host/file_record.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/removal.h"
#include "systemd/unit_paths.h"

namespace greenwave::drivers::host {

namespace {

/// Directories are made durable one by one, and no more than these are kept waiting.
constexpr std::size_t most_pending = 8192;

/// Whether systemd is to read its files again after this step, in which something of the object may change.
bool concerns_systemd(const Host& host, const plan::Step& step) {
  // Who put there what is adopted may not have told systemd.
  const bool may_change = step.verb == plan::Verb::remove || step.verb == plan::Verb::adopt ||
                          step.difference.kind != plan::Difference::Kind::none;
  if (!may_change) return false;
  if (step.entry != nullptr) {
    const auto record = record_from_json(step.entry->record);
    if (record.reload_systemd || systemd::is_read_at_reload(record.path)) return true;
  }
  if (step.desired == nullptr) return false;
  Problems problems;
  const auto& manifest = step.desired->manifest;
  return step.id.kind == "Directory" ? read_directory_spec(host, manifest, problems).reload_systemd
                                     : read_file_spec(host, manifest, problems).reload_systemd;
}

}  // namespace

void FileApply::add(const plan::Step& step) {
  const bool removing = step.verb == plan::Verb::remove;
  if (removing != removing_ || pending_.size() >= most_pending || (batch_ && batch_->full())) flush();
  removing_ = removing;
  if (!batch_) {
    parents_.emplace(context_.host);
    batch_.emplace(context_.host);
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
    if (context_.debt != nullptr && concerns_systemd(context_.host, step)) context_.debt->owe();
    removing ? remove(step, pending) : make(step, pending);
  } catch (const Error& error) {
    fail(pending, error);
  }
}

void FileApply::make(const plan::Step& step, Pending& pending) {
  auto& entry = pending.outcome.entry;
  if (step.id.kind == "Directory") {
    auto applied = apply_directory(context_, step, touched_);
    context_.holdings.note_applied(step.id);
    const auto known = known_files(step.entry);
    for (const auto& file : applied.files) {
      if (!known.contains(file.path)) context_.holdings.place(file.path, step.id);
    }
    entry.record = std::move(applied.record);
    entry.files = std::move(applied.files);
    if (applied.error) fail(pending, *applied.error);
    return;
  }
  pending.untouched = true;
  auto placed = place_file(context_, *parents_, *batch_, step);
  pending.staged = placed.staged;
  pending.record = std::move(placed.record);
  const auto path = step.desired->footprint.claims.front().substr(plan::path_claim.size());
  if (signature_at(step.entry, path) == nullptr) context_.holdings.place(path, step.id);
  if (!placed.staged) {
    entry.record = std::move(pending.record);
    entry.files = {std::move(placed.signature)};
  }
}

void FileApply::remove(const plan::Step& step, Pending& pending) {
  Removal removal(context_, *step.entry, *parents_, touched_);
  removal.all();
  pending.outcome.note = removal.note();
}

void FileApply::fail(Pending& pending, const Error& error) const {
  pending.outcome.fail(error);
  const auto& step = *pending.step;
  const auto& intent = step.difference.record;
  if (step.id.kind == "Directory" || step.desired == nullptr || intent.empty()) return;
  // It knows of everything that may have been set aside.
  const bool is_untouched = pending.untouched && step.entry == nullptr;
  pending.outcome.entry.record = is_untouched ? as_untouched(intent) : intent;
}

void FileApply::settle_files() {
  try {
    // What was there must be safe before anything takes its place.
    context_.kept.sync();
  } catch (const Error& error) {
    batch_.reset();
    fail_all(error, true);
    return;
  }
  auto results = batch_->commit();
  for (auto& pending : pending_) {
    if (!pending.staged) continue;
    auto& result = results[*pending.staged];
    if (result.error) {
      pending.untouched = !result.in_place;
      fail(pending, *result.error);
      continue;
    }
    pending.outcome.entry.record = std::move(pending.record);
    pending.outcome.entry.files = {std::move(result.signature)};
  }
}

void FileApply::fail_all(const Error& error, bool staged) {
  for (auto& pending : pending_) {
    if (pending.staged.has_value() == staged && pending.outcome.ok) fail(pending, error);
  }
}

void FileApply::remove_former_paths() {
  for (auto& pending : pending_) {
    const auto& step = *pending.step;
    const bool file = step.id.kind == "File" && step.desired != nullptr && step.entry != nullptr;
    if (!file || !pending.outcome.ok) continue;
    try {
      remove_former(context_, *step.entry, pending.outcome.entry.files.front().path, touched_);
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
    context_.kept.sync();
    touched_.sync();
  } catch (const Error& error) {
    fail_all(error, false);
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
