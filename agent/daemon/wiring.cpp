#include "daemon/wiring.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "daemon/own_id.h"
#include "daemon/own_service.h"
#include "git/approvals.h"
#include "render/confined/child_engine.h"
#include "secrets/crypto.h"
#include "secrets/keyring.h"
#include "state/keys.h"
#include "sync/recalled.h"
#include "systemd/manager.h"

namespace greenwave::daemon {

namespace {

/// The names that container images and Kubernetes use (GOARCH).
std::string architecture() {
  struct utsname about {};
  ::uname(&about);
  std::string machine = about.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  if (machine.starts_with("arm")) return "arm";
  if (machine == "i686" || machine == "i386") return "386";
  return machine;
}

/// ID of os-release(5).
std::string operating_system() {
  std::string text;
  try {
    text = read_file("/etc/os-release", 64 * 1024);
  } catch (const Error&) {
    return "linux";
  }
  for (auto line : split(text, '\n')) {
    if (!line.starts_with("ID=")) continue;
    line.remove_prefix(3);
    if (line.size() >= 2 && (line.front() == '"' || line.front() == '\''))
      line = line.substr(1, line.size() - 2);
    return printable(line);
  }
  return "linux";
}

config::Config with_own_id(config::Config config, const state::State& state) {
  config.device = own_id(config, state.value(state::keys::device)).id;
  return config;
}

/// Nobody stands by for an agent that is no service: no one could start it again either.
guard::Guard make_guard(const config::Config& config, const std::string& process, state::State& state) {
  guard::Guard::Parts parts{.directory = config.root / "var/lib/greenwave/guard",
                            .files = guard::OwnFiles(config, own_program()),
                            .run = process,
                            .patience = config.health.guard};
  if (config.root == "/" && is_own_service()) {
    parts.start = start_guard;
    parts.reload = [] { systemd::Manager().reload(); };
    parts.copy_state = [&state](const std::filesystem::path& file) { state.copy_to(file); };
  }
  return guard::Guard(std::move(parts));
}

std::optional<git::Trust> read_trust(const config::Config& config, const Log& log) {
  const auto& file = config.allowed_signers;
  if (file.empty()) return {};
  std::optional<git::Trust> trust(std::in_place, read_file(file, 1 << 20), file.native());
  for (const auto& warning : trust->warnings().list()) log.warning(to_string(warning));
  const auto unmet = git::check_signers(config.path_rules, *trust);
  for (const auto& warning : unmet.list()) log.warning(to_string(warning));
  if (!config.tip_repository.empty() && !trust->knows_tip_signers()) {
    log.warning(
        fmt::format("{} has no key for tips, so that none will be followed; write a line: PRINCIPAL "
                    "namespaces=\"greenwave-tip\" KEYTYPE BASE64KEY",
                    file.native()));
  }
  return trust;
}

/// Within it drift is not repaired; later the pull goes on beside the syncs.
std::optional<Duration> pull_patience(const config::Config& config, bool once) {
  if (once) return {};
  return std::min<Duration>(std::chrono::seconds(30), config.repository.interval / 2);
}

}  // namespace

Labels device_facts() {
  return {{"arch", architecture()}, {"os", operating_system()}};
}

Wiring::Wiring(config::Config configuration, std::shared_ptr<state::State> memory, const std::string& process,
               const Surroundings& around)
    : own_log(around.log),
      own_id_note(own_id(configuration, memory->value(state::keys::device)).note),
      config(with_own_id(std::move(configuration), *memory)),
      facts(device_facts()),
      digest_key(open_digest_key(config.digest_key())),
      state(std::move(memory)),
      guard(make_guard(config, process, *state)),
      give_up(std::make_shared<std::atomic<bool>>(false)),
      transport(git::confined::make_confined_transport(config.repository, fetcher_parts())),
      trust(read_trust(config, around.log)),
      own(with_real_places(own_paths(config, own_program()), config.root)),
      drivers({config, digest_key, own, around.stop, around.heartbeat,
               [&log = around.log](std::string_view text) { log.warning(text); },
               pull_patience(config, around.once), programs_socket()}),
      renderer(config, facts, digest_key,
               [this, stop = &around.stop, heartbeat = around.heartbeat] {
                 return begin_render(&config.identity_files, {.stop = stop, .while_waiting = heartbeat});
               }),
      intake({.config = config,
              .facts = facts,
              .log = around.log,
              .clock = around.clock,
              .transport = *transport,
              .trust = trust ? &*trust : nullptr,
              .stop = around.stop,
              .give_up = *give_up,
              .heartbeat = around.heartbeat,
              .begin_render = [this] { return begin_render(nullptr, {.stop = give_up.get()}); },
              .reveal =
                  [this](const SourceTree& files) {
                    const auto engine = begin_render(&config.identity_files, {.stop = give_up.get()});
                    return renderer.paths_needed(files, *engine);
                  },
              .read_bundle =
                  [this](const git::BundleFile& file) {
                    return git::confined::read_confined(fetcher_parts(), file);
                  },
              .progress = &around.fetch}),
      sync({.config = config,
            .renderer = renderer,
            .clock = around.clock,
            .state = *state,
            .intake = intake,
            .drivers = drivers.list(),
            .stop = around.stop,
            .heartbeat = around.heartbeat,
            .process = process,
            .guard = &guard}) {
  transport->show_in(around.fetch);
}

git::confined::RemoteParts Wiring::fetcher_parts() {
  return {.quarantine = config.quarantine(),
          .stop = *give_up,
          .lacks = [this](const std::vector<std::string>& missing) { unconfined.note(missing); },
          .told = [this](const std::string& text) { own_log.warning(text); }};
}

std::unique_ptr<render::Engine> Wiring::begin_render(const render::KeyFiles* keys,
                                                     sandbox::Channel::Patience patience) {
  return std::make_unique<render::confined::ChildEngine>(keys, std::move(patience), unconfined);
}

void Wiring::start(const Log& log) {
  for (const auto& served : drivers.list()) {
    auto* const startup = served.driver->abilities().startup;
    if (startup == nullptr) continue;
    for (const auto& failure : startup->start(state->inventory())) log.warning(failure);
  }
}

sync::Describe Wiring::describe() const {
  std::vector<sync::Describe> all;
  for (const auto& served : drivers.list()) {
    const auto* details = served.driver->abilities().details;
    auto describe = details != nullptr ? details->describe() : sync::Describe();
    if (describe) all.push_back(std::move(describe));
  }
  if (all.empty()) return {};
  return [all = std::move(all)](const Entry& entry) {
    auto more = nlohmann::json::object();
    for (const auto& describe : all) more.update(describe(entry));
    return more;
  };
}

std::vector<std::string> Wiring::notes() const {
  std::vector<std::string> notes;
  if (config.allowed_signers.empty()) {
    notes.emplace_back("commits are not checked: agent.yaml names no trust.allowedSigners");
  }
  if (!own_id_note.empty()) notes.push_back(own_id_note);
  for (const auto& what : unconfined.texts()) {
    notes.push_back("what reads what comes from outside is less confined than it could be: " + what);
  }
  for (const auto& served : drivers.list()) {
    const auto more = served.driver->notes();
    notes.insert(notes.end(), more.begin(), more.end());
  }
  return notes;
}

namespace {

/// A configuration whose words are right, though a file that it names may be missing.
std::optional<config::Config> as_far_as_it_goes(const std::filesystem::path& file,
                                                const std::filesystem::path& root) {
  try {
    return config::load_config(file, root, config::Check::words);
  } catch (const Error&) {
    return {};
  }
}

/// What is wrong in files that are there; those that are not were reported.
template <typename Add>
void add_wrong_files(const config::Config& config, const Log& log, const Add& add) {
  std::error_code ignored;
  try {
    if (std::filesystem::exists(config.allowed_signers, ignored)) read_trust(config, log);
  } catch (const Error& error) {
    add(error.what());
  }
  auto identities = config.identity_files;
  std::erase_if(identities, [](const auto& one) {
    std::error_code unknown;
    return !std::filesystem::exists(one, unknown);
  });
  Problems problems;
  secrets::read_keyring(identities, problems);
  for (const auto& problem : problems.list()) add(to_string(problem));
}

}  // namespace

config::Config check_config(const std::filesystem::path& file, const std::filesystem::path& root,
                            const Log& log) {
  std::string wrong;
  const auto add = [&wrong](std::string_view text) {
    wrong += (wrong.empty() ? "" : "\n") + std::string(text);
  };
  std::optional<config::Config> config;
  try {
    config = config::load_config(file, root);
  } catch (const Error& error) {
    add(error.what());
    config = as_far_as_it_goes(file, root);
  }
  if (config) {
    for (const auto& warning : config->warnings) log.warning(warning);
    add_wrong_files(*config, log, add);
  }
  if (!wrong.empty()) throw Error(Fault::invalid, wrong);
  return std::move(*config);
}

std::string open_digest_key(const std::filesystem::path& file) {
  constexpr std::size_t size = 32;
  if (std::filesystem::exists(file)) {
    auto key = read_file(file, 4096);
    if (key.size() == size) return key;
  }
  // Without the old key nothing that is recorded is believed: everything is compared with the device again.
  auto key = secrets::random_bytes(size);
  replace_file(file, key, 0600);
  return key;
}

namespace {

constexpr std::size_t most_of_state = 256 << 20;

/// A newer agent that was taken back may have left a state that this one does not know; the guard has a copy
/// of the one before. False: there is none.
bool took_state_before(const config::Config& config, const Error& error, const Log& log) {
  const auto copy = config.root / "var/lib/greenwave/guard/state.db";
  std::error_code none;
  if (error.fault() != Fault::invalid || !std::filesystem::exists(copy, none)) return false;
  log.warning(
      fmt::format("{}; it is set aside, and the state from before that version is used", error.message()));
  const auto before = read_file(copy, most_of_state);
  state::State::set_aside(config.database());
  replace_file(config.database(), before, 0600);
  std::filesystem::remove(copy, none);
  return true;
}

}  // namespace

std::shared_ptr<state::State> open_state(const config::Config& config, const Log& log, const Clock& clock) {
  make_directories(config.state_directory, 0750);
  try {
    auto state = std::make_shared<state::State>(config.database());
    // What the start reads outside of any sync, which alone could set it aside later.
    state->pause();
    state->inventory();
    state->history(recent_syncs);
    state->note_interrupted();
    state->evidence(std::max<std::int64_t>(0, state->last_evidence() - std::int64_t{recent_syncs}),
                    recent_syncs);
    return state;
  } catch (const Error& error) {
    if (took_state_before(config, error, log)) return open_state(config, log, clock);
    if (error.fault() != Fault::damaged) throw;
    return begin_state_again(config, error, log, clock);
  }
}

std::shared_ptr<state::State> begin_state_again(const config::Config& config, const Error& damage,
                                                const Log& log, const Clock& clock) {
  const auto file = config.database();
  const sync::Loss loss{.when = clock.now(),
                        .why = fmt::format("{}. It was set aside as {}.damaged, and a new one begun; what "
                                           "the repository no longer declares is not known "
                                           "to be ours, and the history before is in that file",
                                           damage.message(), file.native())};
  log.error(loss.why);
  state::State::set_aside(file);
  auto state = std::make_shared<state::State>(file);
  sync::write_loss(*state, loss);
  state::SyncRecord record;
  record.started = loss.when;
  record.trigger = state::Trigger::damage;
  record.result = state::SyncResult::state_lost;
  record.error = loss.why;
  state->record(record, loss.when);
  return state;
}

}  // namespace greenwave::daemon
