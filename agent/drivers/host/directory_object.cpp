#include "drivers/host/directory_object.h"

#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/host/directory_foreign.h"
#include "drivers/host/directory_layout.h"
#include "drivers/host/file_comparison.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_diff = 64 * 1024;
constexpr std::size_t most_was = 4 * 1024;

void append(std::string& text, const std::string& more, std::size_t most) {
  static constexpr std::string_view cut = "… and more\n";
  if (text.ends_with(cut)) return;
  text += text.size() + more.size() <= most ? more : std::string(cut);
}

/// A comparison of one directory with what it is to be. Everything that it refers to outlives it.
class Comparing {
 public:
  using Kind = plan::Difference::Kind;

  Comparing(const Layout& layout, const Host& host, const Entry* entry, const SourceTree& tree, bool distrust,
            const Others& others, bool succeeds)
      : layout_(layout),
        tree_(tree),
        entry_(entry),
        known_(known_files(entry)),
        distrust_(distrust),
        others_(others),
        succeeds_(succeeds),
        parents_(host),
        record_(layout.record()) {}

  plan::Difference difference() {
    const bool exists = compare_itself();
    for (const auto& item : layout_.items) {
      struct stat about {};
      const bool there = look(layout_.path_of(item), about);
      if (!there) record_.creates.push_back(item.name);
      const bool wants_directory = item.type == SourceTree::Type::directory;
      wants_directory ? compare_directory_in(item, there, about) : compare_file_in(item, there, about);
    }
    find_obsolete();
    if (layout_.spec.purge && exists) find_foreign();
    if (layout_.missing) note_missing(*layout_.missing, layout_.spec.path, difference_);
    difference_.record = to_json(record_);
    return std::move(difference_);
  }

 private:
  bool look(const std::string& path, struct stat& about) {
    return !succeeds_ && parents_.look(path, about);
  }

  void differs(const std::string& diff, const std::string& was) {
    if (difference_.kind == Kind::none) difference_.kind = Kind::change;
    append(difference_.diff, diff, most_diff);
    if (!was.empty()) append(difference_.was, (difference_.was.empty() ? "" : "\n") + was, most_was);
  }

  /// Whether it exists.
  bool compare_itself() {
    const auto& path = layout_.spec.path;
    struct stat about {};
    const bool exists = look(path, about);
    record_.adopted = is_adoption(entry_, path, exists && others_.at(path) == nullptr);
    if (!exists) {
      difference_.kind = Kind::create;
      difference_.diff = fmt::format("{}: a new directory, {}\n", path, in_words(layout_.directory));
    } else if (!S_ISDIR(about.st_mode)) {
      throw not_a_directory(path, about);
    } else if (const auto words = attribute_difference(layout_.directory, about); !words.empty()) {
      differs(fmt::format("{}: {}\n", path, words), in_words(attributes_of(about)));
    }
    return exists;
  }

  void compare_directory_in(const TreeItem& item, bool there, const struct stat& about) {
    const auto at = layout_.path_of(item);
    const bool may_go = layout_.spec.purge || known_.contains(at);
    if (there && !S_ISDIR(about.st_mode) && !may_go) throw not_a_directory(at, about);
    if (!there) {
      differs(fmt::format("{}: a new directory\n", at), "");
    } else if (const auto words = attribute_difference(layout_.directory, about); !words.empty()) {
      differs(fmt::format("{}: {}\n", at, words), fmt::format("{}: {}", at, in_words(attributes_of(about))));
    }
  }

  void compare_file_in(const TreeItem& item, bool there, const struct stat& about) {
    const auto at = layout_.path_of(item);
    if (there && S_ISDIR(about.st_mode)) {
      return differs(fmt::format("{}: a directory makes way for a file\n", at),
                     fmt::format("{}: a directory", at));
    }
    const auto content = tree_.read(layout_.source_of(item), most_content);
    const Wanted wanted{at, content, layout_.attributes_of(item)};
    const auto* known = distrust_ ? nullptr : signature_in(known_, at);
    const auto file = succeeds_ ? compare_with_nothing(wanted, true) : compare(parents_, wanted, known, true);
    if (file.kind == Kind::none) return;
    differs(file.diff, file.was.empty() ? "" : fmt::format("{}: {}", at, file.was));
  }

  void find_obsolete() {
    struct stat about {};
    for (const auto& gone : obsolete_paths(entry_, layout_.paths())) {
      if (parents_.look(gone, about)) differs(fmt::format("{}: removed\n", gone), "");
    }
  }

  void find_foreign() {
    const auto& path = layout_.spec.path;
    for (const auto& name : foreign_names(parents_, path, layout_.names())) {
      differs(fmt::format("{}/{}: removed, it is not in the source\n", path, printable(name)),
              fmt::format("{}/{} was there", path, printable(name)));
    }
  }

  const Layout& layout_;
  const SourceTree& tree_;
  const Entry* entry_;
  const Known known_;
  const bool distrust_;
  const Others& others_;
  const bool succeeds_;
  Parents parents_;
  FileRecord record_;
  plan::Difference difference_;
};

}  // namespace

plan::Difference compare_directory(const Host& host, Owners& owners, const plan::Desired& desired,
                                   const Entry* entry, const SourceTree& tree, bool distrust,
                                   const Others& others, bool succeeds) {
  const auto layout = layout_of(host, owners, desired.manifest, tree);
  return Comparing(layout, host, entry, tree, distrust, others, succeeds).difference();
}

Drift drift_of_directory(const Host& host, const Entry& entry, bool distrust) {
  const auto record = record_from_json(entry.record);
  const auto wanted = [&record](const FileSignature& file) {
    return file.content.is_zero() ? record.attributes : recorded_attributes(record, file.path);
  };
  auto drift = drift_of_files(host, entry, distrust, wanted);
  if (drift.how || !record.purge) return drift;

  // Only where a directory's own times moved can a foreign name have come.
  bool moved = distrust;
  for (std::size_t i = 0; drift.refreshed && i < entry.files.size(); ++i) {
    moved = moved || (entry.files[i].content.is_zero() && entry.files[i] != (*drift.refreshed)[i]);
  }
  if (!moved) return drift;
  std::set<std::string> names;
  for (const auto& file : entry.files) {
    if (file.path.size() > record.path.size()) names.insert(file.path.substr(record.path.size() + 1));
  }
  Parents parents(host);
  const auto foreign = foreign_names(parents, record.path, names);
  if (foreign.empty()) return drift;
  return {.how = fmt::format("{} not in the source: {}", count_of(foreign.size(), "name"),
                             printable(foreign.front()))};
}

}  // namespace greenwave::drivers::host
