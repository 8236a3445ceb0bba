#include <cerrno>
#include <map>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "drivers/host/directory_foreign.h"
#include "drivers/host/directory_layout.h"
#include "drivers/host/directory_object.h"
#include "drivers/host/file_comparison.h"
#include "drivers/host/replacement.h"

namespace greenwave::drivers::host {

namespace {

/// A directory goes only when it is empty: others may have put something there.
bool remove_one(Parents& parents, const std::string& path, DirectorySync& touched) {
  struct stat about {};
  if (!parents.look(path, about)) {
    remove_leftover(parents, path);
    return true;
  }
  if (!S_ISDIR(about.st_mode)) {
    remove_file(parents, path, touched);
    return true;
  }
  const auto at = *parents.find(path);
  if (::unlinkat(at.directory, at.name.c_str(), AT_REMOVEDIR) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY) return false;
    throw path_error("remove", path);
  }
  touched.add(at.directory);
  return true;
}

/// Makes the directory, or sets the mode and owner of the one that is there.
void make_directory(Parents& parents, const std::string& path, const Attributes& wanted,
                    DirectorySync& touched) {
  const auto at = parents.make(path);
  const bool fresh = ::mkdirat(at.directory, at.name.c_str(), 0700) == 0;
  if (!fresh && errno != EEXIST) throw path_error("make the directory", path);
  if (fresh) touched.add(at.directory);
  struct stat about {};
  const Fd fd(::openat(at.directory, at.name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd || ::fstat(fd.get(), &about) != 0) {
    if (errno == ENOTDIR && parents.look(path, about)) throw not_a_directory(path, about);
    throw path_error("open the directory", path);
  }
  if (attribute_difference(wanted, about).empty()) return;
  const uid_t uid = wanted.uid.value_or(about.st_uid);
  const gid_t gid = wanted.gid.value_or(about.st_gid);
  if ((uid != about.st_uid || gid != about.st_gid) && ::fchown(fd.get(), uid, gid) != 0) {
    throw path_error("set the owner of", path);
  }
  if (::fchmod(fd.get(), wanted.mode) != 0) throw path_error("set the mode of", path);
  touched.add(fd.get());
}

Error is_others(const std::string& path, const ObjectId& owner, const std::string& remedy) {
  return {Fault::conflict, fmt::format("{} is {}'s", path, to_string(owner)), remedy};
}

/// One apply of one Directory.
class Work {
 public:
  Work(const Host& host, const Layout& layout, const Entry* entry, const SourceTree& tree, bool distrust,
       const Others& others, DirectorySync& touched)
      : layout_(layout),
        known_(known_files(entry)),
        entry_(entry),
        tree_(tree),
        parents_(host),
        batch_(host),
        distrust_(distrust),
        others_(others),
        touched_(touched) {}

  Applied run() {
    // Without the directory itself nothing below can be done.
    make_directory(parents_, layout_.spec.path, layout_.directory, touched_);
    for (const auto& item : layout_.items) {
      attempt([&] { place(item); });
      if (batch_.full()) commit();
    }
    commit();
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
      make_directory(parents_, path, attributes, touched_);
      return;
    }
    const auto content = tree_.read(layout_.source_of(item), most_content);
    if (auto same = as_wanted(parents_, {path, content, attributes},
                              distrust_ ? nullptr : signature_in(known_, path))) {
      remove_leftover(parents_, path);
      signed_[path] = std::move(*same);
    } else if (item.type == SourceTree::Type::link) {
      batch_.stage_link(path, content, attributes);
    } else {
      batch_.stage(path, content, attributes);
    }
  }

  /// A file where the source now has a directory, or the reverse, goes first if it is ours or purged.
  void clear_way(const std::string& path, bool for_directory) {
    struct stat about {};
    if (!parents_.look(path, about) || S_ISDIR(about.st_mode) == for_directory) return;
    if (layout_.spec.purge) {
      const auto inner = others_.below(path);
      if (const auto* owner = inner.empty() ? nullptr : others_.at(inner.front())) {
        throw is_others(inner.front(), *owner, "put it into the source, or remove purge");
      }
      remove_all(parents_, path, touched_);
    } else if (known_.contains(path)) {
      for (const auto& inner : obsolete_paths(entry_, layout_.paths())) {
        const bool goes = inner.starts_with(path + "/") && others_.at(inner) == nullptr;
        if (goes) remove_one(parents_, inner, touched_);
      }
      remove_one(parents_, path, touched_);
    } else if (for_directory) {
      throw not_a_directory(path, about);
    }
  }

  void commit() {
    for (auto& replaced : batch_.commit()) {
      if (replaced.error && !error_) error_ = std::move(replaced.error);
      if (replaced.in_place && !replaced.error) {
        signed_[replaced.signature.path] = std::move(replaced.signature);
      }
    }
  }

  void tidy() {
    for (const auto& path : obsolete_paths(entry_, layout_.paths())) {
      if (others_.at(path) == nullptr) remove_one(parents_, path, touched_);
    }
    if (layout_.spec.purge) purge();
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

  const Layout& layout_;
  Known known_;
  const Entry* entry_;
  const SourceTree& tree_;
  Parents parents_;
  Replacements batch_;
  bool distrust_;
  const Others& others_;
  DirectorySync& touched_;
  std::map<std::string, FileSignature> signed_;
  std::optional<Error> error_;
};

}  // namespace

Applied apply_directory(const Host& host, Owners& owners, const plan::Step& step, const SourceTree& tree,
                        bool distrust, const Others& others, DirectorySync& touched) {
  Applied applied;
  try {
    const auto layout = layout_of(host, owners, step.desired->manifest, tree);
    if (layout.missing) throw *layout.missing;
    auto record = layout.record();
    complete(record, step.difference.record);
    applied = Work(host, layout, step.entry, tree, distrust, others, touched).run();
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

std::string remove_directory(const Host& host, const Entry& entry, const Others& others,
                             DirectorySync& touched) {
  Parents parents(host);
  std::vector<std::string> kept;
  Left left;
  for (const auto& path : obsolete_paths(&entry, {})) {
    if (left.is_left(others, path)) continue;
    if (!remove_one(parents, path, touched)) kept.push_back(path);
  }
  if (kept.empty()) return left.in_words();
  return fmt::format("kept {}, which holds what is not ours", fmt::join(kept, ", "));
}

}  // namespace greenwave::drivers::host
