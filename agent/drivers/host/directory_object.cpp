#include "drivers/host/directory_object.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "drivers/host/directory_foreign.h"
#include "drivers/host/directory_layout.h"
#include "drivers/host/file_comparison.h"
#include "drivers/host/replacement.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_diff = 64 * 1024;
constexpr std::size_t most_was = 4 * 1024;

using Known = std::map<std::string, const FileSignature*>;

Known known_files(const Entry* entry) {
  Known known;
  if (entry == nullptr) return known;
  for (const auto& file : entry->files) known.emplace(file.path, &file);
  return known;
}

const FileSignature* signature_in(const Known& known, const std::string& path) {
  const auto found = known.find(path);
  return found == known.end() ? nullptr : found->second;
}

Error not_a_directory(const std::string& path, const struct stat& about) {
  return Error(
      Fault::conflict,
      fmt::format("{} is a {}, where a directory should be", path, S_ISLNK(about.st_mode) ? "link" : "file"),
      "remove it, or choose another path");
}

void append(std::string& text, const std::string& more, std::size_t most) {
  static constexpr std::string_view cut = "… and more\n";
  if (text.ends_with(cut)) return;
  text += text.size() + more.size() <= most ? more : std::string(cut);
}

/// What an earlier apply made that the layout no longer wants, the innermost first.
std::vector<std::string> obsolete_paths(const Entry* entry, const std::set<std::string>& wanted) {
  std::set<std::string> paths;
  if (entry != nullptr) {
    for (const auto& file : entry->files) paths.insert(file.path);
    const auto record = record_from_json(entry->record);
    for (const auto& name : record.creates) paths.insert(record.path + "/" + name);
    if (!never_touched(*entry, record)) paths.insert(record.path);
  }
  std::vector<std::string> obsolete;
  for (const auto& path : paths) {
    if (!wanted.contains(path)) obsolete.push_back(path);
  }
  std::reverse(obsolete.begin(), obsolete.end());
  return obsolete;
}

std::set<std::string> wanted_paths(const Layout& layout) {
  std::set<std::string> paths{layout.spec.path};
  for (const auto& item : layout.items) paths.insert(layout.path_of(item));
  return paths;
}

/// A directory goes only when it is empty: others may have put something there.
bool remove_one(Parents& parents, const std::string& path, DirectorySync& touched) {
  struct stat about {};
  if (!parents.look(path, about)) {
    remove_leftover(parents, path);
    return true;
  }
  if (!S_ISDIR(about.st_mode)) return remove_file(parents, path, touched);
  const auto at = *parents.find(path);
  if (::unlinkat(at.directory, at.name.c_str(), AT_REMOVEDIR) != 0) {
    if (errno == ENOTEMPTY || errno == EEXIST || errno == EBUSY) return false;
    throw path_error("remove", path);
  }
  touched.add(at.directory);
  return true;
}

/// Makes the directory, or gives the one that is there its mode and owner.
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

}  // namespace

plan::Difference compare_directory(const Host& host, Owners& owners, const plan::Desired& desired,
                                   const Entry* entry, const SourceTree& tree) {
  using Kind = plan::Difference::Kind;
  const auto layout = layout_of(host, owners, desired.manifest, tree);
  const auto& path = layout.spec.path;
  const auto known = known_files(entry);
  Parents parents(host);
  plan::Difference difference;
  auto record = layout.record();

  struct stat about {};
  const bool exists = parents.look(path, about);
  record.adopted = is_adoption(entry, path, exists);
  if (!exists) {
    difference.kind = Kind::create;
    difference.diff = fmt::format("{}: a new directory, {}\n", path, in_words(layout.directory));
  } else if (!S_ISDIR(about.st_mode)) {
    throw not_a_directory(path, about);
  } else if (const auto words = attribute_difference(layout.directory, about); !words.empty()) {
    difference.kind = Kind::change;
    difference.diff = fmt::format("{}: {}\n", path, words);
    difference.was = in_words(attributes_of(about));
  }
  const auto differs = [&](const std::string& diff, const std::string& was) {
    if (difference.kind == Kind::none) difference.kind = Kind::change;
    append(difference.diff, diff, most_diff);
    if (!was.empty()) append(difference.was, (difference.was.empty() ? "" : "\n") + was, most_was);
  };

  for (const auto& item : layout.items) {
    const auto at = layout.path_of(item);
    const bool there = parents.look(at, about);
    if (!there) record.creates.push_back(item.name);
    if (item.type == SourceTree::Type::directory) {
      if (!there) {
        differs(fmt::format("{}: a new directory\n", at), "");
      } else if (const auto words = attribute_difference(layout.directory, about); !words.empty()) {
        differs(fmt::format("{}: {}\n", at, words),
                fmt::format("{}: {}", at, in_words(attributes_of(about))));
      }
      continue;
    }
    if (there && S_ISDIR(about.st_mode)) {
      differs(fmt::format("{}: a directory makes way for a file\n", at), fmt::format("{}: a directory", at));
      continue;
    }
    const auto content = tree.read(layout.source_of(item), most_content);
    const auto file = compare(parents, {at, content, layout.attributes_of(item)}, signature_in(known, at));
    if (file.kind != Kind::none) {
      differs(file.diff, file.was.empty() ? "" : fmt::format("{}: {}", at, file.was));
    }
  }
  for (const auto& gone : obsolete_paths(entry, wanted_paths(layout))) {
    if (parents.look(gone, about)) differs(fmt::format("{}: removed\n", gone), "");
  }
  if (layout.spec.purge && exists) {
    for (const auto& name : foreign_names(parents, path, layout.names())) {
      differs(fmt::format("{}/{}: removed, it is not in the source\n", path, printable(name)),
              fmt::format("{}/{} was there", path, printable(name)));
    }
  }
  difference.record = to_json(record);
  return difference;
}

std::optional<std::string> drift_of_directory(const Host& host, const Entry& entry, bool distrust,
                                              std::optional<std::vector<FileSignature>>& refreshed) {
  const auto record = record_from_json(entry.record);
  const auto wanted = [&record](const FileSignature& file) {
    return file.content.is_zero() ? record.attributes : recorded_attributes(record, file.path);
  };
  auto drifted = drift_of_files(host, entry, distrust, refreshed, wanted);
  if (drifted || !record.purge) return drifted;

  // Only where a directory's own times moved can a foreign name have come.
  bool moved = distrust;
  for (std::size_t i = 0; refreshed && i < entry.files.size(); ++i) {
    moved = moved || (entry.files[i].content.is_zero() && entry.files[i] != (*refreshed)[i]);
  }
  if (!moved) return {};
  std::set<std::string> names;
  for (const auto& file : entry.files) {
    if (file.path.size() > record.path.size()) names.insert(file.path.substr(record.path.size() + 1));
  }
  Parents parents(host);
  const auto foreign = foreign_names(parents, record.path, names);
  if (foreign.empty()) return {};
  refreshed.reset();
  return fmt::format("{} not in the source: {}", count_of(foreign.size(), "name"),
                     printable(foreign.front()));
}

namespace {

/// One apply of one Directory.
class Work {
 public:
  Work(const Host& host, const Layout& layout, const Entry* entry, const SourceTree& tree,
       DirectorySync& touched)
      : layout_(layout),
        known_(known_files(entry)),
        entry_(entry),
        tree_(tree),
        parents_(host),
        batch_(host),
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
    clear_way(path, item.type == SourceTree::Type::directory);
    if (item.type == SourceTree::Type::directory) {
      make_directory(parents_, path, attributes, touched_);
      return;
    }
    const auto content = tree_.read(layout_.source_of(item), most_content);
    if (auto same = as_wanted(parents_, {path, content, attributes}, signature_in(known_, path))) {
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
      remove_all(parents_, path, touched_);
    } else if (known_.contains(path)) {
      for (const auto& inner : obsolete_paths(entry_, wanted_paths(layout_))) {
        if (inner.starts_with(path + "/")) remove_one(parents_, inner, touched_);
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
    for (const auto& path : obsolete_paths(entry_, wanted_paths(layout_))) {
      remove_one(parents_, path, touched_);
    }
    if (layout_.spec.purge) remove_foreign(parents_, layout_.spec.path, layout_.names(), touched_);
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
  DirectorySync& touched_;
  std::map<std::string, FileSignature> signed_;
  std::optional<Error> error_;
};

}  // namespace

Applied apply_directory(const Host& host, Owners& owners, const plan::Step& step, const SourceTree& tree,
                        DirectorySync& touched) {
  auto intent = record_from_json(step.difference.record);
  Applied applied;
  try {
    const auto layout = layout_of(host, owners, step.desired->manifest, tree);
    applied = Work(host, layout, step.entry, tree, touched).run();
  } catch (const Error& error) {
    applied.error = error;
    if (step.entry != nullptr) applied.files = step.entry->files;
    intent.adopted = true;
  }
  if (!applied.error) intent.creates.clear();
  applied.record = to_json(intent);
  return applied;
}

std::string remove_directory(const Host& host, const Entry& entry, DirectorySync& touched) {
  Parents parents(host);
  std::vector<std::string> kept;
  for (const auto& path : obsolete_paths(&entry, {})) {
    if (!remove_one(parents, path, touched)) kept.push_back(path);
  }
  if (kept.empty()) return {};
  return fmt::format("kept {}, which holds what is not ours", fmt::join(kept, ", "));
}

}  // namespace greenwave::drivers::host
