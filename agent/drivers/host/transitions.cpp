#include "drivers/host/transitions.h"

#include <algorithm>

#include "base/contains.h"
#include "base/error.h"
#include "drivers/host/check_spec.h"
#include "drivers/host/command_spec.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/unit_spec.h"
#include "model/paths.h"
#include "systemd/unit_name.h"

namespace greenwave::drivers::host {

namespace {

using Kind = plan::Difference::Kind;

const Host anywhere{.root = "/", .allowed_paths = {"/"}};

FileSpec file_of(const Declared& one) {
  Problems problems;
  return read_file_spec(anywhere, one.manifest, problems);
}

DirectorySpec directory_of(const Declared& one) {
  Problems problems;
  return read_directory_spec(anywhere, one.manifest, problems);
}

UnitSpec unit_of(const Declared& one) {
  Problems problems;
  return read_unit_spec(one.manifest, problems);
}

bool has_same_content(const Declared& was, const FileSpec& before, const Declared& is,
                      const FileSpec& after) {
  const auto& [old_source, new_source] = std::pair(was.manifest.source, is.manifest.source);
  if (old_source && new_source && old_source->oid == new_source->oid) {
    return old_source->encrypted == new_source->encrypted;
  }
  try {
    return content_of(before, was.manifest, was.tree) == content_of(after, is.manifest, is.tree);
  } catch (const Error&) {
    return false;  // it is encrypted, or the device will say what is wrong
  }
}

/// Between two trees: what is written, and whether anything else goes.
struct TreeChange {
  std::size_t written = 0;
  bool differs = false;
};

using Items = std::vector<SourceTree::Item>;

Items items_at(const SourceTree& tree, const std::string& path) {
  return path.empty() ? Items{} : tree.list(path);
}

const SourceTree::Item* item_named(const Items& items, const std::string& name) {
  const auto at = std::ranges::lower_bound(items, name, {}, &SourceTree::Item::name);
  return at != items.end() && at->name == name ? &*at : nullptr;
}

/// An empty path has nothing.
void compare_trees(const SourceTree& old_tree, const std::string& was, const SourceTree& new_tree,
                   const std::string& is, TreeChange& change) {
  const auto before = items_at(old_tree, was);
  const auto after = items_at(new_tree, is);
  for (const auto& item : after) {
    const auto* old = item_named(before, item.name);
    if (old != nullptr && old->oid == item.oid && old->type == item.type) continue;
    change.differs = true;
    if (item.type != SourceTree::Type::directory) {
      ++change.written;
      continue;
    }
    const bool was_directory = old != nullptr && old->type == SourceTree::Type::directory;
    compare_trees(old_tree, was_directory ? join_path(was, item.name) : "", new_tree,
                  join_path(is, item.name), change);
  }
  const auto is_gone = [&](const SourceTree::Item& old) { return item_named(after, old.name) == nullptr; };
  change.differs = change.differs || std::ranges::any_of(before, is_gone);
}

std::string source_of(const Declared* one) {
  return one != nullptr && one->manifest.source ? one->manifest.source->path : std::string();
}

/// The unit's files that are written, and whether any is removed.
TreeChange compare_files(const UnitSpec& before, const UnitSpec& after) {
  TreeChange change;
  for (const auto& file : after.files) {
    const auto old = std::ranges::find(before.files, file.path, &UnitFile::path);
    if (old == before.files.end() || old->content != file.content) ++change.written;
  }
  const auto is_gone = [&](const UnitFile& old) {
    return std::ranges::find(after.files, old.path, &UnitFile::path) == after.files.end();
  };
  change.differs = change.written > 0 || std::ranges::any_of(before.files, is_gone);
  return change;
}

/// Whether a setting that the device has by `was`, or by itself, is to become another. A unit that a manifest
/// defines has none by itself.
bool turns(const std::optional<bool>& was, const std::optional<bool>& is, bool defined) {
  if (!is) return false;
  return was.value_or(defined ? false : !*is) != *is;
}

std::vector<std::string> names_that_change(const UnitSpec& before, const UnitSpec& after) {
  const auto had = before.declared_aliases();
  const auto has = after.declared_aliases();
  const auto own = systemd::definition_names(after.name);
  std::vector<std::string> names;
  for (const auto& [some, others] : {std::pair(&had, &has), std::pair(&has, &had)}) {
    for (const auto& alias : *some) {
      if (contains(*others, alias)) continue;
      for (auto& name : systemd::definition_names(alias)) {
        if (!contains(own, name)) names.push_back(std::move(name));
      }
    }
  }
  return names;
}

bool is_down(const UnitSpec& spec) {
  return spec.running == false || spec.masked == true;
}

bool has_check(const CommandSpec& spec) {
  return !spec.creates.empty() || !spec.unless.empty();
}

}  // namespace

Transition file_transition(const Declared* was, const Declared& is) {
  if (was == nullptr) return {.kind = Kind::create, .files = 1};
  const auto before = file_of(*was);
  const auto after = file_of(is);
  const auto place = [](const FileSpec& spec) {
    return std::tie(spec.path, spec.mode, spec.owner, spec.group);
  };
  if (place(before) == place(after) && has_same_content(*was, before, is, after)) return {};
  return {.kind = Kind::change, .files = 1};
}

Transition directory_transition(const Declared* was, const Declared& is) {
  const auto after = directory_of(is);
  TreeChange change;
  if (was == nullptr) {
    compare_trees(is.tree, "", is.tree, source_of(&is), change);
    return {.kind = Kind::create, .files = change.written};
  }
  const auto before = directory_of(*was);
  const bool moves = before.path != after.path;
  const auto attributes = [](const DirectorySpec& spec) {
    return std::tie(spec.mode, spec.owner, spec.group, spec.file_mode);
  };
  compare_trees(was->tree, moves ? "" : source_of(was), is.tree, source_of(&is), change);
  if (!moves && !change.differs && attributes(before) == attributes(after)) return {};
  return {.kind = Kind::change, .files = change.written};
}

Transition unit_transition(const Declared* was, const Declared& is) {
  const auto after = unit_of(is);
  const bool down = is_down(after);
  if (was == nullptr) return {.kind = Kind::create, .files = after.files.size(), .is_down = true};
  const auto before = unit_of(*was);
  const bool was_down = is_down(before);
  if (before.name != after.name) {
    const auto disruption = after.running ? plan::Disruption::whole : plan::Disruption::none;
    return {.kind = Kind::change, .disruption = disruption, .files = after.files.size()};
  }
  const auto files = compare_files(before, after);
  const bool defined = before.defines_unit();
  const bool unmasks = before.masked == true && !after.masked;
  const bool differs = files.differs || unmasks || turns(before.masked, after.masked, defined) ||
                       turns(before.enabled, after.enabled, defined) ||
                       turns(before.running, after.running, defined);
  Transition transition{.files = files.written, .is_down = down || was_down};
  if (!differs) return transition;
  transition.kind = Kind::change;
  if (was_down) return transition;
  if (down && (before.running != false)) transition.disruption = plan::Disruption::whole;
  if (before.running != true || after.running != true) return transition;
  if (files.differs) transition.disruption = plan::Disruption::restart;
  transition.names = names_that_change(before, after);
  return transition;
}

/// A command with a check has passed it since it ran; one without runs for each manifest.
Transition command_transition(const Declared* was, const Declared& is) {
  Problems problems;
  const auto after = read_command_spec(anywhere, is.manifest, problems);
  const auto disruption = after.disruptive ? plan::Disruption::whole : plan::Disruption::none;
  if (was == nullptr) return {.kind = Kind::create, .disruption = disruption};
  const auto before = read_command_spec(anywhere, was->manifest, problems);
  const auto check = [](const CommandSpec& spec) { return std::tie(spec.creates, spec.unless); };
  if (has_check(after) && check(before) == check(after)) return {};
  return {.kind = Kind::change, .disruption = disruption};
}

Transition check_transition(const Declared* was, const Declared& is) {
  if (was == nullptr) return {.kind = Kind::create};
  Problems problems;
  const auto before = to_json(read_check_spec(anywhere, was->manifest, problems));
  const bool same = before == to_json(read_check_spec(anywhere, is.manifest, problems));
  return {.kind = same ? Kind::none : Kind::change};
}

}  // namespace greenwave::drivers::host
