#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "drivers/host/before_notes.h"
#include "drivers/host/directory_foreign.h"
#include "drivers/host/directory_layout.h"
#include "drivers/host/directory_object.h"
#include "drivers/host/file_comparison.h"
#include "drivers/host/others.h"
#include "drivers/host/removal.h"
#include "drivers/host/replacement.h"

namespace greenwave::drivers::host {

namespace {

const Entry nothing;

bool is_set_aside(Before::Kind kind) {
  return kind == Before::Kind::kept || kind == Before::Kind::purged;
}

Error is_others(const std::string& path, const ObjectId& owner, const std::string& remedy) {
  return {Fault::conflict, fmt::format("{} is {}'s", path, to_string(owner)), remedy};
}

/// One apply of one Directory.
class Work {
 public:
  Work(FileContext& context, const ObjectId& id, const Layout& layout, const Entry* entry, FileRecord& record,
       DirectorySync& touched)
      : context_(context),
        layout_(layout),
        known_(known_files(entry)),
        entry_(entry != nullptr ? *entry : nothing),
        is_settled_(entry != nullptr && !entry->intended),
        record_(record),
        parents_(context.host),
        batch_(context.host),
        removal_(context, entry_, parents_, touched),
        others_(context.render, id),
        touched_(touched) {}

  Applied run() {
    // Without the directory itself nothing below can be done.
    note_what_is_back(layout_.spec.path);
    make_directory(parents_, layout_.spec.path, layout_.directory, touched_);
    for (const auto& item : layout_.items) {
      attempt([&] { place(item); });
      if (batch_.full()) attempt([&] { commit(); });
    }
    attempt([&] { commit(); });
    attempt([&] { tidy(); });
    return result();
  }

 private:
  template <typename Do>
  void attempt(Do work) {
    try {
      work();
    } catch (const Error& error) {
      if (!error_) error_ = error;
    }
  }

  void place(const TreeItem& item) {
    const auto path = layout_.path_of(item);
    if (const auto refusal = refusal_of(parents_.host(), path)) {
      throw Error(Fault::invalid, refusal->message, refusal->remedy);
    }
    const auto attributes = layout_.attributes_of(item);
    const auto* owner = item.type == SourceTree::Type::directory ? nullptr : others_.at(path);
    if (owner != nullptr) throw is_others(path, *owner, "take it out of the source");
    clear_way(path, item.type == SourceTree::Type::directory);
    if (item.type == SourceTree::Type::directory) {
      // Where another Directory has its place, that one says what mode and owner it has.
      struct stat about {};
      note_what_is_back(path);
      const bool is_others = context_.claimed.has(path) && parents_.look(path, about);
      if (!is_others) make_directory(parents_, path, attributes, touched_);
      return;
    }
    const auto content = item_content(context_.tree(), layout_.source_of(item));
    if (auto same = as_wanted(parents_, {path, content, attributes},
                              context_.options.distrust ? nullptr : signature_in(known_, path))) {
      remove_leftover(parents_, path);
      signed_[path] = std::move(*same);
      const auto was = record_.before.find(path);
      const bool kept = was != record_.before.end() && was->second.kind == Before::Kind::kept;
      if (kept && !context_.kept.has(parents_, path)) was->second.kind = Before::Kind::same;
      return;
    }
    const bool keeps = is_to_be_set_aside(path, Before::Kind::kept);
    if (keeps && !context_.kept.link(parents_, path)) record_.before.erase(path);
    if (item.type == SourceTree::Type::link) {
      batch_.stage_link(path, content, attributes);
    } else {
      batch_.stage(path, content, attributes);
    }
  }

  /// A directory that was set aside may have been given back since it was looked at: an object that had been
  /// made in its place is gone.
  void note_what_is_back(const std::string& path) {
    const auto was = record_.before.find(path);
    const bool is_kept = was != record_.before.end() && was->second.kind == Before::Kind::kept;
    struct stat about {};
    if (!is_kept || known_.contains(path) || context_.kept.has(parents_, path)) return;
    if (parents_.look(path, about) && S_ISDIR(about.st_mode)) {
      was->second = {Before::Kind::attributes, attributes_of(about)};
    }
  }

  /// Whether the record wants that, and it has not been done yet.
  bool is_to_be_set_aside(const std::string& path, Before::Kind kind) const {
    const auto was = record_.before.find(path);
    if (was == record_.before.end() || was->second.kind != kind) return false;
    if (!is_settled_) return true;
    const auto& before = removal_.record().before;
    const auto known = before.find(path);
    return known == before.end() || !is_set_aside(known->second.kind);
  }

  /// Moves aside what the device has at `path`; false: that is not the device's, or is done already.
  bool set_aside(const std::string& path, Before::Kind kind) {
    if (!is_to_be_set_aside(path, kind)) return false;
    if (context_.kept.has(parents_, path)) return false;
    if (!context_.kept.move(parents_, path, touched_)) record_.before.erase(path);
    return true;
  }

  /// A file where the source now has a directory, or the reverse, goes first if it is ours or purged.
  void clear_way(const std::string& path, bool for_directory) {
    struct stat about {};
    if (!parents_.look(path, about) || S_ISDIR(about.st_mode) == for_directory) return;
    if (known_.contains(path)) {
      for (const auto& inner : obsolete_paths(&entry_, layout_.paths())) {
        if (!inner.starts_with(path + "/") || others_.at(inner) != nullptr) continue;
        if (!set_aside(inner, Before::Kind::purged)) removal_.clear(inner);
      }
      if (removal_.clear(path) || !layout_.spec.purge) return;
    }
    if (layout_.spec.purge) {
      const auto inner = others_.below(path);
      if (const auto* owner = inner.empty() ? nullptr : others_.at(inner.front())) {
        throw is_others(inner.front(), *owner, "put it into the source, or remove purge");
      }
      if (!set_aside(path, Before::Kind::kept)) remove_all(parents_, path, touched_);
    } else if (for_directory) {
      throw not_a_directory(path, about);
    }
  }

  void commit() {
    context_.kept.sync();
    for (auto& replaced : batch_.commit()) {
      if (replaced.error && !error_) error_ = std::move(replaced.error);
      if (replaced.in_place && !replaced.error) {
        signed_[replaced.signature.path] = std::move(replaced.signature);
      }
    }
  }

  void tidy() {
    const auto wanted = layout_.paths();
    for (const auto& path : obsolete_paths(&entry_, wanted)) {
      if (removal_.is_others(path)) continue;
      if (set_aside(path, Before::Kind::purged)) continue;
      const auto was = record_.before.find(path);
      const bool stays_aside = was != record_.before.end() && was->second.kind == Before::Kind::purged;
      stays_aside ? static_cast<void>(removal_.clear(path)) : removal_.take_back(path);
    }
    const auto planned = record_.before;
    for (auto was = planned.rbegin(); was != planned.rend(); ++was) {
      const auto& [path, before] = *was;
      if (before.kind != Before::Kind::purged) continue;
      purges(path) ? static_cast<void>(set_aside(path, Before::Kind::purged)) : removal_.take_back(path);
    }
    if (layout_.spec.purge) purge();
    if (removal_.record().path != layout_.spec.path) removal_.remove_made();
    if (!error_) forget_what_went_back(wanted);
  }

  /// What other objects have stays, and is an error.
  void purge() {
    const auto& top = layout_.spec.path;
    auto names = layout_.names();
    std::optional<Error> error;
    for (const auto& path : others_.below(top)) {
      for (auto name = path; name.size() > top.size(); name.resize(name.rfind('/'))) {
        names.insert(name.substr(top.size() + 1));
      }
      struct stat about {};
      const auto* owner = others_.at(path);
      if (error || owner == nullptr || !parents_.look(path, about)) continue;
      error = is_others(path, *owner, "put it into the source, or remove purge");
    }
    remove_foreign(parents_, top, names, touched_);
    if (error) throw *error;
  }

  /// Whether nothing but the source may be at `path`.
  bool purges(const std::string& path) const {
    return layout_.spec.purge && path.starts_with(layout_.spec.path + "/");
  }

  void forget_what_went_back(const std::set<std::string>& wanted) {
    std::erase_if(record_.before, [&](const auto& one) {
      const auto& [path, before] = one;
      if (wanted.contains(path)) return false;
      return before.kind == Before::Kind::attributes ? !purges(path) : !context_.kept.has(parents_, path);
    });
    keep_parents(context_.host, record_);
  }

  Applied result() {
    Applied applied;
    if (layout_.spec.purge) leave_tick();
    sign_directory(layout_.spec.path, applied.files);
    std::set<std::string> done{layout_.spec.path};
    for (const auto& item : layout_.items) {
      const auto path = layout_.path_of(item);
      if (item.type == SourceTree::Type::directory) {
        sign_directory(path, applied.files);
      } else if (const auto found = signed_.find(path); found != signed_.end()) {
        applied.files.push_back(found->second);
      } else {
        continue;
      }
      done.insert(path);
    }
    if (error_) {
      // What is not known to be gone or replaced is still as it was before, and ours.
      for (const auto& [path, signature] : known_) {
        if (!done.contains(path)) applied.files.push_back(*signature);
      }
    }
    applied.error = error_;
    return applied;
  }

  void sign_directory(const std::string& path, std::vector<FileSignature>& files) {
    attempt([&] {
      struct stat about {};
      if (!parents_.look(path, about) || !S_ISDIR(about.st_mode)) return;
      files.push_back(layout_.spec.purge ? signature_of(path, about, {}) : directory_signature(path, about));
    });
  }

  FileContext& context_;
  const Layout& layout_;
  Known known_;
  const Entry& entry_;  ///< as it was before
  const bool is_settled_;
  FileRecord& record_;
  Parents parents_;
  Replacements batch_;
  Removal removal_;
  const Others others_;
  DirectorySync& touched_;
  std::map<std::string, FileSignature> signed_;
  std::optional<Error> error_;
};

}  // namespace

Applied apply_directory(FileContext& context, const plan::Step& step, DirectorySync& touched) {
  Applied applied;
  try {
    const auto layout = layout_of(context.host, context.owners, step.desired->manifest, context.tree());
    if (layout.missing) throw *layout.missing;
    auto record = layout.record();
    if (step.difference.record.empty()) {
      Parents parents(context.host);
      BeforeNotes notes(context, parents, *step.desired, step.entry, record);
      notes.directory(record.path, nullptr);
      notes.parents();
    } else {
      complete(record, record_from_json(step.difference.record));
      record.deletes = step.desired->manifest.on_removal == OnRemoval::remove;
    }
    applied = Work(context, step.id, layout, step.entry, record, touched).run();
    if (!applied.error) record.creates.clear();
    applied.record = to_json(record);
  } catch (const Error& error) {
    // Nothing below the directory was touched, and the directory itself is as it was.
    applied.error = error;
    if (step.entry != nullptr) {
      applied.files = step.entry->files;
      applied.record = step.entry->record;
    } else {
      applied.record = as_untouched(step.difference.record);
    }
  }
  return applied;
}

}  // namespace greenwave::drivers::host
