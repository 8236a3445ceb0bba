#include "mirror/mirror_service.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "mirror/git_fetch.h"
#include "mirror/webhook.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_secret = 4096;
constexpr std::size_t shortest_secret = 16;
constexpr Duration farewell = std::chrono::milliseconds(300);

/// A webhook names some commits, and of a tip there is nothing but the head of a request. What is held is
/// many.
constexpr HttpLimits limits{.body = 4 * 1024 * 1024, .connections = 30'000, .idle = 75, .memory = 4 * 1024};

std::string read_secret(const std::filesystem::path& file) {
  if (file.empty()) return {};
  auto secret = std::string(trim(read_file(file, most_secret)));
  if (secret.size() >= shortest_secret) return secret;
  throw Error(
      Fault::invalid,
      fmt::format("{}: the webhook's secret is shorter than {} characters", file.native(), shortest_secret),
      "make one with: openssl rand -hex 32");
}

}  // namespace

MirrorService::MirrorService(MirrorConfig config, const Log& log)
    : config_(std::move(config)),
      log_(log),
      secret_(read_secret(config_.upstream.webhook_secret_file)),
      tips_(loop_, config_.directory) {
  make_directories(config_.socket.parent_path(), 0755);
  server_ = std::make_unique<HttpServer>(
      loop_, log_, listen_for_proxy(config_.socket),
      [this](const HttpRequest& request, const std::shared_ptr<Responder>& responder) {
        answer(request, responder);
      },
      limits);
}

void MirrorService::run() {
  if (!config_.upstream.url.empty()) {
    mirror_.emplace(config_, log_);
  } else {
    begin_tips();
  }
  loop_.run();
  mirror_.reset();
}

/// What is pushed later has its tip from the hook.
void MirrorService::begin_tips() {
  try {
    write_tips(config_);
  } catch (const Error& error) {
    log_.warning(error.what());
  }
}

void MirrorService::stop() {
  loop_.post([this] {
    server_->drain();
    tips_.close();
    loop_.after(farewell, [this] { loop_.stop(); });
  });
}

void MirrorService::answer(const HttpRequest& request, const std::shared_ptr<Responder>& responder) {
  if (request.path == "/webhook") return take_webhook(request, *responder);
  if (request.path == "/metrics")
    return responder->reply({.type = "text/plain; version=0.0.4", .body = metrics()});
  tips_.answer(request, responder);
}

/// Nothing of it is read: it only says when to fetch.
void MirrorService::take_webhook(const HttpRequest& request, Responder& responder) {
  if (request.method != "POST") return responder.reply(refusal(405, "a webhook is posted", "use POST"));
  if (!mirror_ || !is_genuine(request, secret_)) {
    log_.warning(fmt::format("a webhook from {} was refused: it is not signed with the secret",
                             in_one_line(request.header("x-real-ip"), 100)));
    return responder.reply(refusal(403, "the webhook is not signed with the mirror's secret",
                                   "see greenwave-hub(8), THE MIRROR"));
  }
  mirror_->fetch_now();
  responder.reply({.status = 204, .type = ""});
}

std::string MirrorService::metrics() const {
  auto text = fmt::format(
      "# HELP greenwave_mirror_held_requests Requests for a tip that wait for a change.\n"
      "# TYPE greenwave_mirror_held_requests gauge\n"
      "greenwave_mirror_held_requests {}\n",
      tips_.held());
  if (!mirror_) return text;
  const auto counts = mirror_->counts();
  text += fmt::format(
      "# HELP greenwave_mirror_polls_total Questions whether there is something to fetch from the upstream.\n"
      "# TYPE greenwave_mirror_polls_total counter\n"
      "greenwave_mirror_polls_total {}\n"
      "# HELP greenwave_mirror_fetches_total Fetches from the upstream.\n"
      "# TYPE greenwave_mirror_fetches_total counter\n"
      "greenwave_mirror_fetches_total {}\n"
      "# HELP greenwave_mirror_fetch_failures_total Polls and fetches that failed.\n"
      "# TYPE greenwave_mirror_fetch_failures_total counter\n"
      "greenwave_mirror_fetch_failures_total {}\n"
      "# HELP greenwave_mirror_last_fetch_timestamp_seconds When nothing was left to fetch; 0 for never.\n"
      "# TYPE greenwave_mirror_last_fetch_timestamp_seconds gauge\n"
      "greenwave_mirror_last_fetch_timestamp_seconds {}\n",
      counts.polls, counts.fetches, counts.failures,
      std::chrono::duration_cast<std::chrono::seconds>(counts.last_success.time_since_epoch()).count());
  return text;
}

}  // namespace greenwave::hub
