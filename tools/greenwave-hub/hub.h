#pragma once

#include <memory>
#include <optional>

#include "access/access.h"
#include "api/api.h"
#include "base/log.h"
#include "changes/board.h"
#include "cities/neighbours.h"
#include "config/hub_config.h"
#include "database/connection.h"
#include "events/events.h"
#include "http/http_server.h"
#include "intake/intake.h"
#include "inventory/follower.h"
#include "loop/loop.h"
#include "notices/notifier.h"
#include "outbound/outbound.h"
#include "upkeep/upkeep.h"

namespace greenwave::hub {

/// One hub of a city, wired. run() belongs to one thread.
///
///     agents ──▶ HttpServer ──▶ Intake ──▶ PostgreSQL ──▶ Events ──▶ who listens
///     people ──▶     │     ──▶ api ─────────▲  ▲
///                    └ Access ──────────────┘  └── Upkeep, Follower ◀── the city's repository
class Hub {
 public:
  /// Listens, but answers nothing yet. Throws Error when the configuration cannot be used.
  Hub(HubConfig config, const Log& log);
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Serves until stop(); then finishes what is under way, for ten seconds at the most.
  void run();
  /// From any thread.
  void stop();

 private:
  void prepare_database();
  void follow_repository();
  void keep(const Followed& followed);
  void note(const RepositoryTrouble& trouble);
  void hear(std::string_view payload);
  void drain();
  void finish();
  std::string metrics() const;

  HubConfig config_;
  const Log& log_;
  Limits limits_;  ///< before what still holds passes when it goes
  Loop loop_;
  std::optional<Authority> authority_;
  Connection writer_;
  Connection reader_;
  Events events_;
  Intake intake_;
  Access access_;
  SharedAnswers shared_;
  Upkeep upkeep_;
  Outbound outbound_;
  std::optional<Neighbours> neighbours_;
  Notifier notifier_;
  ChangesBoard changes_;
  Api api_;
  std::unique_ptr<HttpServer> server_;
  RepositoryTrouble trouble_;
  std::unique_ptr<Follower> follower_;
  std::atomic<bool> stopping_ = false;
  std::thread preparing_;
};

}  // namespace greenwave::hub
