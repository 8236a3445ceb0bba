#include <memory>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/api.h"
#include "base/error.h"
#include "base/text.h"

namespace greenwave::hub {

namespace {

// An agent sends one report after the other: at each change of its state, and after a time without a hub its
// history at 20 syncs a report. This is more than any has to say, and a thousandth of what a hub takes.
constexpr Allowance of_device{.interval = std::chrono::milliseconds(200), .burst = 300, .unanswered = 8};
// A relay may send as fast as it gets its answers, since nobody knows how many devices it speaks for. What
// waits of it is limited instead: others wait a moment behind it, and never find the queue full.
constexpr Allowance of_relay{.burst = 2 * most_relayed, .unanswered = 2 * most_relayed};

/// Null, once it has replied: the certificate's limit is reached.
Throttle::Pass admit(Api& api, const Exchange& exchange, const DeviceCaller& caller, std::size_t reports) {
  const auto verdict = api.limits.reports.admit(caller.name, caller.is_relay ? of_relay : of_device, reports,
                                                std::chrono::steady_clock::now());
  if (!verdict.pass) {
    const auto why = fmt::format("there are too many reports of {}", printable(caller.name));
    if (verdict.is_first) api.log.warning(why + ": they are answered 429");
    exchange.responder->reply(too_many(why, verdict.retry_after));
  }
  return verdict.pass;
}

HttpReply reply_for(const Receipt& receipt, const HubConfig& config) {
  switch (receipt.kind) {
    case Receipt::Kind::behind:
      return json_reply({{"boot", receipt.boot}, {"error", "a later boot of this device has reported"}}, 409);
    case Receipt::Kind::refused:
      return refusal(400, "the report's values cannot be stored", "this is a bug of the agent or the hub");
    case Receipt::Kind::unavailable:
      return unavailable("the database is away");
    case Receipt::Kind::acknowledged:
      break;
  }
  nlohmann::json body{
      {"heartbeat", std::chrono::duration_cast<std::chrono::seconds>(config.heartbeat).count()}};
  if (receipt.send_state) body["send"] = "state";
  if (receipt.asked_by) body["sync"] = {{"who", *receipt.asked_by}, {"reason", receipt.asked_why}};
  return json_reply(body);
}

HttpReply not_its_own(const DeviceCaller& caller, const std::string& device) {
  return refusal(
      403,
      fmt::format("the certificate of {} cannot speak for {}", printable(caller.name), printable(device)),
      "enrol the device by its own id");
}

/// A relay's batch on its way to an answer, which says what became of each line.
struct Relayed {
  std::shared_ptr<Responder> responder;
  Throttle::Pass pass;
  std::size_t left = 0;
  std::size_t acknowledged = 0;
  bool unavailable = false;
  nlohmann::json refused = nlohmann::json::array();

  void refuse(std::size_t line, std::string_view why) { refused.push_back({{"line", line}, {"error", why}}); }
  void finish() const {
    if (unavailable) {
      responder->reply(hub::unavailable("the database is away"));
    } else {
      responder->reply(json_reply({{"acknowledged", acknowledged}, {"refused", refused}}));
    }
  }
};

void take_line(Api& api, const std::shared_ptr<Relayed>& batch, std::size_t line, std::string_view text) {
  try {
    auto report = read_report(text);
    ++batch->left;
    api.intake.take(std::move(report), [batch, line](const Receipt& receipt) {
      if (receipt.kind == Receipt::Kind::acknowledged) ++batch->acknowledged;
      if (receipt.kind == Receipt::Kind::unavailable) batch->unavailable = true;
      if (receipt.kind == Receipt::Kind::behind)
        batch->refuse(line, "a later boot of this device has reported");
      if (receipt.kind == Receipt::Kind::refused) batch->refuse(line, "its values cannot be stored");
      if (--batch->left == 0) batch->finish();
    });
  } catch (const Error& error) {
    batch->refuse(line, error.message());
  }
}

}  // namespace

void take_report(Api& api, const Exchange& exchange) {
  HttpReply refused;
  const auto caller = api.access.device(exchange.request, refused);
  if (!caller) {
    exchange.responder->reply(std::move(refused));
    return;
  }
  if (exchange.request.body.size() > most_report_bytes) {
    exchange.responder->reply(refusal(413, "the report is too large",
                                      fmt::format("at most {}", bytes_in_words(most_report_bytes))));
    return;
  }
  const auto pass = admit(api, exchange, *caller, 1);
  if (!pass) return;
  auto report = read_report(exchange.request.body);
  if (report.device != caller->name && !caller->is_relay) {
    exchange.responder->reply(not_its_own(*caller, report.device));
    return;
  }
  api.intake.take(std::move(report), [&api, pass, responder = exchange.responder](const Receipt& receipt) {
    responder->reply(reply_for(receipt, api.config));
  });
}

void take_relayed(Api& api, const Exchange& exchange) {
  HttpReply refused;
  const auto caller = api.access.device(exchange.request, refused);
  if (caller && !caller->is_relay) {
    refused = refusal(403, fmt::format("{} is not a relay", printable(caller->name)),
                      "name it in devices.relays of hub.yaml");
  }
  if (!caller || !caller->is_relay) {
    exchange.responder->reply(std::move(refused));
    return;
  }
  const auto lines = split(trim(exchange.request.body), '\n');
  if (lines.size() > most_relayed) {
    exchange.responder->reply(
        refusal(413, "there are too many reports", fmt::format("send at most {} at once", most_relayed)));
    return;
  }
  const auto pass = admit(api, exchange, *caller, lines.size());
  if (!pass) return;
  const auto batch = std::make_shared<Relayed>(Relayed{exchange.responder, pass});
  for (std::size_t i = 0; i < lines.size(); ++i) take_line(api, batch, i + 1, lines[i]);
  if (batch->left == 0) batch->finish();
}

}  // namespace greenwave::hub
