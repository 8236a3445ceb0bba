#include "drivers/host/file_object.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "drivers/host/file_comparison.h"
#include "drivers/host/file_record.h"
#include "drivers/host/file_spec.h"

namespace greenwave::drivers::host {

namespace {

/// A manifest that passed footprint() has no problems any more.
FileSpec spec_of(const Host& host, const Manifest& manifest) {
  Problems problems;
  auto spec = read_file_spec(host, manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  return spec;
}

const FileSignature* signature_at(const Entry* entry, const std::string& path) {
  if (entry == nullptr) return nullptr;
  const auto found = std::find_if(entry->files.begin(), entry->files.end(),
                                  [&path](const FileSignature& file) { return file.path == path; });
  return found == entry->files.end() ? nullptr : &*found;
}

std::set<std::string> paths_of(const Entry& entry) {
  const auto record = record_from_json(entry.record);
  std::set<std::string> paths;
  for (const auto& file : entry.files) paths.insert(file.path);
  if (!never_touched(entry, record)) paths.insert(record.path);
  return paths;
}

}  // namespace

plan::Difference compare_file(Parents& parents, Owners& owners, const plan::Desired& desired,
                              const Entry* entry, const SourceTree& tree, const LookOptions& options,
                              const Others& others, bool succeeds) {
  const auto spec = spec_of(parents.host(), desired.manifest);
  const auto content = content_of(spec, desired.manifest, tree);
  FileRecord record;
  record.path = spec.path;
  const auto expected = owners.expected(S_IFREG, spec.mode, spec.owner, spec.group);
  record.attributes = expected.attributes;
  record.sensitive = spec.sensitive;
  const bool was_secret = entry != nullptr && record_from_json(entry->record).sensitive;
  const Wanted wanted{spec.path, content, record.attributes, spec.sensitive || was_secret};
  const auto* known = options.distrust ? nullptr : signature_at(entry, spec.path);
  auto difference = succeeds ? compare_with_nothing(wanted, options.describe)
                             : compare(parents, wanted, known, options.describe);
  const bool exists = difference.kind != plan::Difference::Kind::create && others.at(spec.path) == nullptr;
  record.adopted = is_adoption(entry, spec.path, exists);
  if (expected.missing) note_missing(*expected.missing, spec.path, difference);
  if (entry != nullptr) {
    for (const auto& path : paths_of(*entry)) {
      if (path == spec.path) continue;
      difference.diff += fmt::format("{}: moved to {}\n", path, spec.path);
      if (difference.kind == plan::Difference::Kind::none) difference.kind = plan::Difference::Kind::change;
    }
  }
  difference.record = to_json(record);
  return difference;
}

Drift drift_of_file(const Host& host, const Entry& entry, bool distrust) {
  return drift_of_files(host, entry, distrust,
                        [&entry](const FileSignature&) { return record_from_json(entry.record).attributes; });
}

Placed place_file(Parents& parents, Owners& owners, Replacements& batch, const plan::Step& step,
                  const SourceTree& tree, bool distrust) {
  const auto& manifest = step.desired->manifest;
  const auto spec = spec_of(parents.host(), manifest);
  const auto attributes = owners.attributes(S_IFREG, spec.mode, spec.owner, spec.group);
  const auto content = content_of(spec, manifest, tree);
  FileRecord record;
  record.path = spec.path;
  record.attributes = attributes;
  record.sensitive = spec.sensitive;
  complete(record, step.difference.record);
  if (step.difference.kind != plan::Difference::Kind::create) {
    const Wanted wanted{spec.path, content, attributes, spec.sensitive};
    const auto* known = distrust ? nullptr : signature_at(step.entry, spec.path);
    if (auto same = as_wanted(parents, wanted, known)) {
      remove_leftover(parents, spec.path);
      return {to_json(record), {}, std::move(*same)};
    }
  }
  return {to_json(record), batch.stage(spec.path, content, attributes), {}};
}

std::string remove_file_object(const Host& host, const Entry& entry, const Others& others,
                               DirectorySync& touched) {
  Parents parents(host);
  std::string kept;
  Left left;
  for (const auto& path : paths_of(entry)) {
    struct stat about {};
    if (left.is_left(others, path)) continue;
    if (parents.look(path, about) && S_ISDIR(about.st_mode)) {
      kept += fmt::format("{}kept {}, which is a directory now", kept.empty() ? "" : ", ", path);
      continue;
    }
    remove_file(parents, path, touched);
  }
  return kept.empty() ? left.in_words() : kept;
}

void remove_former(const Host& host, const Entry& entry, const std::string& path,
                   const std::function<bool(const std::string&)>& is_others, DirectorySync& touched) {
  Parents parents(host);
  for (const auto& former : paths_of(entry)) {
    struct stat about {};
    const bool ours = former != path && !is_others(former);
    if (ours && parents.look(former, about) && !S_ISDIR(about.st_mode)) remove_file(parents, former, touched);
  }
}

}  // namespace greenwave::drivers::host
