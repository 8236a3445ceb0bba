#include "config/own_paths.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"
#include "systemd/unit_paths.h"

namespace greenwave::config {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view usual_directory = "/etc/greenwave";
constexpr std::string_view usual_state = "/var/lib/greenwave";
constexpr std::string_view usual_runtime = "/run/greenwave";
constexpr std::string_view usual_program = "/usr/sbin/greenwaved";

/// Changes that systemctl made, which systemd reads before unit_search_path.
constexpr std::string_view controlled_units[] = {"/etc/systemd/system.control",
                                                 "/run/systemd/system.control"};

class Collection {
 public:
  explicit Collection(const fs::path& root) : root_(root) {}

  void add(std::string path, Part part) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    const auto known = [&](const OwnPath& one) { return one.path == path; };
    if (path.size() < 2 || std::ranges::any_of(paths_, known)) return;
    paths_.push_back({std::move(path), part});
  }

  /// A path of the machine; one outside of the device's root is no path of a manifest's.
  void add_real(const fs::path& path, Part part) {
    if (path.empty()) return;
    auto text = fs::absolute(path).lexically_normal().native();
    if (root_ == "/" || root_.empty()) return add(std::move(text), part);
    auto root = root_.native();
    while (root.ends_with('/')) root.pop_back();
    if (is_at_or_below(text, root)) add(text.substr(root.size()), part);
  }

  void add_units(std::string_view directory) {
    add(fmt::format("{}/{}", directory, own_unit), Part::unit);
    for (const auto& name : systemd::definition_names(own_unit)) {
      add(fmt::format("{}/{}.d", directory, name), Part::unit);
    }
    add(fmt::format("{}/{}", directory, guard_unit), Part::guard);
    for (const auto& name : systemd::definition_names(guard_unit)) {
      add(fmt::format("{}/{}.d", directory, name), Part::guard);
    }
    for (const auto unit : {own_unit, guard_unit}) {
      add(fmt::format("{}/multi-user.target.wants/{}", directory, unit), Part::boot);
    }
  }

  OwnPaths take() { return std::move(paths_); }

 private:
  fs::path root_;
  OwnPaths paths_;
};

}  // namespace

bool may_change(Part part) {
  switch (part) {
    case Part::configuration:
    case Part::trust:
    case Part::named:
    case Part::unit:
    case Part::program:
    case Part::images:
      return true;
    case Part::identity:
    case Part::guard:
    case Part::boot:
    case Part::state:
    case Part::runtime:
      return false;
  }
  return false;
}

std::string_view in_words(Part part) {
  switch (part) {
    case Part::configuration:
      return "the agent's configuration";
    case Part::trust:
      return "the list of who may sign commits";
    case Part::identity:
      return "the device's identity";
    case Part::named:
      return "a file that the agent's configuration names";
    case Part::unit:
      return "the agent's unit";
    case Part::program:
      return "the agent's program";
    case Part::guard:
      return "what guards the agent";
    case Part::boot:
      return "what starts the agent at boot";
    case Part::state:
      return "the agent's state";
    case Part::runtime:
      return "the agent's runtime directory";
    case Part::images:
      return "the archives of images";
  }
  return "the agent's";
}

OwnPaths own_paths(const Config& config, const std::string& program) {
  Collection own(config.root);
  // The usual ones first: lint, which knows no others, then names the same as a device.
  own.add(fmt::format("{}/agent.yaml", usual_directory), Part::configuration);
  own.add(fmt::format("{}/identity", usual_directory), Part::identity);
  own.add(std::string(usual_state), Part::state);  // the guard's copies are in it, wherever the state is
  own.add(std::string(usual_runtime), Part::runtime);
  own.add(std::string(usual_program), Part::program);
  own.add("/usr/lib/greenwave", Part::guard);
  own.add(config.podman.images.lexically_normal().native(), Part::images);
  for (const auto directory : systemd::unit_search_path) own.add_units(directory);
  for (const auto directory : controlled_units) own.add_units(directory);
  own.add_real(config.file, Part::configuration);
  own.add_real(config.allowed_signers, Part::trust);
  for (const auto& file : config.identity_files) own.add_real(file, Part::identity);
  if (!config.file.empty()) own.add_real(usual_identity(config.file), Part::identity);
  for (const auto& file : config.named_files) own.add_real(file, Part::named);
  own.add_real(program, Part::program);
  own.add_real(config.state_directory, Part::state);
  own.add_real(config.runtime_directory, Part::runtime);
  if (!program.empty()) {
    own.add_real(fs::path(program).parent_path().parent_path() / "lib/greenwave", Part::guard);
  }
  return own.take();
}

OwnPaths with_real_places(const OwnPaths& paths, const fs::path& root) {
  Collection own(fs::weakly_canonical(root));
  for (const auto& one : paths) own.add(one.path, one.part);
  std::map<fs::path, fs::path> directories;  // many are in the same few
  for (const auto& one : paths) {
    std::error_code error;
    const auto path = root / fs::path(one.path).relative_path();
    const auto [at, is_new] = directories.try_emplace(path.parent_path());
    if (is_new) at->second = fs::weakly_canonical(at->first, error);
    const auto beside = at->second / path.filename();
    own.add_real(beside, one.part);
    if (!fs::is_symlink(beside, error)) continue;
    const auto real = fs::weakly_canonical(beside, error);
    if (!error) own.add_real(real, one.part);
  }
  return own.take();
}

const OwnPath* own_at(const OwnPaths& own, std::string_view path) {
  const OwnPath* innermost = nullptr;
  for (const auto& one : own) {
    if (!is_at_or_below(path, one.path)) continue;
    if (innermost == nullptr || one.path.size() > innermost->path.size()) innermost = &one;
  }
  return innermost;
}

const OwnPath* own_below(const OwnPaths& own, std::string_view path) {
  if (path == "/") path = "";
  const auto is_below = [&](const OwnPath& one) {
    return one.path.size() > path.size() && is_at_or_below(one.path, path);
  };
  const auto found = std::ranges::find_if(own, is_below);
  return found == own.end() ? nullptr : &*found;
}

}  // namespace greenwave::config
