#include "drivers/host/directory_object.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/host/before_notes.h"
#include "drivers/host/directory_foreign.h"
#include "drivers/host/directory_layout.h"
#include "drivers/host/file_comparison.h"
#include "drivers/host/others.h"
#include "drivers/host/removal.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_diff = 64 * 1024;
constexpr std::size_t most_was = 4 * 1024;

void append(std::string& text, const std::string& more, std::size_t most) {
  static constexpr std::string_view cut = "… and more\n";
  if (text.ends_with(cut)) return;
  text += text.size() + more.size() <= most ? more : std::string(cut);
}

}  // namespace

namespace {

/// One comparison of one Directory with the device.
class DirectoryComparison {
 public:
  DirectoryComparison(FileContext& context, const plan::Desired& desired, const Entry* entry, bool succeeds)
      : context_(context),
        id_(desired.manifest.id),
        entry_(entry),
        succeeds_(succeeds),
        layout_(layout_of(context.host, context.owners, desired.manifest, context.tree())),
        known_(known_files(entry)),
        parents_(context.host, Parents::Purpose::look_at_still),
        record_(layout_.record()),
        others_(context.render, id_),
        notes_(context, parents_, desired, entry, record_) {}

  plan::Difference run() {
    compare_itself();
    for (const auto& item : layout_.items) compare_item(item);
    compare_obsolete();
    struct stat about {};
    const bool purges =
        layout_.spec.purge && parents_.look(layout_.spec.path, about) && S_ISDIR(about.st_mode);
    if (purges) compare_foreign();
    notes_.parents();
    if (layout_.missing) note_missing(*layout_.missing, layout_.spec.path, difference_);
    difference_.record = to_json(record_);
    return std::move(difference_);
  }

 private:
  using Kind = plan::Difference::Kind;

  void differs(const std::string& diff, const std::string& was) {
    if (difference_.kind == Kind::none) difference_.kind = Kind::change;
    append(difference_.diff, diff, most_diff);
    if (!was.empty()) append(difference_.was, (difference_.was.empty() ? "" : "\n") + was, most_was);
  }

  void compare_itself() {
    const auto& path = layout_.spec.path;
    exists_ = parents_.look(path, about_);
    const bool stays = exists_ && !succeeds_;
    const bool is_others = others_.at(path) != nullptr;
    record_.adopted = is_adoption(entry_, path, stays && !is_others);
    notes_.directory(path, exists_ && (stays || S_ISDIR(about_.st_mode)) ? &about_ : nullptr);
    if (!stays) {
      difference_.kind = Kind::create;
      difference_.diff = fmt::format("{}: a new directory, {}\n", path, in_words(layout_.directory));
    } else if (!S_ISDIR(about_.st_mode)) {
      throw not_a_directory(path, about_);
    } else if (const auto words = attribute_difference(layout_.directory, about_); !words.empty()) {
      difference_.kind = Kind::change;
      difference_.diff = fmt::format("{}: {}\n", path, words);
      difference_.was = in_words(attributes_of(about_));
    }
  }

  /// A file of another object leaves before, or this one has to wait.
  bool look(const std::string& path) {
    return parents_.look(path, about_) && (S_ISDIR(about_.st_mode) || others_.at(path) == nullptr);
  }

  /// Whether what is there is gone before this one is applied, with the object whose place it takes.
  bool leaves(const std::string& path) { return succeeds_ && context_.holdings.other(path, id_) != nullptr; }

  void compare_item(const TreeItem& item) {
    const auto at = layout_.path_of(item);
    const bool there = look(at) && !leaves(at);
    if (!there) record_.creates.push_back(item.name);
    if (item.type == SourceTree::Type::directory) {
      compare_inner_directory(at, there);
      return;
    }
    if (there && S_ISDIR(about_.st_mode)) {
      notes_.file(at, true, false);
      differs(fmt::format("{}: a directory makes way for a file\n", at), fmt::format("{}: a directory", at));
      return;
    }
    const auto content = item_content(context_.tree(), layout_.source_of(item));
    const Wanted wanted{at, content, layout_.attributes_of(item)};
    const auto* known = context_.options.distrust ? nullptr : signature_in(known_, at);
    const auto file = succeeds_ && !there ? compare_with_nothing(parents_, context_.readers, wanted, true)
                                          : compare(parents_, context_.readers, wanted, known, true);
    notes_.file(at, there, file.kind == Kind::none);
    if (file.kind != Kind::none) {
      differs(file.diff, file.was.empty() ? "" : fmt::format("{}: {}", at, file.was));
    }
  }

  void compare_inner_directory(const std::string& at, bool there) {
    const bool may_go = layout_.spec.purge || known_.contains(at);
    if (there && !S_ISDIR(about_.st_mode) && !may_go) throw not_a_directory(at, about_);
    notes_.directory(at, there ? &about_ : nullptr);
    if (!there) {
      differs(fmt::format("{}: a new directory\n", at), "");
    } else if (const auto words = attribute_difference(layout_.directory, about_);
               !words.empty() && !context_.claimed.has(at)) {  // else it is as another Directory says
      differs(fmt::format("{}: {}\n", at, words), fmt::format("{}: {}", at, in_words(attributes_of(about_))));
    }
  }

  /// What is no longer in the source goes back to what the device had, unless that is purged.
  void compare_obsolete() {
    const auto wanted = layout_.paths();
    for (const auto& gone : obsolete_paths(entry_, wanted)) {
      if (purges(gone) || lies_below_a_file(gone)) notes_.purge(gone);
      if (!look(gone)) continue;
      const auto was = record_.before.find(gone);
      const bool back = was != record_.before.end() && was->second.kind == Before::Kind::kept;
      differs(fmt::format("{}: {}\n", gone, back ? "gives back what was there before" : "removed"), "");
    }
    for (const auto& [path, was] : record_.before) {
      if (was.kind != Before::Kind::purged || purges(path) || lies_below_a_file(path)) continue;
      differs(fmt::format("{}: gives back what was there before\n", printable(path)), "");
    }
  }

  /// Whether nothing but the source may be at `path`.
  bool purges(const std::string& path) const {
    return layout_.spec.purge && path.starts_with(layout_.spec.path + "/");
  }

  bool lies_below_a_file(const std::string& path) const {
    return std::ranges::any_of(layout_.items, [&](const TreeItem& item) {
      return item.type != SourceTree::Type::directory && path.starts_with(layout_.path_of(item) + "/");
    });
  }

  void compare_foreign() {
    const auto& path = layout_.spec.path;
    for (const auto& name : foreign_names(parents_, path, layout_.names())) {
      differs(fmt::format("{}/{}: removed, it is not in the source\n", path, printable(name)),
              fmt::format("{}/{} was there", path, printable(name)));
    }
    // What is foreign below a directory that was ours, or in which others had something, is set aside by
    // itself.
    auto names = layout_.names();
    for (const auto& gone : obsolete_paths(entry_, layout_.paths())) {
      if (gone.size() > path.size()) names.insert(gone.substr(path.size() + 1));
    }
    if (notes_.is_first()) note_others(names);
    for (const auto& name : foreign_names(parents_, path, names)) notes_.purge(path + "/" + name);
  }

  void note_others(std::set<std::string>& names) {
    const auto& path = layout_.spec.path;
    const auto wanted = layout_.paths();
    for (const auto& other : context_.holdings.others_below(path, id_)) {
      if (wanted.contains(other)) continue;
      for (auto above = other.find('/', path.size() + 1); above != other.npos;
           above = other.find('/', above + 1)) {
        const auto directory = other.substr(0, above);
        names.insert(directory.substr(path.size() + 1));
        const bool is_new = !wanted.contains(directory) && parents_.look(directory, about_);
        if (!is_new) continue;
        notes_.directory(directory, &about_);
        const auto was = record_.before.find(directory);
        const bool aside = was != record_.before.end() && was->second.kind == Before::Kind::kept;
        if (aside) was->second.kind = Before::Kind::purged;
      }
      names.insert(other.substr(path.size() + 1));
      if (parents_.look(other, about_)) notes_.purge(other);
    }
  }

  FileContext& context_;
  const ObjectId& id_;
  const Entry* entry_;
  const bool succeeds_;
  const Layout layout_;
  const Known known_;
  Parents parents_;
  FileRecord record_;
  const Others others_;
  BeforeNotes notes_;
  plan::Difference difference_;
  struct stat about_ {};
  bool exists_ = false;
};

}  // namespace

plan::Difference compare_directory(FileContext& context, const plan::Desired& desired, const Entry* entry,
                                   bool succeeds) {
  return DirectoryComparison(context, desired, entry, succeeds).run();
}

Drift drift_of_directory(const Host& host, Owners& owners, const Entry& entry, bool distrust,
                         const std::function<bool(const std::string&)>& is_others) {
  if (auto words = owner_drift(owners, entry); !words.empty()) return {.how = std::move(words)};
  const auto record = record_from_json(entry.record);
  const auto wanted = [&](const FileSignature& file) -> std::optional<Attributes> {
    if (!file.content.is_zero()) return recorded_attributes(record, file.path);
    return is_others(file.path) ? std::nullopt : std::optional(record.attributes);
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
  Parents parents(host, Parents::Purpose::look);
  const auto foreign = foreign_names(parents, record.path, names);
  if (foreign.empty()) return drift;
  return {.how = fmt::format("{} not in the source: {}", count_of(foreign.size(), "name"),
                             printable(foreign.front()))};
}

}  // namespace greenwave::drivers::host
