#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/contains.h"
#include "base/text.h"
#include "city/recipients.h"
#include "daemon/own_id.h"
#include "daemon/wiring.h"
#include "doctor/checks.h"
#include "git/repository.h"
#include "kinds/table.h"
#include "plan/places.h"
#include "render/render.h"
#include "secrets/keyring.h"
#include "state/keys.h"
#include "state/state.h"

namespace greenwave::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_shown = 3;

/// The newest commit that came, where nobody has to sign it.
CommitId incoming(const config::Config& config, const git::Repository& store) {
  if (!config.allowed_signers.empty()) return {};
  try {
    return store.resolve("refs/greenwave/incoming");
  } catch (const Error&) {
    return {};
  }
}

/// The newest commit that this device may read; empty: none yet.
CommitId newest_commit(const config::Config& config, const git::Repository& store,
                       const state::State& state) {
  auto commit = incoming(config, store);
  for (const auto* key : {state::keys::accepted, state::keys::applied}) {
    if (commit.empty()) commit = CommitId(state.value(key).value_or(""));
  }
  return commit;
}

void check_recipient(const config::Config& config, const Device& device, Findings& findings) {
  Problems problems;
  const auto recipients = recipients_of(device, problems);
  for (const auto& problem : problems.list()) {
    findings.push_back({CheckResult::failed, "recipient", to_string(problem), ""});
  }
  Problems unreadable;  // which check_identity reports
  const auto keys = secrets::read_keyring(config.identity_files, unreadable);
  if (recipients.empty() && keys.empty()) return;
  const auto is_known = [&](const auto& key) { return contains(recipients, key.recipient); };
  if (std::ranges::any_of(keys, is_known)) {
    findings.push_back({CheckResult::ok, "recipient", "the inventory has a recipient of this device", ""});
  } else if (recipients.empty()) {
    findings.push_back(
        {CheckResult::warning, "recipient",
         fmt::format("the inventory has no recipient for {}, so nobody encrypts for it", device.id),
         fmt::format("add the property recipient to its Feature: {}", keys.front().recipient)});
  } else if (!unreadable.has_errors() || !keys.empty()) {
    findings.push_back(
        {CheckResult::failed, "recipient",
         fmt::format("the inventory says {}, which is not a recipient of this device's identity: it cannot "
                     "open secrets that are encrypted for that",
                     fmt::join(recipients, ", ")),
         "put what sudo greenwave identity prints into the inventory, then encrypt the secrets for it"});
  }
}

/// Why nothing can be made at `path`; empty: it can, or it is not for this user to say.
std::string unwritable(const fs::path& path) {
  auto place = path.parent_path();
  std::error_code error;
  while (!fs::exists(place, error) && place != place.parent_path()) place = place.parent_path();
  struct statvfs about {};
  if (::statvfs(place.c_str(), &about) == 0 && (about.f_flag & ST_RDONLY) != 0) {
    return fmt::format("{} is mounted read-only", place.native());
  }
  if (!fs::is_directory(place, error)) return fmt::format("{} is not a directory", place.native());
  if (::geteuid() == 0 && ::access(place.c_str(), W_OK) != 0) {
    return fmt::format("{}: {}", place.native(), std::strerror(errno));
  }
  return {};
}

/// Where files and directories are to be, as far as that is not encrypted.
struct Declared {
  std::set<std::string> paths;
  std::vector<std::string> veiled;  ///< objects whose paths are
  bool is_all = true;               ///< false: of some not even the names can be read
};

Declared declared(const config::Config& config, const SourceTree& tree, const render::Identity& identity) {
  Declared found;
  const auto kinds = kinds::TableKinds::own(config.allowed_paths, config);
  const auto rendered = render::render(tree, identity);
  found.is_all = rendered.complete;
  for (const auto& manifest : rendered.manifests) {
    if (!kinds.serves(manifest.id)) continue;
    Problems problems;  // lint and status have those of what is not encrypted
    for (const auto& claim : kinds.footprint(manifest, problems).claims) {
      if (claim.starts_with(plan::path_claim)) found.paths.insert(claim.substr(plan::path_claim.size()));
    }
    if (manifest.sensitive && problems.has_errors()) found.veiled.push_back(to_string(manifest.id));
  }
  return found;
}

/// Doctor opens no secrets: what that leaves unknown is said.
void tell_unchecked(const Declared& declared, Findings& findings) {
  const auto tell = [&](const std::string& what) {
    findings.push_back({CheckResult::warning, "paths", what,
                        "the agent, which has the keys, checks them at each sync: greenwave status"});
  };
  if (!declared.veiled.empty()) {
    const auto count = std::min(most_shown, declared.veiled.size());
    const std::vector<std::string> shown(declared.veiled.begin(),
                                         declared.veiled.begin() + static_cast<std::ptrdiff_t>(count));
    tell(fmt::format(
        "not checked, since their specs are encrypted: {}{}", fmt::join(shown, ", "),
        declared.veiled.size() > count ? fmt::format(" and {} more", declared.veiled.size() - count) : ""));
  }
  if (!declared.is_all)
    tell("not all checked: some files of the repository cannot be read without its secrets");
}

void check_paths(const config::Config& config, const std::set<std::string>& paths, Findings& findings) {
  std::vector<std::string> wrong;
  for (const auto& path : paths) {
    const auto why = unwritable(config.root / fs::path(path).relative_path());
    if (!why.empty()) wrong.push_back(fmt::format("{}: {}", path, why));
  }
  for (std::size_t i = 0; i < std::min(most_shown, wrong.size()); ++i) {
    findings.push_back({CheckResult::failed, "paths", printable(wrong[i]),
                        "make room for it, or move it in the repository: greenwave show"});
  }
  if (wrong.size() > most_shown) {
    findings.push_back({CheckResult::failed, "paths",
                        fmt::format("and {} more that cannot be written", wrong.size() - most_shown), ""});
  }
  if (wrong.empty() && !paths.empty()) {
    findings.push_back({CheckResult::ok, "paths",
                        fmt::format("{} of the repository can be written", count_of(paths.size(), "path")),
                        ""});
  }
}

}  // namespace

void check_declared(const config::Config& config, const fs::path& database, Findings& findings) {
  try {
    const auto state = state::State::open_read_only(database);
    if (!state || !fs::exists(config.store())) return;
    const git::Repository store(config.store());
    const auto commit = newest_commit(config, store, *state);
    if (commit.empty()) return;
    const auto tree = store.tree(commit, config.repository.path);
    const render::Identity identity{.device = daemon::own_id(config, state->value(state::keys::device)).id,
                                    .labels = {config.labels.begin(), config.labels.end()},
                                    .facts = daemon::device_facts()};
    const auto found = render::membership(*tree, identity);
    if (found.device.in_inventory) {
      findings.push_back({CheckResult::ok, "inventory",
                          fmt::format("{} lists {}", found.cluster.devices, found.device.id), ""});
    }
    check_recipient(config, found.device, findings);
    const auto all = declared(config, *tree, identity);
    check_paths(config, all.paths, findings);
    tell_unchecked(all, findings);
  } catch (const Error& error) {
    const bool wrong = error.fault() == Fault::invalid;
    findings.push_back({wrong ? CheckResult::failed : CheckResult::warning, "inventory", error.message(),
                        error.remedy().empty() ? "see: greenwave status" : error.remedy()});
  }
}

}  // namespace greenwave::cli
