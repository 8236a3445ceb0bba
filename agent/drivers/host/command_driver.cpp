#include "drivers/host/command_driver.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/apply_each.h"
#include "drivers/host/argv.h"
#include "drivers/host/command_spec.h"
#include "drivers/host/host_session.h"
#include "drivers/host/programs.h"

namespace greenwave::drivers::host {

namespace {

/// A check runs at every pass over the device, so it must be quick.
constexpr auto check_timeout = std::chrono::seconds(30);
constexpr auto undo_timeout = std::chrono::minutes(5);
/// A command has no health of its own beyond its success.
constexpr plan::Watch command_health{.interval = std::chrono::seconds(1), .within = std::chrono::seconds(1)};

std::string how_it_ended(const CommandResult& result, Duration timeout) {
  if (result.timed_out) return fmt::format("did not end within {} and was killed", to_words(timeout));
  if (result.status > 128) return fmt::format("was killed by signal {}", result.status - 128);
  return fmt::format("exited with status {}", result.status);
}

std::string with_output(const std::string& message, const std::string& output) {
  const auto lines = last_lines(output);
  return lines.empty() ? message + " and no output" : fmt::format("{}:\n{}", message, lines);
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
  if (record.check.user != root_user) json["user"] = record.check.user;
  if (!record.check.directory.empty()) json["workingDirectory"] = record.check.directory;
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
    record.check.user = json.value("user", std::string(root_user));
    record.check.directory = json.value("workingDirectory", "");
    record.output = json.value("output", "");
  } catch (const nlohmann::json::exception&) {
    throw Error(Fault::damaged, "the agent's record of a command cannot be read");
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

class CommandComparison : public Comparison {
 public:
  explicit CommandComparison(CommandRunner& runner) : runner_(runner) {}

  plan::Difference difference(const Candidate& candidate) override {
    const auto& [desired, entry] = candidate;
    Problems problems;
    const auto spec = read_command_spec(runner_.host(), desired->manifest, problems);
    if (problems.has_errors()) throw Error(Fault::invalid, to_string(problems.list().front()));
    plan::Difference difference;
    difference.record = to_json({spec, false, ""});
    if (runner_.leaves_out()) return difference;
    std::optional<std::string> why;
    if (has_check(spec)) {
      try {
        why = runner_.need(spec);
      } catch (const Error& error) {
        if (error.fault() != Fault::invalid) throw;
        why = error.message();
        difference.missing = error.what();
      }
    } else if (!succeeded_before(*desired, entry)) {
      why = "it has not succeeded yet for this manifest";
    }
    if (!why) return difference;
    difference.kind = entry == nullptr ? plan::Difference::Kind::create : plan::Difference::Kind::change;
    difference.diff = fmt::format("run {}\n({})\n", words_of(spec), *why);
    difference.was = *why;
    if (spec.disruptive) difference.disruption = plan::Disruption::whole;
    return difference;
  }

  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override {
    apply_each(steps, report, stop, [this](const plan::Step& step) { return apply_one(step); });
  }

 private:
  StepResult apply_one(const plan::Step& step);
  void run_command(CommandRecord& record, StepResult& result);

  CommandRunner& runner_;
};

StepResult CommandComparison::apply_one(const plan::Step& step) {
  StepResult result;
  result.ok = true;
  // What a command did cannot be undone: its object is forgotten.
  if (step.desired == nullptr) return result;
  Problems problems;
  CommandRecord record{read_command_spec(runner_.host(), step.desired->manifest, problems), true, ""};
  const auto& spec = record.check;
  if (step.difference.kind != plan::Difference::Kind::none) {
    run_command(record, result);
  } else if (!has_check(spec)) {
    record.ran = runner_.is_live();
  }
  result.entry.record = to_json(record);
  result.entry.live = has_check(spec) || !record.ran;
  return result;
}

void CommandComparison::run_command(CommandRecord& record, StepResult& result) {
  const auto& spec = record.check;
  runner_.prepare();
  auto run = runner_.start(spec, spec.command, spec.timeout, spec.environment);
  if (spec.sensitive) run.output = "(sensitive: not shown)";
  record.output = last_lines(run.output);
  record.ran = !run.timed_out && run.status == 0;
  const auto fail = [&](const std::string& message) {
    result.ok = false;
    result.error = with_output(message, run.output);
  };
  if (!record.ran) {
    fail(fmt::format("{} {}", words_of(spec), how_it_ended(run, spec.timeout)));
    if (!run.timed_out && run.status == EX_TEMPFAIL) result.fault = Fault::transient;
  } else if (has_check(spec)) {
    // A check that is never satisfied would run the command again at every pass.
    if (const auto still = runner_.need(spec)) {
      fail(fmt::format("{} succeeded, but {}; its creates or unless must show that it has run",
                       words_of(spec), *still));
    }
  }
}

class CommandSession : public HostSession {
 public:
  explicit CommandSession(CommandRunner& runner) : runner_(runner) {}

  Drift drift(const Entry& entry) override {
    const auto record = record_from(entry.record);
    if (runner_.leaves_out()) return {};
    if (has_check(record.check)) return {.how = runner_.need(record.check)};
    // The inventory came with an image in which nothing was run.
    if (!record.ran) return {.how = "not run yet"};
    return {};
  }

  std::unique_ptr<Comparison> compare(const Render&, std::span<const Candidate>) override {
    return std::make_unique<CommandComparison>(runner_);
  }

  /// A command has no health of its own beyond its success.
  std::vector<Health> health(std::span<const Entry* const> entries, Duration) override {
    return std::vector<Health>(entries.size());
  }

 private:
  CommandRunner& runner_;
};

}  // namespace

CommandResult CommandRunner::start(const CommandSpec& spec, const std::vector<std::string>& argv,
                                   Duration timeout,
                                   const std::map<std::string, std::string>& environment) const {
  Command command;
  Parents parents(host_, Parents::Purpose::look);
  if (!spec.directory.empty()) {
    const auto inside = parents.find(spec.directory + "/x");
    if (!inside) {
      throw Error(Fault::invalid, fmt::format("the working directory {} is not there", spec.directory),
                  "declare it as a Directory");
    }
    command.directory = inside->directory;
  }
  command.argv = argv;
  command.timeout = timeout;
  command.environment = environment;
  command.while_waiting = while_waiting_;
  if (spec.sensitive) command = with_hidden_script(std::move(command));
  return run_program(host_, as_user(std::move(command), spec.user));
}

std::optional<std::string> CommandRunner::need(const CommandSpec& spec) const {
  if (!spec.creates.empty()) {
    const Host everything{host_.root, {"/"}};
    struct stat about {};
    if (Parents(everything, Parents::Purpose::look).look(spec.creates, about)) return {};
    return spec.creates + " is missing";
  }
  if (!may_run_as(host_, spec.user)) return {};  // by an older configuration
  const auto result = start(spec, spec.unless, check_timeout, {});
  if (!result.timed_out && result.status == 0) return {};
  return fmt::format("{} {}", shown(spec.unless), how_it_ended(result, check_timeout));
}

bool CommandRunner::leaves_out() {
  left_out_ = left_out_ || !is_live();
  return !is_live();
}

std::unique_ptr<Session> CommandDriver::look(const LookOptions&, std::span<const Entry* const>) {
  return std::make_unique<CommandSession>(runner_);
}

std::optional<std::string> CommandDriver::undo(const Entry& entry) {
  const auto record = record_from(entry.record);
  // An intended one may have run, or half of it.
  if (!runner_.is_live() || (!record.ran && !entry.intended)) return {};
  if (record.check.undo.empty()) return "it has no undo command";
  if (!may_run_as(runner_.host(), record.check.user)) {
    return fmt::format("this device runs no programs of manifests as {} any more", record.check.user);
  }
  try {
    const auto result = runner_.start(record.check, record.check.undo, undo_timeout, {});
    if (!result.timed_out && result.status == 0) return "";
    return with_output(fmt::format("{} {}", shown(record.check.undo), how_it_ended(result, undo_timeout)),
                       result.output);
  } catch (const Error& error) {
    return error.what();
  }
}

std::vector<std::string> CommandDriver::notes() const {
  if (!runner_.has_left_out()) return {};
  return {fmt::format("commands are not run for a device below {}", runner_.root().native())};
}

}  // namespace greenwave::drivers::host
