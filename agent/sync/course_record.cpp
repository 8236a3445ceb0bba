#include "sync/course_record.h"

#include <nlohmann/json.hpp>

#include "state/keys.h"

namespace greenwave::sync {

namespace {

using Texts = std::vector<std::string>;

nlohmann::json to_json(const Trial& trial) {
  return {{"commit", trial.commit.text()},
          {"reached", trial.reached},
          {"touched", trial.touched},
          {"looked", trial.looked},
          {"failedBefore", trial.failed_before},
          {"well", trial.well},
          {"starts", trial.starts},
          {"process", trial.process},
          {"unwell", trial.unwell},
          {"reverting", trial.reverting},
          {"refused", trial.refused},
          {"ownChange", trial.own_change},
          {"told", trial.told},
          {"undone", trial.undone},
          {"notUndone", trial.not_undone}};
}

Trial trial_from_json(const nlohmann::json& json) {
  return {.commit = CommitId(json.at("commit").get<std::string>()),
          .reached = json.value("reached", false),
          .touched = json.value("touched", Texts{}),
          // One that an older agent began has changed the device already.
          .looked = json.value("looked", true),
          .failed_before = json.value("failedBefore", Texts{}),
          .well = json.value("well", Texts{}),
          .starts = json.value("starts", 0U),
          .process = json.value("process", ""),
          .unwell = json.value("unwell", ""),
          .reverting = json.value("reverting", ""),
          .refused = json.value("refused", std::size_t{0}),
          .own_change = json.value("ownChange", ""),
          .told = json.value("told", false),
          .undone = json.value("undone", Texts{}),
          .not_undone = json.value("notUndone", Texts{})};
}

}  // namespace

nlohmann::json to_json(const Rejected& rejected) {
  return {{"commit", rejected.commit.text()}, {"reason", rejected.reason},
          {"refused", rejected.refused},      {"when", to_iso(rejected.when)},
          {"notUndone", rejected.not_undone}, {"stuck", rejected.stuck},
          {"unwell", rejected.unwell}};
}

Rejected rejected_from_json(const nlohmann::json& json) {
  return {.commit = CommitId(json.at("commit").get<std::string>()),
          .reason = json.value("reason", ""),
          .refused = json.value("refused", std::size_t{0}),
          .when = from_iso(json.value("when", to_iso(Time{}))),
          .not_undone = json.value("notUndone", Texts{}),
          .stuck = json.value("stuck", ""),
          .unwell = json.value("unwell", "")};
}

Course read_course(const state::State& state) {
  Course course{.good = CommitId(state.value(state::keys::applied).value_or(""))};
  const auto json = nlohmann::json::parse(state.value(state::keys::course).value_or(""), nullptr, false);
  try {
    if (json.is_discarded()) return course;
    Course read{.good = CommitId(json.at("good").get<std::string>())};
    if (json.contains("trial")) read.trial = trial_from_json(json["trial"]);
    if (json.contains("rejected")) read.rejected = rejected_from_json(json["rejected"]);
    read.stuck = json.value("stuck", Texts{});
    read.ailing = json.value("ailing", Texts{});
    if (json.contains("refused")) read.refused = json["refused"].get<Texts>();
    return read;
  } catch (const std::exception&) {
    return course;  // no writer of ours wrote it
  }
}

void write_course(state::State& state, const Course& course) {
  nlohmann::json json{{"good", course.good.text()}};
  if (course.trial) json["trial"] = to_json(*course.trial);
  if (course.rejected) json["rejected"] = to_json(*course.rejected);
  if (!course.stuck.empty()) json["stuck"] = course.stuck;
  if (!course.ailing.empty()) json["ailing"] = course.ailing;
  if (course.refused) json["refused"] = *course.refused;
  state.set_value(state::keys::course, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace greenwave::sync
