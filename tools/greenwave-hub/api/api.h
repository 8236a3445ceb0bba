#pragma once

#include <functional>
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "access/access.h"
#include "api/shared_answers.h"
#include "changes/board.h"
#include "cities/neighbours.h"
#include "config/hub_config.h"
#include "database/connection.h"
#include "enrol/authority.h"
#include "events/events.h"
#include "http/message.h"
#include "intake/intake.h"
#include "intake/throttle.h"
#include "inventory/follower.h"

namespace greenwave::hub {

/// What one certificate may send, and get, so that it takes nothing from others: limits are never by address,
/// since a whole city may sit behind one. Each hub process counts for itself.
struct Limits {
  Throttle reports;       ///< by the names in certificates
  Throttle certificates;  ///< by the devices that they are issued for
};

/// What answers requests work with. Everything outlives the requests.
struct Api {
  const HubConfig& config;
  const Log& log;
  Loop& loop;
  Connection& writer;  ///< for what changes the database
  Connection& reader;  ///< for what only reads: a slow question holds up no report
  Intake& intake;
  Limits& limits;
  Access& access;
  Events& events;
  SharedAnswers& shared;
  ChangesBoard& changes;
  const RepositoryTrouble& trouble;
  const Authority* authority;    ///< null: certificates come from elsewhere
  const Neighbours* neighbours;  ///< null: no other city is asked
  std::function<std::string()> metrics;
};

/// One request, on its way to an answer.
struct Exchange {
  HttpRequest request;
  std::shared_ptr<Responder> responder;
  std::string subject;  ///< what the path names: the device's id; empty: nothing
};

/// They throw Error for what is wrong with a request. A PersonHandler gets somebody whom Access knows.
using PersonHandler = void (*)(Api& api, const Exchange& exchange, const Person& person);
using OpenHandler = void (*)(Api& api, const Exchange& exchange);

// Devices and enrolling, by certificates.
void take_report(Api& api, const Exchange& exchange);
void take_relayed(Api& api, const Exchange& exchange);
void enrol(Api& api, const Exchange& exchange);
void renew(Api& api, const Exchange& exchange);

// Reading.
void list_devices(Api& api, const Exchange& exchange, const Person& person);
void show_device_impact(Api& api, const Exchange& exchange, const Person& person);
void show_device_objects(Api& api, const Exchange& exchange, const Person& person);
void show_device(Api& api, const Exchange& exchange, const Person& person);
void show_rollout(Api& api, const Exchange& exchange, const Person& person);
void show_impact(Api& api, const Exchange& exchange, const Person& person);
void show_health(Api& api, const Exchange& exchange, const Person& person);
void show_summary(Api& api, const Exchange& exchange, const Person& person);
void show_cities(Api& api, const Exchange& exchange, const Person& person);
void show_states(Api& api, const Exchange& exchange, const Person& person);
void show_places(Api& api, const Exchange& exchange, const Person& person);
void show_me(Api& api, const Exchange& exchange, const Person& person);
void show_rsus(Api& api, const Exchange& exchange, const Person& person);
void show_rsu_info(Api& api, const Exchange& exchange, const Person& person);
void show_rsu_status(Api& api, const Exchange& exchange, const Person& person);
void follow_events(Api& api, const Exchange& exchange, const Person& person);
void show_metrics(Api& api, const Exchange& exchange, const Person& person);
void list_enrolments(Api& api, const Exchange& exchange, const Person& person);
void list_audit(Api& api, const Exchange& exchange, const Person& person);
void list_recipients(Api& api, const Exchange& exchange, const Person& person);

// Acting.
void ask_for_sync(Api& api, const Exchange& exchange, const Person& person);
void ask_many_for_sync(Api& api, const Exchange& exchange, const Person& person);
void decide_enrolment(Api& api, const Exchange& exchange, const Person& person);
void make_code(Api& api, const Exchange& exchange, const Person& person);
void revoke(Api& api, const Exchange& exchange, const Person& person);

/// Finds what answers a request, and whether its sender may ask that.
void answer(Api& api, HttpRequest request, std::shared_ptr<Responder> responder);

/// A reply of JSON; bytes that are not UTF-8 are replaced.
HttpReply json_reply(const nlohmann::json& json, unsigned status = 200);
/// The reply for a statement that failed.
HttpReply reply_for(const Failure& failure);
/// Replies with the one value that a statement returns, which is JSON already; 404 with `absent` when it
/// returns none.
Connection::Then reply_with_json(std::shared_ptr<Responder> responder,
                                 std::string absent = "there is nothing");

/// Something that a person does, in one statement with the note of who did it.
struct Act {
  std::string_view action;  ///< as the audit trail has it: "revoke"
  std::string subject;
  std::string sql;  ///< changes something, and returns a row for each thing that it did
  std::vector<Value> values;
  std::string more{};                         ///< further parts of the WITH: "keys AS (UPDATE …)"
  std::string result = "SELECT * FROM done";  ///< of the rows that `sql` returned
};
/// Does it; `then` is called with the statement's answer.
void perform(const Api& api, const Person& person, Act act, Connection::Then then);

}  // namespace greenwave::hub
