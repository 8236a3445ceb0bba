#include "drivers/workload/cron_job.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "yaml/fields.h"

namespace greenwave::drivers::workload {

namespace {

constexpr std::int64_t longest_seconds = 365 * 86'400;
constexpr std::int64_t most_tries = 100;

void read_schedule(yaml::Fields& spec, CronJob& job) {
  job.written = spec.required_text("schedule");
  if (job.written.empty()) return;
  try {
    job.schedule = parse_schedule(job.written);
  } catch (const Error& error) {
    spec.error("schedule", error.message(), error.remedy());
  }
}

void read_zone(yaml::Fields& spec, CronJob& job) {
  const auto zone = spec.text("timeZone");
  if (!zone) return;
  try {
    load_time_zone(*zone);
    job.zone = *zone;
  } catch (const Error& error) {
    spec.error("timeZone", error.message(), error.remedy());
  }
}

/// A timer starts nothing while its service runs.
void check_concurrency(yaml::Fields& spec, Problems& problems) {
  const auto policy = spec.word("concurrencyPolicy", {"Allow", "Forbid", "Replace"});
  if (policy == "Allow") {
    problems.warning(spec.place_of("concurrencyPolicy"),
                     "on a device one run ends before the next begins, whatever is written here",
                     "write Forbid");
  } else if (policy == "Replace") {
    spec.error("concurrencyPolicy", "on a device a run is not replaced by the next",
               "write Forbid, and jobTemplate.spec.activeDeadlineSeconds for a run that may hang");
  }
}

std::optional<std::chrono::seconds> seconds(yaml::Fields& fields, std::string_view key, std::int64_t least) {
  const auto number = fields.integer(key, least, longest_seconds);
  if (!number) return {};
  return std::chrono::seconds(*number);
}

}  // namespace

bool is_cron_job(const ObjectId& id) {
  return id.api_version == "batch/v1" && id.kind == "CronJob";
}

CronJob read_cron_job(const Manifest& manifest, const Rules& rules, Problems& problems) {
  CronJob job;
  yaml::Fields spec(manifest.spec(), "CronJob's spec", problems);
  read_schedule(spec, job);
  read_zone(spec, job);
  check_concurrency(spec, problems);
  job.suspended = spec.flag("suspend").value_or(false);
  job.deadline = seconds(spec, "startingDeadlineSeconds", 0);
  const auto* frame = manifest.spec().at({"jobTemplate", "spec"});
  if (frame == nullptr || !frame->is_map()) {
    spec.error("jobTemplate", fmt::format("{}: spec.jobTemplate.spec is missing", to_string(manifest.id)),
               "write the job there: jobTemplate: {spec: {template: {spec: {containers: …}}}}");
    return job;
  }
  yaml::Fields job_spec(*frame, "CronJob's spec.jobTemplate.spec", problems);
  job.longest_run = seconds(job_spec, "activeDeadlineSeconds", 1);
  const auto tries = job_spec.integer("backoffLimit", 0, most_tries);
  if (tries) job.more_tries = static_cast<unsigned>(*tries);
  job.workload = read_workload(manifest, {frame, "spec.jobTemplate.spec"}, rules, problems);
  job.workload.restart = "Never";
  return job;
}

}  // namespace greenwave::drivers::workload
