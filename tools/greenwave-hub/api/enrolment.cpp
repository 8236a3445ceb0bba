#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/rand.h>

#include "api/api.h"
#include "api/body.h"
#include "base/error.h"
#include "base/text.h"
#include "config/device_id.h"

namespace greenwave::hub {

namespace {

constexpr std::size_t most_csr = 16 * 1024;

// An agent renews once in months, and an answer may be lost. Each one costs a signature and a row that is
// kept.
constexpr Allowance of_certificates{.interval = std::chrono::minutes(5), .burst = 10, .unanswered = 10};

/// What a device asks for.
struct Asked {
  std::string device;
  std::string csr;
  std::string code;
  std::string recipient;
};

// A code is used at most once; with the key that used it, a device may ask again. A device that the inventory
// does not list is refused where there is an inventory, and one has at most five keys waiting, so that nobody
// fills the list.
constexpr const char* ask_statement = R"sql(
WITH code AS (
  UPDATE greenwave.codes SET used = now()
  WHERE city = $1 AND hash = $5 AND $5 <> '' AND used IS NULL AND expires > now() AND device IN ('', $2) RETURNING hash),
known AS (SELECT decision FROM greenwave.enrolments WHERE city = $1 AND device = $2 AND key = $3),
listed AS (
  SELECT NOT EXISTS (SELECT FROM greenwave.inventories WHERE city = $1)
         OR EXISTS (SELECT FROM greenwave.devices WHERE city = $1 AND device = $2 AND NOT retired) AS ok),
may AS (
  SELECT (SELECT ok FROM listed) AND ($5 = '' OR EXISTS (SELECT FROM code) OR EXISTS (SELECT FROM known WHERE decision = 'approved'))
    AND (EXISTS (SELECT FROM known) OR (SELECT count(*) FROM greenwave.enrolments WHERE city = $1 AND device = $2
                                        AND decision = 'waiting') < 5 OR EXISTS (SELECT FROM code)) AS ok),
asked AS (
  INSERT INTO greenwave.enrolments AS e (city, device, key, csr, recipient, address, asked, decision)
  SELECT $1, $2, $3, $4, $6, $7, now(), CASE WHEN EXISTS (SELECT FROM code) THEN 'approved' ELSE 'waiting' END
  WHERE (SELECT ok FROM may)
  ON CONFLICT (city, device, key) DO UPDATE SET csr = EXCLUDED.csr, recipient = EXCLUDED.recipient,
    address = EXCLUDED.address, asked = EXCLUDED.asked,
    decision = CASE WHEN EXCLUDED.decision = 'approved' THEN 'approved' ELSE e.decision END
  RETURNING decision),
noted AS (
  INSERT INTO greenwave.audit (city, at, who, address, action, subject, detail)
  SELECT $1, now(), 'device', $7, 'enrol by code', $2, jsonb_build_object('key', $3::text) WHERE EXISTS (SELECT FROM code))
SELECT (SELECT decision FROM asked), (SELECT ok FROM listed)
)sql";

constexpr const char* issue_statement = R"sql(
INSERT INTO greenwave.certificates (city, serial, device, key, recipient, issued, not_after)
VALUES ($1, $2, $3, $4, coalesce(nullif($5, ''), (SELECT recipient FROM greenwave.certificates WHERE city = $1 AND
  device = $3 ORDER BY issued DESC LIMIT 1), ''), now(), $6::timestamptz) RETURNING serial
)sql";

Asked read_asked(Body& body) {
  Asked asked{.device = body.required_text("device", 253),
              .csr = body.raw_text("csr", most_csr),
              .code = body.text("code", 40),
              .recipient = body.text("recipient", 2000)};
  body.text("version", 100);
  body.done();
  if (!config::is_device_id(asked.device)) throw Error(Fault::invalid, "device is not a device's id");
  const bool is_age =
      asked.recipient.empty() || asked.recipient.starts_with("age1") || asked.recipient.starts_with("ssh-");
  if (!is_age) throw Error(Fault::invalid, "recipient is not an age recipient");
  return asked;
}

HttpReply no_authority() {
  return refusal(404, "this hub issues no certificates",
                 "the city's own PKI does: hub.yaml has certificates: external");
}

/// Signs, keeps what it signed, and replies with it. Does not throw: the database calls this back.
void issue(Api& api, const std::shared_ptr<Responder>& responder, const SigningRequest& request,
           const std::string& device, const std::string& recipient) {
  const auto verdict =
      api.limits.certificates.admit(device, of_certificates, 1, std::chrono::steady_clock::now());
  if (!verdict.pass) {
    responder->reply(
        too_many(fmt::format("{} asked for too many certificates", printable(device)), verdict.retry_after));
    return;
  }
  Issued issued;
  try {
    const auto end = SystemClock().now() + api.config.certificate_life;
    issued = api.authority->sign(request, device, Use::device, end);
  } catch (const Error& error) {
    responder->reply(refusal(500, fmt::format("the certificate could not be signed: {}", error.what()),
                             "the device asks again by itself"));
    return;
  }
  Query query{
      .name = "issue",
      .sql = issue_statement,
      .values = {api.config.city, issued.serial, device, request.key(), recipient, to_iso(issued.not_after)}};
  api.writer.ask(std::move(query), [responder, pass = verdict.pass, issued = std::move(issued),
                                    city = api.config.city](const Answer& answer) {
    if (answer.failure()) {
      responder->reply(reply_for(*answer.failure()));
      return;
    }
    responder->reply(json_reply(
        {{"certificate", issued.certificate}, {"city", city}, {"notAfter", to_iso(issued.not_after)}}));
  });
}

HttpReply waits(const Asked& asked, const std::string& key) {
  auto reply = json_reply(
      {{"key", key}, {"approve", fmt::format("greenwave fleet approve {} --key {}", asked.device, key)}},
      202);
  reply.headers.emplace_back("Retry-After", "10");
  return reply;
}

HttpReply not_enrolled(const Asked& asked, bool listed) {
  if (!listed) {
    return refusal(403, fmt::format("{} is not in the city's inventory", asked.device),
                   "add it to the repository first");
  }
  if (!asked.code.empty())
    return refusal(403, "the code is wrong, used or expired",
                   "ask an operator for another: greenwave fleet code");
  return refusal(403, fmt::format("too many keys wait for {}", asked.device),
                 "an operator refuses or approves them first: greenwave fleet approve");
}

std::string normal_code(std::string_view code) {
  auto normal = in_upper_case(code);
  std::erase_if(normal, [](char c) { return c == '-' || c == ' '; });
  return normal;
}

std::string new_code() {
  constexpr std::string_view letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";  // none that look alike
  constexpr std::size_t length = 12;
  unsigned char random[length] = {};
  if (RAND_bytes(random, length) != 1) throw Error(Fault::internal, "there are no random numbers");
  std::string code;
  for (std::size_t i = 0; i < length; ++i) {
    if (i > 0 && i % 4 == 0) code += '-';
    code += letters[random[i] % letters.size()];
  }
  return code;
}

}  // namespace

void enrol(Api& api, const Exchange& exchange) {
  if (api.authority == nullptr) {
    exchange.responder->reply(no_authority());
    return;
  }
  Body body(exchange.request.body);
  auto asked = read_asked(body);
  auto request = std::make_shared<SigningRequest>(asked.csr);
  const auto code = asked.code.empty() ? std::string() : hash_of(normal_code(asked.code));
  Query query{.name = "ask",
              .sql = ask_statement,
              .values = {api.config.city, asked.device, request->key(), asked.csr, code, asked.recipient,
                         std::string(exchange.request.header("x-real-ip"))}};
  api.writer.ask(std::move(query), [&api, responder = exchange.responder, asked = std::move(asked),
                                    request](const Answer& answer) {
    if (answer.failure()) {
      responder->reply(reply_for(*answer.failure()));
      return;
    }
    const auto decision = answer.text(0, 0);
    if (decision == "approved") {
      issue(api, responder, *request, asked.device, asked.recipient);
    } else if (decision == "waiting") {
      responder->reply(waits(asked, request->key()));
    } else if (decision.empty()) {
      responder->reply(not_enrolled(asked, answer.text(0, 1) == "t"));
    } else {
      responder->reply(
          refusal(403, fmt::format("this key was {}", decision), "make another: greenwave enroll --new-key"));
    }
  });
}

void renew(Api& api, const Exchange& exchange) {
  HttpReply refused = no_authority();
  const auto caller = api.authority == nullptr ? std::nullopt : api.access.device(exchange.request, refused);
  if (!caller) {
    exchange.responder->reply(std::move(refused));
    return;
  }
  Body body(exchange.request.body);
  const SigningRequest request(body.raw_text("csr", most_csr));
  body.done();
  issue(api, exchange.responder, request, caller->name, "");
}

void list_enrolments(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask({.name = "enrolments",
                  .sql = R"sql(
SELECT json_build_object('enrolments', coalesce(json_agg(json_build_object('device', device, 'key', key, 'address', address,
  'asked', to_char(asked AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) ORDER BY asked), '[]'))::text
FROM greenwave.enrolments WHERE city = $1 AND decision = 'waiting')sql",
                  .values = {api.config.city}},
                 reply_with_json(exchange.responder));
}

void decide_enrolment(Api& api, const Exchange& exchange, const Person& person) {
  Body body(exchange.request.body);
  const auto key = body.text("key");
  const auto decision = body.required_text("decision");
  body.done();
  if (decision != "approve" && decision != "refuse") {
    throw Error(Fault::invalid, "decision is neither approve nor refuse");
  }
  // Without a key, only what is the only one that waits is meant.
  constexpr auto statement = R"sql(
UPDATE greenwave.enrolments e SET decision = $3 WHERE city = $1 AND device = $2 AND decision = 'waiting'
AND (key = $4 OR ($4 = '' AND 1 = (SELECT count(*) FROM greenwave.enrolments o WHERE o.city = $1 AND o.device = $2
                                   AND o.decision = 'waiting')))
RETURNING json_build_object('device', device, 'key', key, 'decision', decision)::text AS told)sql";
  const auto word = decision == "approve" ? "approved" : "refused";
  const auto action = decision + " enrolment";
  perform(api, person,
          {.action = action,
           .subject = exchange.subject,
           .sql = statement,
           .values = {api.config.city, exchange.subject, word, key}},
          reply_with_json(exchange.responder, fmt::format("no key, or more than one, waits for {}",
                                                          in_one_line(exchange.subject, 100))));
}

void make_code(Api& api, const Exchange& exchange, const Person& person) {
  Body body(exchange.request.body);
  const auto device = body.text("device", 253);
  const auto minutes = body.integer("minutes", 60, 1, 60 * 24 * 7);
  body.done();
  if (!device.empty() && !config::is_device_id(device))
    throw Error(Fault::invalid, "device is not a device's id");
  const auto code = new_code();
  perform(
      api, person,
      {.action = "make code",
       .subject = device,
       .sql = R"sql(
INSERT INTO greenwave.codes (city, hash, device, made_by, expires)
VALUES ($1, $2, $3, $4, now() + make_interval(mins => $5::int))
RETURNING to_char(expires AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS expires)sql",
       .values = {api.config.city, hash_of(normal_code(code)), device, person.name, std::to_string(minutes)}},
      [responder = exchange.responder, code, device](const Answer& answer) {
        if (answer.failure()) {
          responder->reply(reply_for(*answer.failure()));
        } else {
          responder->reply(json_reply({{"code", code}, {"device", device}, {"expires", answer.text(0, 0)}}));
        }
      });
}

void revoke(Api& api, const Exchange& exchange, const Person& person) {
  perform(
      api, person,
      {.action = "revoke",
       .subject = exchange.subject,
       .sql = "UPDATE greenwave.certificates SET revoked = now() WHERE city = $1 AND device = $2 AND revoked "
              "IS NULL "
              "RETURNING serial",
       .values = {api.config.city, exchange.subject},
       .more =
           "keys AS (UPDATE greenwave.enrolments SET decision = 'revoked' WHERE city = $1 AND device = $2)",
       .result = "SELECT json_build_object('device', $2, 'revoked', count(*))::text FROM done HAVING "
                 "count(*) > 0"},
      [&api, then = reply_with_json(exchange.responder, "the device has no certificate")](Answer answer) {
        api.access.refresh();
        then(std::move(answer));
      });
}

void list_recipients(Api& api, const Exchange& exchange, const Person&) {
  api.reader.ask({.name = "recipients",
                  .sql = R"sql(
SELECT json_build_object('devices', coalesce(json_object_agg(device, recipient), '{}'))::text
FROM (SELECT DISTINCT ON (device) device, recipient FROM greenwave.certificates
      WHERE city = $1 AND revoked IS NULL ORDER BY device, issued DESC) c WHERE recipient <> '')sql",
                  .values = {api.config.city}},
                 reply_with_json(exchange.responder));
}

}  // namespace greenwave::hub
