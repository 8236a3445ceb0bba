#include "drivers/host/file_object.h"

#include <algorithm>

#include <fmt/format.h>

#include "drivers/host/before_notes.h"
#include "drivers/host/file_comparison.h"
#include "drivers/host/file_record.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/others.h"
#include "drivers/host/removal.h"

namespace greenwave::drivers::host {

namespace {

/// A manifest that passed footprint() has no problems any more.
FileSpec spec_of(const Host& host, const Manifest& manifest) {
  Problems problems;
  auto spec = read_file_spec(host, manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  return spec;
}

void note_before(FileContext& context, Parents& parents, const plan::Desired& desired, const Entry* entry,
                 FileRecord& record, plan::Difference::Kind kind) {
  using Kind = plan::Difference::Kind;
  BeforeNotes notes(context, parents, desired, entry, record);
  notes.file(record.path, kind != Kind::create, kind == Kind::none);
  notes.parents();
}

FileRecord record_of(const FileSpec& spec, const Attributes& attributes) {
  FileRecord record;
  record.path = spec.path;
  record.attributes = attributes;
  note_owner(record, spec.owner, spec.group);
  record.sensitive = spec.sensitive;
  record.reload_systemd = spec.reload_systemd;
  return record;
}

/// Empty where compare could not look.
FileRecord as_compared(FileContext& context, const plan::Step& step) {
  auto known = context.intents.extract(step.desired);
  return known.empty() ? record_from_json(step.difference.record) : std::move(known.mapped());
}

/// Without what only the former paths of a file that moved needed.
void forget_former(const Host& host, FileRecord& record) {
  std::erase_if(record.before, [&](const auto& was) { return was.first != record.path; });
  keep_parents(host, record);
}

}  // namespace

const FileSignature* signature_at(const Entry* entry, const std::string& path) {
  if (entry == nullptr) return nullptr;
  const auto found = std::ranges::find(entry->files, path, &FileSignature::path);
  return found == entry->files.end() ? nullptr : &*found;
}

plan::Difference compare_file(FileContext& context, Parents& parents, const plan::Desired& desired,
                              const Entry* entry, bool succeeds) {
  const auto& options = context.options;
  const auto spec = spec_of(parents.host(), desired.manifest);
  const auto content = content_of(spec, desired.manifest, context.tree());
  const auto expected = context.owners.expected(S_IFREG, spec.mode, spec.owner, spec.group);
  auto record = record_of(spec, expected.attributes);
  const bool was_secret = entry != nullptr && record_from_json(entry->record).sensitive;
  const Wanted wanted{spec.path, content, record.attributes, spec.sensitive || was_secret};
  const auto* known = options.distrust ? nullptr : signature_at(entry, spec.path);
  auto difference = succeeds ? compare_with_nothing(parents, context.readers, wanted, options.describe)
                             : compare(parents, context.readers, wanted, known, options.describe);
  const bool is_others = Others(context.render, desired.manifest.id).at(spec.path) != nullptr;
  const bool exists = difference.kind != plan::Difference::Kind::create && !is_others;
  record.adopted = is_adoption(entry, spec.path, exists);
  note_before(context, parents, desired, entry, record, difference.kind);
  if (expected.missing) note_missing(*expected.missing, spec.path, difference);
  if (entry != nullptr) {
    for (const auto& path : paths_of(*entry, record_from_json(entry->record))) {
      if (path == spec.path) continue;
      difference.diff += fmt::format("{}: moved to {}\n", path, spec.path);
      if (difference.kind == plan::Difference::Kind::none) difference.kind = plan::Difference::Kind::change;
    }
  }
  difference.record = to_json(record);
  context.intents.insert_or_assign(&desired, std::move(record));
  return difference;
}

Drift drift_of_file(const Host& host, Owners& owners, const Entry& entry, bool distrust) {
  if (auto words = owner_drift(owners, entry); !words.empty()) return {.how = std::move(words)};
  return drift_of_files(host, entry, distrust,
                        [&entry](const FileSignature&) { return record_from_json(entry.record).attributes; });
}

Placed place_file(FileContext& context, Parents& parents, Replacements& batch, const plan::Step& step) {
  const auto& manifest = step.desired->manifest;
  const auto spec = spec_of(parents.host(), manifest);
  const auto content = content_of(spec, manifest, context.tree());
  auto record = record_of(spec, context.owners.attributes(S_IFREG, spec.mode, spec.owner, spec.group));
  record.deletes = manifest.on_removal == OnRemoval::remove;
  const auto compared = as_compared(context, step);
  if (step.difference.record.empty()) {
    note_before(context, parents, *step.desired, step.entry, record, step.difference.kind);
  } else {
    complete(record, compared);
  }
  forget_former(context.host, record);
  const auto text = [&] { return record == compared ? step.difference.record : to_json(record); };
  const auto was = record.before.find(spec.path);
  const bool keeps = was != record.before.end() && was->second.kind == Before::Kind::kept;
  if (step.difference.kind != plan::Difference::Kind::create) {
    const Wanted wanted{spec.path, content, record.attributes, spec.sensitive};
    const auto* known = context.options.distrust ? nullptr : signature_at(step.entry, spec.path);
    if (auto same = as_wanted(parents, wanted, known)) {
      remove_leftover(parents, spec.path);
      if (keeps && !context.kept.has(parents, spec.path)) was->second.kind = Before::Kind::same;
      return {text(), {}, std::move(*same)};
    }
  }
  const bool sets_aside = keeps && is_to_be_set_aside(step.entry, spec.path);
  if (sets_aside && !context.kept.link(parents, spec.path)) record.before.erase(was);
  const auto staged = batch.stage(spec.path, content, record.attributes);
  return {text(), staged, {}};
}

void remove_former(FileContext& context, const Entry& entry, const std::string& path,
                   DirectorySync& touched) {
  Parents parents(context.host);
  Removal removal(context, entry, parents, touched);
  bool moved = false;
  for (const auto& former : paths_of(entry, removal.record())) {
    if (former == path) continue;
    moved = true;
    struct stat about {};
    if (!parents.look(former, about) || !S_ISDIR(about.st_mode)) removal.take_back(former);
  }
  if (moved) removal.remove_made();
}

}  // namespace greenwave::drivers::host
