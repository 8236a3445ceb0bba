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

}  // namespace

plan::Difference compare_directory(const Host& host, Owners& owners, const plan::Desired& desired,
                                   const Entry* entry, const SourceTree& tree, bool distrust) {
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
      const bool may_go = layout.spec.purge || known.contains(at);
      if (there && !S_ISDIR(about.st_mode) && !may_go) throw not_a_directory(at, about);
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
    const auto file = compare(parents, {at, content, layout.attributes_of(item)},
                              distrust ? nullptr : signature_in(known, at), true);
    if (file.kind != Kind::none) {
      differs(file.diff, file.was.empty() ? "" : fmt::format("{}: {}", at, file.was));
    }
  }
  for (const auto& gone : obsolete_paths(entry, layout.paths())) {
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
