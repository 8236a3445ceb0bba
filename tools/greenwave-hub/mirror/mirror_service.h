#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "config/mirror_config.h"
#include "http/http_server.h"
#include "loop/loop.h"
#include "mirror/mirror.h"
#include "tip/tips.h"

namespace greenwave::hub {

/// The city's mirror, wired: tips that are held, a repository that follows its upstream, and the webhook that
/// says when. It needs no database. run() belongs to one thread.
class MirrorService {
 public:
  /// Listens. Throws Error when the configuration cannot be used.
  MirrorService(MirrorConfig config, const Log& log);

  void run();
  /// From any thread.
  void stop();

 private:
  void begin_tips();
  void answer(const HttpRequest& request, const std::shared_ptr<Responder>& responder);
  void take_webhook(const HttpRequest& request, Responder& responder);
  std::string metrics() const;

  MirrorConfig config_;
  const Log& log_;
  std::string secret_;
  Loop loop_;
  Tips tips_;
  std::optional<Mirror> mirror_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace greenwave::hub
