#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "git/confined/confined_upstream.h"
#include "git/transport.h"
#include "git/trust.h"
#include "guard/guard.h"
#include "kinds/drivers.h"
#include "render/engine.h"
#include "sandbox/channel.h"
#include "sandbox/unconfined.h"
#include "state/state.h"
#include "sync/intake/git_intake.h"
#include "sync/objects.h"
#include "sync/renderer.h"
#include "sync/sync.h"

namespace greenwave::daemon {

/// This device's architecture and operating system, as labels: {arch: arm64, os: debian}.
Labels device_facts();

/// What a Wiring works with, whatever its configuration. Everything outlives it.
struct Surroundings {
  const Log& log;
  const Clock& clock;
  const std::atomic<bool>& stop;
  const std::function<void()>& heartbeat;
  git::FetchProgress& fetch;
  bool once = false;  ///< nothing else waits for the sync
};

/// Everything that one configuration makes, wired bottom up.
struct Wiring {
  Wiring(config::Config configuration, std::shared_ptr<state::State> memory, const std::string& process,
         const Surroundings& around);

  /// What must happen before anything is asked of the network: what ran before a boot runs again.
  void start(const Log& log);

  /// Details of an object that its entry lacks. Outlives this; any thread may call it.
  sync::Describe describe() const;

  /// What this device leaves out, said once in status.
  std::vector<std::string> notes() const;

  /// What every fetcher is given.
  git::confined::RemoteParts fetcher_parts();
  /// A process that renders, with the keys of the files or, where that is null, without.
  std::unique_ptr<render::Engine> begin_render(const render::KeyFiles* keys,
                                               sandbox::Channel::Patience patience);

  const Log& own_log;
  std::string own_id_note;  ///< said in status; may be empty
  sandbox::Unconfined unconfined;
  config::Config config;
  Labels facts;
  std::string digest_key;
  std::shared_ptr<state::State> state;
  guard::Guard guard;
  std::shared_ptr<std::atomic<bool>> give_up;  ///< ends what the transport does; to be set with `stop` too
  std::unique_ptr<git::Transport> transport;
  std::optional<git::Trust> trust;
  config::OwnPaths own;
  kinds::Drivers drivers;
  sync::Renderer renderer;
  sync::GitIntake intake;
  sync::Sync sync;
};

/// What load_config says, and whether the files that the configuration names can be used. Throws Error
/// (invalid); what is unwise goes to the log.
config::Config check_config(const std::filesystem::path& file, const std::filesystem::path& root,
                            const Log& log);

/// How many records to read for the last sync: pauses are among them.
inline constexpr std::size_t recent_syncs = 20;

/// Opens the state; a damaged one is begun again.
std::shared_ptr<state::State> open_state(const config::Config& config, const Log& log, const Clock& clock);

/// A new state in place of the damaged one, which is set aside. Says so in the log, the history and the
/// status.
std::shared_ptr<state::State> begin_state_again(const config::Config& config, const Error& damage,
                                                const Log& log, const Clock& clock);

/// The key of the digests in the state file, random, made once and readable by its owner alone.
std::string open_digest_key(const std::filesystem::path& file);

}  // namespace greenwave::daemon
