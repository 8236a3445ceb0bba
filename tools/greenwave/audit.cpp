#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "context/period.h"
#include "last_state.h"
#include "state/evidence.h"
#include "text.h"

namespace greenwave::cli {

namespace {

using nlohmann::json;

constexpr auto between_looks = std::chrono::seconds(2);

struct AuditOptions {
  std::string since;
  std::string until;
  bool follow = false;
};

std::vector<json> lines_above(const Context& context, std::int64_t above) {
  const auto answer = context.client().get(fmt::format("/v1/audit?after={}", above)).at("lines");
  return answer.get<std::vector<json>>();
}

std::vector<json> all_lines(const Context& context) {
  std::vector<json> lines;
  try {
    for (auto more = lines_above(context, 0); !more.empty();) {
      const auto last = more.back().at("number").get<std::int64_t>();
      std::ranges::move(more, std::back_inserter(lines));
      more = lines_above(context, last);
    }
  } catch (const Unreachable& unreachable) {
    lines = last_evidence(context, 0);
    print_error(unreachable, false);
  }
  return lines;
}

class Printer {
 public:
  Printer(const AuditOptions& options, bool as_json)
      : json_(as_json), period_(period_from(options.since, options.until, SystemClock().now())) {}

  void take(const json& line) {
    // After a cold start the clock is years behind: such a line belongs to the time of the one before it.
    const auto at = time_of(line);
    if (at >= clock_is_set) at_ = at;
    if (!period_.has(at_)) return;
    print(json_ ? line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n" : audit_text(line));
  }

 private:
  static Time time_of(const json& line) {
    try {
      return from_iso(line.value("at", ""));
    } catch (const Error&) {
      return {};
    }
  }

  bool json_;
  Period period_;
  Time at_ = Time::min();
};

[[noreturn]] void follow(const Context& context, Printer& printer, std::int64_t last) {
  while (true) {
    std::fflush(stdout);
    std::this_thread::sleep_for(between_looks);
    try {
      for (const auto& line : lines_above(context, last)) {
        printer.take(line);
        last = line.at("number").get<std::int64_t>();
      }
    } catch (const Unreachable&) {
      // The agent restarts; what it writes meanwhile is read when it answers again.
    }
  }
}

int show_audit(const Context& context, const AuditOptions& options) {
  Printer printer(options, context.json);
  const auto lines = all_lines(context);
  for (const auto& line : lines) printer.take(line);
  const auto broken = state::check_chain(lines);
  if (broken.number != 0) {
    print_error(Error(Fault::untrusted,
                      fmt::format("line {} of the evidence was changed: {}", broken.number, broken.why),
                      "compare it with what the journal or your log server has of it"),
                false);
  }
  if (options.follow)
    follow(context, printer, lines.empty() ? 0 : lines.back().at("number").get<std::int64_t>());
  return broken.number != 0 ? 1 : 0;
}

Action declare_audit(CommandLine& line) {
  const auto options = std::make_shared<AuditOptions>();
  line.option("--since", options->since, "From when: 2h (ago), 2026-11-24, 2026-11-24T06:00:00Z")
      .value_name("WHEN");
  line.option("--until", options->until, "And until when").value_name("WHEN");
  line.flag("-f,--follow", options->follow, "Show what comes from now on too, until Ctrl-C");
  return [options](const Context& context) { return show_audit(context, *options); };
}

}  // namespace

const Subcommand audit_command{
    .name = "audit",
    .summary = "Evidence: who had what done when, for which commit, who signed it, how it came",
    .details =
        R"(Oldest first; with -o json a line of JSON each, for an auditor or a SIEM. It has more than the history: also
what a person asked for and changed nothing, each commit that the device was brought to, and syncs that a power cut
ended. Each line has the hash of the one before it, which is checked here. The agent keeps the last 4,000.

Exit codes: 0 shown, 1 a line was changed since it was written, 2 it could not be read.

Examples:
  greenwave audit --since 30d
  greenwave audit --since 2026-11-01 --until 2026-12-01 -o json > november.jsonl
  greenwave audit --follow -o json)",
    .declare = declare_audit,
};

}  // namespace greenwave::cli
