#include <algorithm>
#include <optional>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "drivers/podman/cron/run_file.h"
#include "drivers/podman/cron/units.h"
#include "drivers/podman/limits.h"
#include "support/problem_text.h"
#include "support/temporary_directory.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;
using Catch::Matchers::Contains;

namespace {

constexpr std::time_t monday = 1'764'547'200;  // 2025-12-01, midnight UTC

std::tm utc(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  return parts;
}

std::string calendar(const std::string& text, const std::string& zone = "") {
  std::string lines;
  for (const auto& line : to_calendar(parse_schedule(text), zone)) lines += line + "\n";
  return lines;
}

std::string refusal(const std::string& text) {
  try {
    parse_schedule(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// When a schedule is due next, up to `count` times after midnight of that Monday.
std::vector<std::string> due(const Schedule& schedule, std::size_t count) {
  std::vector<std::string> times;
  constexpr std::time_t three_years = 3 * 366 * 86'400;
  for (auto time = monday + 60; time < monday + three_years && times.size() < count; time += 60) {
    if (is_due(schedule, utc(time))) times.push_back(to_iso(Time(std::chrono::seconds(time))));
  }
  return times;
}

/// What systemd-analyze prints; nothing where it is not installed.
std::optional<std::string> systemd_analyze(std::vector<std::string> argv) {
  argv.insert(argv.begin(), "systemd-analyze");
  Command command;
  command.argv = std::move(argv);
  command.environment = {{"TZ", "UTC"}};
  try {
    return run(command).output;
  } catch (const Error&) {
    return {};
  }
}

/// The same, as systemd finds it.
std::vector<std::string> due_by_systemd(const Schedule& schedule, std::size_t count) {
  std::vector<std::string> times;
  for (const auto& line : to_calendar(schedule, "UTC")) {
    const auto answer = systemd_analyze(
        {"calendar", fmt::format("--iterations={}", count), "--base-time=2025-12-01 00:00:00 UTC", line});
    for (const auto shown : split(*answer, '\n')) {
      // "    Next elapse: Mon 2025-12-01 00:05:00 UTC", "   Iteration #2: …"
      const auto year = shown.find(" 202");
      if (year == std::string_view::npos || shown.find("UTC") == std::string_view::npos ||
          (shown.find("elapse") == std::string_view::npos && shown.find("Iter") == std::string_view::npos))
        continue;
      const auto time = shown.substr(year + 1, 19);
      times.push_back(fmt::format("{}T{}Z", time.substr(0, 10), time.substr(11)));
    }
  }
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  times.resize(std::min(times.size(), count));
  return times;
}

/// A field of crontab's, as people write it and as they do not.
std::string random_field(std::mt19937& random, unsigned least, unsigned most) {
  const auto pick = [&](unsigned from, unsigned to) {
    return std::uniform_int_distribution<unsigned>(from, to)(random);
  };
  const auto first = pick(least, most);
  switch (pick(0, 4)) {
    case 0:
      return fmt::format("*/{}", pick(1, most));
    case 1:
      return fmt::format("{}-{}", first, pick(first, most));
    case 2:
      return fmt::format("{},{}/{}", pick(least, most), first, pick(1, 9));
    case 3:
      return std::to_string(first);
    default:
      return "*";
  }
}

std::string cron_job(const std::string& spec, const std::string& pod = "",
                     const std::string& name = "backup") {
  return fmt::format(R"(apiVersion: batch/v1
kind: CronJob
metadata: {{name: {}}}
spec:
  {}
  jobTemplate:
    spec:
      backoffLimit: 2
      template:
        spec:
          {}
          containers: [{{name: main, image: "box:1"}}]
)",
                     name, spec, pod);
}

std::string problems_of(const std::string& text) {
  const auto manifest = test::kube_manifest(text);
  Problems problems;
  read_runnable_cron_job(manifest, test::podman_rules, problems);
  return test::text_of(problems);
}

}  // namespace

TEST_CASE("cron: five fields become one calendar line of systemd's") {
  CHECK(calendar("30 3 * * *") == "*-*-* 3:30:00\n");
  CHECK(calendar("*/15 0-3 * * *") == "*-*-* 0,1,2,3:0,15,30,45:00\n");
  CHECK(calendar("0 22 * * 1-5") == "Mon,Tue,Wed,Thu,Fri *-*-* 22:0:00\n");
  CHECK(calendar("0 0 1 jan,JUL ?") == "*-1,7-1 0:0:00\n");
  CHECK(calendar("@hourly") == "*-*-* *:0:00\n");
  CHECK(calendar("@weekly", "America/Los_Angeles") == "Sun *-*-* 0:0:00 America/Los_Angeles\n");
}

TEST_CASE("cron: a day of the month and a weekday mean a day of either") {
  CHECK(calendar("0 4 1,15 * MON") == "*-*-1,15 4:0:00\nMon *-*-* 4:0:00\n");
  CHECK(calendar("0 4 */2 * *") == "*-*-1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 4:0:00\n");
}

TEST_CASE("cron: an invalid schedule is refused with the field at fault") {
  CHECK_THAT(refusal("0 3 * *"), Contains("has not five fields") && Contains("30 3 * * *"));
  CHECK_THAT(refusal("60 3 * * *"), Contains("the schedule's minute has 60, which is not from 0 to 59"));
  CHECK_THAT(refusal("0 3 * * 7"), Contains("weekday has 7, which is not from 0 to 6"));
  CHECK_THAT(refusal("0 3 0 * *"), Contains("day has 0"));
  CHECK_THAT(refusal("0 5-3 * * *"), Contains("hour has a range that ends before it begins"));
  CHECK_THAT(refusal("*/0 3 * * *"), Contains("minute has a step of 0"));
  CHECK_THAT(refusal("0 3 * FOO *"), Contains("month has “FOO”, which is not a number"));
  CHECK_THAT(refusal("@every 5m"), Contains("has not five fields"));
  CHECK_THAT(refusal("CRON_TZ=UTC 0 3 * * *"), Contains("has not five fields"));
  CHECK_THAT(refusal("0 3 * * 4294967297"), Contains("is not a number"));
  CHECK_THAT(refusal(std::string(1000, '1')), Contains("too long"));
  CHECK_THAT(refusal(""), Contains("five fields"));
  CHECK_THAT(refusal("0, 3 * * *"), Contains("minute has “”, which is not a number"));
}

TEST_CASE("cron: systemd's timer and the fields agree on when a job is due") {
  if (!systemd_analyze({"--version"})) {
    WARN("SKIPPED: systemd-analyze is not here (package systemd)");
    return;
  }
  std::mt19937 random(20'251'201);
  for (int round = 0; round < 25; ++round) {
    const auto text =
        fmt::format("{} {} {} {} {}", random_field(random, 0, 59), random_field(random, 0, 23),
                    random_field(random, 1, 28), random_field(random, 1, 12), random_field(random, 0, 6));
    INFO(text);
    const auto schedule = parse_schedule(text);
    CHECK(due_by_systemd(schedule, 4) == due(schedule, 4));
  }
}

TEST_CASE("cron: when a job was due last is known to the minute") {
  const auto schedule = parse_schedule("30 3 * * *");
  const auto half_past_three = monday + 3 * 3600 + 30 * 60;
  CHECK(last_due(schedule, half_past_three + 59, 100, utc) == half_past_three);
  CHECK(last_due(schedule, half_past_three + 100, 100, utc) == half_past_three);
  CHECK_FALSE(last_due(schedule, half_past_three + 101, 100, utc));
  CHECK_FALSE(last_due(schedule, half_past_three - 1, 3600, utc));
}

TEST_CASE("cron: a CronJob is read with the defaults of Kubernetes") {
  const auto manifest = test::kube_manifest(cron_job(
      "schedule: \"30 3 * * *\"\n  timeZone: Europe/Berlin\n  startingDeadlineSeconds: 600\n  suspend: true",
      "restartPolicy: OnFailure"));
  Problems problems;
  const auto job = read_runnable_cron_job(manifest, test::podman_rules, problems);
  CHECK(problems.empty());
  CHECK(job.zone == "Europe/Berlin");
  CHECK(job.suspended);
  CHECK(job.deadline == std::chrono::seconds(600));
  CHECK(job.more_tries == 2);
  CHECK(job.workload.restart == "Never");
  CHECK(job.workload.once);
}

TEST_CASE("cron: what a device cannot keep to is said with its place") {
  const std::string good = "schedule: \"0 3 * * *\"";
  CHECK(problems_of(cron_job(good)) == "");
  CHECK_THAT(problems_of(cron_job("schedule: \"0 30 * * *\"")),
             Contains("pod.yaml:5:13: error: the schedule's hour has 30"));
  CHECK_THAT(problems_of(cron_job(good + "\n  timeZone: Mars/Olympus")), Contains("pod.yaml:6:13: error:"));
  CHECK_THAT(problems_of(cron_job(good + "\n  concurrencyPolicy: Replace")),
             Contains("error: on a device a run is not replaced by the next"));
  CHECK_THAT(problems_of(cron_job(good + "\n  concurrencyPolicy: Allow")), Contains("warning: "));
  CHECK_THAT(problems_of(cron_job(good, "restartPolicy: Always")),
             Contains("CronJob cannot have this restartPolicy"));
  CHECK_THAT(
      problems_of("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec: {schedule: \"@daily\"}\n"),
      Contains("spec.jobTemplate.spec is missing"));
}

TEST_CASE("cron: the units call greenwaved with the CronJob's name, and limit its time") {
  const auto manifest = test::kube_manifest(cron_job("schedule: \"@daily\""));
  Problems problems;
  auto job = read_runnable_cron_job(manifest, test::podman_rules, problems);
  job.longest_run = std::chrono::minutes(10);
  const auto units = units_of(
      manifest.id, job, {"/usr/bin/greenwaved", "/etc/100% \"green\"/agent.yaml", "/var/lib/greenwave"});
  CHECK_THAT(units.timer, Contains("OnCalendar=*-*-* 0:0:00\nPersistent=true\n"));
  CHECK_THAT(
      units.service,
      Contains(R"(ExecStart="/usr/bin/greenwaved" --config "/etc/100%% \"green\"/agent.yaml" --run-cronjob )"
               R"("greenwave-cronjob-backup")"));
  CHECK_THAT(units.service, Contains("TimeoutStartSec=600\n"));
}

TEST_CASE("cron: systemd finds the service that runs a pod hardly exposed") {
  const auto manifest = test::kube_manifest(cron_job("schedule: \"@daily\""));
  Problems problems;
  const auto job = read_runnable_cron_job(manifest, test::podman_rules, problems);
  const test::TemporaryDirectory scratch;
  const auto file = scratch.write(
      "cron.service", units_of(manifest.id, job, {"/bin/true", "/etc/a", "/var/lib/greenwave"}).service);
  const auto said = systemd_analyze({"security", "--offline=true", "--no-pager", file.native()});
  if (!said || said->find("unrecognized option") != std::string::npos) {
    WARN("no systemd-analyze that measures a file (systemd 250)");
    return;
  }
  constexpr std::string_view mark = "Overall exposure level for cron.service: ";
  const auto at = said->find(mark);
  REQUIRE(at != std::string::npos);
  CHECK(std::stod(said->substr(at + mark.size())) <= 1.5);
}

TEST_CASE("cron: what a run needs is read as it was written") {
  const auto manifest = test::kube_manifest(cron_job("schedule: \"@daily\"\n  startingDeadlineSeconds: 60"));
  Problems problems;
  const auto job = read_runnable_cron_job(manifest, test::podman_rules, problems);
  const auto file = run_file_of(
      manifest.id, job, kube_pods_of(manifest, job.workload, test::podman_rules, Store(), "key").front());
  const auto read = run_file_from(to_json(file));
  CHECK(read.id == manifest.id);
  CHECK(read.kube_pod.pod == file.kube_pod.pod);
  CHECK(read.kube_pod.text == file.kube_pod.text);
  CHECK(read.kube_pod.images == file.kube_pod.images);
  CHECK(read.deadline == std::chrono::seconds(60));
  CHECK(read.more_tries == 2);
  CHECK_THROWS_AS(run_file_from("{}"), Error);
  CHECK_THROWS_AS(run_file_from("nothing"), Error);
}
