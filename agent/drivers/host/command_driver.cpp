#include "drivers/host/command_driver.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/argv.h"

namespace greenwave::drivers::host {

namespace {

constexpr int command_rank = 40;
constexpr std::size_t shown_lines = 10;
constexpr std::size_t shown_bytes = 2000;
/// A check runs at every pass over the device, so it must be quick.
constexpr auto check_timeout = std::chrono::seconds(30);
constexpr auto undo_timeout = std::chrono::minutes(5);
/// A command has no health of its own beyond its success.
constexpr plan::Watch command_health{.interval = std::chrono::seconds(1), .within = std::chrono::seconds(1)};

std::string last_lines(const std::string& output) {
  std::string_view text = trim(output);
  const bool cut = text.size() > shown_bytes;
  if (cut) text.remove_prefix(text.size() - shown_bytes);
  auto begin = text.size();
  for (std::size_t lines = 0; lines < shown_lines && begin != 0; ++lines) {
    begin = text.rfind('\n', begin - 1);
    if (begin == std::string_view::npos) begin = 0;
  }
  return printable(trim(text.substr(begin)));
}

std::string how_it_ended(const CommandResult& result, Duration timeout) {
  if (result.timed_out) return fmt::format("did not end within {} and was killed", to_words(timeout));
  if (result.status > 128) return fmt::format("was ended by signal {}", result.status - 128);
  return fmt::format("ended with exit status {}", result.status);
}

std::string with_output(const std::string& message, const std::string& output) {
  const auto lines = last_lines(output);
  return lines.empty() ? message + ", without a word" : fmt::format("{}:\n{}", message, lines);
}

std::string words_of(const CommandSpec& spec) {
  return spec.sensitive ? "a command (sensitive)" : shown(spec.command);
}

/// What the inventory keeps: the check, so that drift needs no manifest, and how the last run went. Not the
/// environment, which may hold a secret: a check runs without it.
struct CommandRecord {
  CommandSpec check;
  bool ran = false;
  std::string output;
};

std::string to_json(const CommandRecord& record) {
  nlohmann::ordered_json json{{"command", words_of(record.check)}, {"ran", record.ran}};
  if (!record.check.creates.empty()) json["creates"] = record.check.creates;
  if (!record.check.unless.empty()) json["unless"] = record.check.unless;
  if (!record.check.undo.empty()) json["undo"] = record.check.undo;
  if (!record.output.empty()) json["output"] = record.output;
  return json.dump();
}

CommandRecord record_from(const std::string& text) {
  CommandRecord record;
  if (text.empty()) return record;
  try {
    const auto json = nlohmann::json::parse(text);
    record.ran = json.at("ran");
    record.check.creates = json.value("creates", "");
    if (json.contains("unless")) record.check.unless = json["unless"];
    if (json.contains("undo")) record.check.undo = json["undo"];
    record.output = json.value("output", "");
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the inventory's record of a command cannot be read");
  }
  return record;
}

bool has_check(const CommandSpec& spec) {
  return !spec.creates.empty() || !spec.unless.empty();
}

/// A command without a check has done its work when it has succeeded for this very manifest.
bool succeeded_before(const plan::Desired& desired, const Entry* entry) {
  return entry != nullptr && entry->digest == desired.manifest.digest && !entry->intended &&
         entry->error.empty() && record_from(entry->record).ran;
}

}  // namespace

bool CommandDriver::serves(const ObjectId& id) const {
  return id.api_version == own_api && id.kind == "Command";
}

plan::Footprint CommandDriver::footprint(const Manifest& manifest, Problems& problems) const {
  plan::Footprint footprint;
  footprint.sensitive = read_command_spec(manifest, problems).sensitive;
  footprint.rank = command_rank;
  footprint.claims.push_back("command:" + manifest.id.name);
  footprint.watch = command_health;
  return footprint;
}

CommandResult CommandDriver::start(const std::vector<std::string>& argv, Duration timeout,
                                   const std::map<std::string, std::string>& environment) {
  Command command;
  command.argv = argv;
  command.timeout = timeout;
  command.environment = environment;
  command.while_waiting = while_waiting_;
  return run(command);
}

std::optional<std::string> CommandDriver::need(const CommandSpec& spec) {
  if (!spec.creates.empty()) {
    const Host everything{host_.root, {"/"}};
    struct stat about {};
    if (Parents(everything).look(spec.creates, about)) return {};
    return spec.creates + " is missing";
  }
  const auto result = start(spec.unless, check_timeout, {});
  if (!result.timed_out && result.status == 0) return {};
  return fmt::format("{} {}", shown(spec.unless), how_it_ended(result, check_timeout));
}

std::optional<std::string> CommandDriver::drift(const Entry& entry,
                                                std::optional<std::vector<FileSignature>>&) {
  const auto record = record_from(entry.record);
  if (!host_.is_live()) {
    left_out_ = true;
    return {};
  }
  if (has_check(record.check)) return need(record.check);
  // The inventory came with an image in which nothing was run.
  if (!record.ran) return "not run yet";
  return {};
}

plan::Difference CommandDriver::compare(const plan::Desired& desired, const Entry* entry, const SourceTree&) {
  Problems problems;
  const auto spec = read_command_spec(desired.manifest, problems);
  if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
  plan::Difference difference;
  difference.record = to_json({spec, false, ""});
  if (!host_.is_live()) {
    left_out_ = true;
    return difference;
  }
  std::optional<std::string> why;
  if (has_check(spec)) {
    why = need(spec);
  } else if (!succeeded_before(desired, entry)) {
    why = "it has not succeeded yet for this manifest";
  }
  if (!why) return difference;
  difference.kind = entry == nullptr ? plan::Difference::Kind::create : plan::Difference::Kind::change;
  difference.diff = fmt::format("run {}\n({})\n", words_of(spec), *why);
  difference.was = *why;
  if (spec.disruptive) difference.disruption = plan::Disruption::whole;
  return difference;
}

void CommandDriver::apply(std::span<const plan::Step* const> steps, const SourceTree&, const Report& report,
                          const std::function<bool()>& stop) {
  for (const auto* step : steps) {
    if (stop()) return;
    Outcome outcome;
    try {
      outcome = apply_one(*step);
    } catch (const Error& error) {
      outcome.error = error.what();
    }
    report(*step, std::move(outcome));
  }
}

Outcome CommandDriver::apply_one(const plan::Step& step) {
  Outcome outcome;
  outcome.ok = true;
  // What a command did cannot be undone: its object is forgotten.
  if (step.desired == nullptr) return outcome;
  Problems problems;
  CommandRecord record{read_command_spec(step.desired->manifest, problems), true, ""};
  const auto& spec = record.check;
  const bool must_run = step.difference.kind != plan::Difference::Kind::none;
  if (must_run) {
    auto result = start(spec.command, spec.timeout, spec.environment);
    if (spec.sensitive) result.output = "(sensitive: not shown)";
    record.output = last_lines(result.output);
    record.ran = !result.timed_out && result.status == 0;
    if (!record.ran) {
      outcome.ok = false;
      outcome.error = with_output(fmt::format("{} {}", words_of(spec), how_it_ended(result, spec.timeout)),
                                  result.output);
    } else if (has_check(spec)) {
      // A check that is never satisfied would run the command again at every pass.
      if (const auto still = need(spec)) {
        outcome.ok = false;
        outcome.error =
            with_output(fmt::format("{} succeeded, but {}; its creates or unless must tell that it has run",
                                    words_of(spec), *still),
                        result.output);
      }
    }
  } else if (!has_check(spec)) {
    record.ran = host_.is_live();
  }
  outcome.entry.record = to_json(record);
  outcome.entry.live = has_check(spec) || !record.ran;
  return outcome;
}

std::optional<std::string> CommandDriver::undo(const Entry& entry) {
  const auto record = record_from(entry.record);
  // An intended one may have run, or half of it.
  if (!host_.is_live() || (!record.ran && !entry.intended)) return {};
  if (record.check.undo.empty()) return "it names no undo";
  try {
    const auto result = start(record.check.undo, undo_timeout, {});
    if (!result.timed_out && result.status == 0) return "";
    return with_output(fmt::format("{} {}", shown(record.check.undo), how_it_ended(result, undo_timeout)),
                       result.output);
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<std::string> CommandDriver::notes() const {
  if (!left_out_) return {};
  return {fmt::format("commands are not run for a device below {}", host_.root.native())};
}

}  // namespace greenwave::drivers::host
