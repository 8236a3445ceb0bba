#include "drivers/host/packages/package_spec.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "base/text.h"
#include "dpkg/version.h"
#include "drivers/host/programs.h"
#include "yaml/fields.h"

namespace greenwave::drivers::host {

namespace {

using State = PackageSpec::State;

constexpr auto longest_package_job = std::chrono::hours(24);
constexpr std::array<std::pair<std::string_view, State>, 3> package_states{
    {{"installed", State::installed}, {"held", State::held}, {"absent", State::absent}}};

void read_state(yaml::Fields& spec, PackageSpec& package) {
  const auto word = spec.word("state", {"installed", "held", "absent"});
  if (!word) return;
  const auto* const known =
      std::ranges::find(package_states, *word, &std::pair<std::string_view, State>::first);
  package.state = known->second;
}

void read_version(yaml::Fields& spec, PackageSpec& package) {
  const auto* node = spec.any("version");
  if (node == nullptr) return;
  if (!node->is_string()) {
    spec.error("version", fmt::format("the version must be a string, not {}", kind_of(*node)),
               "put it in quotes: as a number, 1.10 is the same as 1.1");
    return;
  }
  package.version = *node->string();
  if (!dpkg::is_version(package.version)) {
    spec.error("version",
               fmt::format("\"{}\" is not a version of a Debian package", in_one_line(package.version, 80)),
               "write it as dpkg has it, for example 1.2-1");
  }
}

void check_source(yaml::Fields& spec, const Manifest& manifest, PackageSpec& package) {
  const auto path = spec.text("source");
  if (!path) return;
  package.has_source = true;
  if (!manifest.source || manifest.source->is_directory) {
    spec.error("source", fmt::format("there is no file {} in the repository", printable(*path)),
               "write the path of a .deb from the cluster's root");
  } else if (manifest.source->encrypted) {
    spec.error("source", "a package that is encrypted is not installed", "put the .deb there as it is");
  }
  if (package.version.empty() && !package.is_absent()) {
    spec.error("source", "a Package with a source needs a version", "write the version that the .deb has");
  }
}

/// What makes no sense of a package that is not to be there.
void check_absence(yaml::Fields& spec, const PackageSpec& package) {
  if (!package.is_absent()) return;
  for (const auto* key : {"version", "source", "conffiles"}) {
    if (spec.has(key)) {
      spec.error(key, fmt::format("{} says nothing about a package that is to be absent", key),
                 "leave it out");
    }
  }
  if (package.name == own_package) {
    spec.error("state", "the agent does not remove itself",
               "remove it by hand: apt remove greenwave; it leaves what it manages");
  }
}

}  // namespace

bool is_package(const ObjectId& id) {
  return id.api_version == own_api && id.kind == "Package";
}

std::string_view to_string(State state) {
  const auto* const known =
      std::ranges::find(package_states, state, &std::pair<std::string_view, State>::second);
  return known->first;
}

PackageSpec read_package_spec(const Host& host, const Manifest& manifest, Problems& problems) {
  yaml::Fields spec(manifest.spec(), "Package's spec", problems);
  PackageSpec package;
  package.name = spec.text("name").value_or(manifest.id.name);
  if (!dpkg::is_package_name(package.name)) {
    spec.error("name", fmt::format("\"{}\" is not the name of a Debian package", printable(package.name)),
               "write it as dpkg has it, in small letters: name: signal-tools");
  }
  read_state(spec, package);
  read_version(spec, package);
  check_source(spec, manifest, package);
  package.replaces_conffiles = spec.word("conffiles", {"keep", "replace"}) == "replace";
  package.disruptive = spec.flag("disruptive").value_or(true);
  if (const auto timeout = spec.duration("timeout")) package.timeout = *timeout;
  if (package.timeout < std::chrono::seconds(1) || package.timeout > longest_package_job) {
    spec.error("timeout", "the timeout is not between 1s and 24h", "write 10m, for example");
  }
  check_absence(spec, package);
  if (!may_run_as(host, root_user)) {
    problems.error(manifest.place(),
                   "the scripts of a package run as root, and this device runs no programs of manifests so",
                   "leave it out of this device's layers, or add root to commands.users in its agent.yaml");
  }
  spec.done();
  return package;
}

plan::Footprint package_footprint(const Host& host, const Manifest& manifest, Problems& problems) {
  plan::Footprint footprint;
  const auto package = read_package_spec(host, manifest, problems);
  footprint.rank = 5;
  footprint.claims.push_back(std::string(package_claim) + package.name);
  footprint.watch = plan::Watch{.interval = std::chrono::seconds(1), .within = std::chrono::seconds(1)};
  return footprint;
}

Transition package_transition(const Declared* was, const Declared& is) {
  const Host anywhere{.root = "/", .allowed_paths = {"/"}};
  Problems problems;
  const auto after = read_package_spec(anywhere, is.manifest, problems);
  const auto disruption = after.disruptive ? plan::Disruption::whole : plan::Disruption::none;
  if (was == nullptr) return {.kind = plan::Difference::Kind::create, .disruption = disruption};
  const auto before = read_package_spec(anywhere, was->manifest, problems);
  const auto wanted = [](const PackageSpec& spec) { return std::tie(spec.name, spec.version, spec.state); };
  if (wanted(before) == wanted(after)) return {};
  return {.kind = plan::Difference::Kind::change, .disruption = disruption};
}

}  // namespace greenwave::drivers::host
