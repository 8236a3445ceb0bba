#include "git/bundle.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/commit_object.h"
#include "git/pack_files.h"
#include "git/ref_name.h"
#include "git/store_landing.h"

namespace greenwave::git {

namespace {

constexpr std::size_t most_refs = 10;

}  // namespace

Bundle::Bundle(std::shared_ptr<const BundleFile> file, std::unique_ptr<BundleReader> reader,
               const config::Repository& repository, const std::atomic<bool>& stop, const FetchLimits& limits)
    : file_(std::move(file)),
      reader_(std::move(reader)),
      ref_(full_ref_name(repository.branch)),
      path_(repository.path),
      stop_(stop),
      limits_(limits) {
  follow({ref_});
  try {
    header_ = reader_->header();
  } catch (Error& error) {
    throw error.during("reading " + file_->name);
  }
}

Bundle::Bundle(const std::shared_ptr<const BundleFile>& file, const config::Repository& repository,
               const std::atomic<bool>& stop, const FetchLimits& limits)
    : Bundle(file, read_here(*file, stop), repository, stop, limits) {}

void Bundle::show_in(FetchProgress& progress) {
  Transport::show_in(progress);
  reader_->show_in(&progress);
}

CommitId Bundle::poll() {
  for (const auto& wanted : refs_) {
    for (const auto& [name, commit] : header_.refs) {
      if (name != wanted) continue;
      found_ = name;
      return commit;
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, commit] : header_.refs) {
    if (names.size() < most_refs) names.push_back(printable(name));
  }
  throw Error(Fault::invalid,
              fmt::format("{} has no {}, only: {}", file_->name, ref_,
                          names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "))),
              fmt::format("create it with: git bundle create FILE {}", ref_));
}

void Bundle::fetch(const CommitId& commit, Store& store, const Visit& visit) {
  if (is_there(commit, store, visit)) return;
  const ShownFetch shown(progress_);
  shown.begin(commit);
  unpack(store);
  if (is_there(commit, store, visit)) return;
  const auto* what = store.has(commit) ? "all files of commit" : "commit";
  throw Error(Fault::invalid, fmt::format("{} does not hold {} {}", file_->name, what, commit.text()),
              fmt::format("create one without prerequisites: git bundle create FILE {}", ref_));
}

void Bundle::unpack(Store& store) {
  require_prerequisites(store);
  const auto objects = store.directory() / "objects";
  const auto known = list_object_files(objects);
  try {
    StoreLanding into(store, stop_, limits_, progress_);
    reader_->unpack(into.landing());
    sync_other_packs(objects, known);
  } catch (Error& error) {
    throw error.during("reading " + file_->name);
  }
}

void Bundle::fetch_history(const CommitId&, Store&, std::size_t) {}

void Bundle::fetch_trees(const Missing& names, Store& store) {
  unpack(store);
  if (std::ranges::all_of(names, [&](const auto& name) { return store.has(CommitId(name)); })) return;
  throw Error(
      Fault::invalid,
      fmt::format("{} lacks directories of earlier commits, which show who approved what", file_->name),
      fmt::format("create one with everything: git bundle create FILE {}", ref_));
}

std::optional<std::string> Bundle::fetch_tag(const std::string& ref, Store& store) {
  const auto found = std::ranges::find(header_.refs, ref, &std::pair<std::string, CommitId>::first);
  if (found == header_.refs.end()) return {};
  if (!store.has(found->second)) unpack(store);
  return read_tag_object(store, found->second);
}

bool Bundle::is_there(const CommitId& commit, const Store& store, const Visit& visit) const {
  if (!store.has(commit)) return false;
  if (!visit) return true;
  Missing missing;
  const auto tree = store.partial_tree(commit, path_, missing);
  try {
    visit(*tree);
  } catch (const Error&) {
    // The render that follows reports errors in the files themselves.
  }
  return missing.empty();
}

void Bundle::require_prerequisites(const Store& store) const {
  for (const auto& commit : header_.prerequisites) {
    if (store.has(commit)) continue;
    throw Error(
        Fault::invalid,
        fmt::format("{} requires commit {}, which this device does not have", file_->name, commit.text()),
        fmt::format("create one without prerequisites: git bundle create FILE {}", ref_));
  }
}

}  // namespace greenwave::git
