#pragma once

#include <memory>

#include "access/readers.h"
#include "base/log.h"
#include "cities/neighbours.h"
#include "config/cities_config.h"
#include "http/http_server.h"
#include "loop/loop.h"
#include "outbound/outbound.h"

namespace greenwave::hub {

/// Several cities on one page: asks their hubs, and answers with what they said last. It has no database, and
/// changes nothing anywhere. run() belongs to one thread.
class RollUp {
 public:
  /// Listens, but asks nobody yet. Throws Error when the configuration cannot be used.
  RollUp(const CitiesConfig& config, const Log& log);
  ~RollUp();
  RollUp(const RollUp&) = delete;
  RollUp& operator=(const RollUp&) = delete;

  /// Serves until stop().
  void run();
  /// From any thread.
  void stop();

 private:
  void answer(const HttpRequest& request, Responder& responder) const;

  const Log& log_;
  Loop loop_;
  Readers readers_;
  Outbound outbound_;
  Neighbours neighbours_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace greenwave::hub
