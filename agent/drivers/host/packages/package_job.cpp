#include "drivers/host/packages/package_job.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/scripts.h"
#include "base/text.h"
#include "systemd/manager.h"

namespace greenwave::drivers::host {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_of_job_output = 16 * 1024;
/// A job is several programs, each with its own limit.
constexpr int programs_in_a_job = 6;
/// How often the unit may be seen at rest, once a second, before it has begun.
constexpr int rests_before_it_begins = 5;
constexpr auto look_interval = std::chrono::milliseconds(100);

std::string seconds_of(Duration duration) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

const char* word_of(PackageJob::Operation operation) {
  using Operation = PackageJob::Operation;
  switch (operation) {
    case Operation::install:
      return "install";
    case Operation::apt:
      return "apt";
    case Operation::configure:
      return "configure";
    case Operation::remove:
      return "remove";
    case Operation::select:
      return "select";
    case Operation::none:
      break;
  }
  return "";
}

/// In dpkg's words.
const char* selection_of(const PackageJob& job) {
  if (!job.held) return "";
  return *job.held ? "hold" : "install";
}

std::string text_of(const PackageJob& job) {
  const std::pair<const char*, std::string> lines[] = {
      {"operation", word_of(job.operation)},
      {"name", job.name},
      {"package", job.package},
      {"file", job.file.native()},
      {"keep", job.keep.native()},
      {"conffiles", job.replaces_conffiles ? "replace" : "keep"},
      {"selection", selection_of(job)},
      {"managed", fmt::format("{}", fmt::join(job.managed, " "))},
      {"seconds", seconds_of(job.timeout)},
      {"patience", seconds_of(job.patience)}};
  std::string text;
  for (const auto& [key, value] : lines) {
    if (!value.empty()) text += fmt::format("{} {}\n", key, value);
  }
  return text;
}

std::string end_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return {};
  const auto size = static_cast<std::size_t>(stream.tellg());
  const auto part = std::min(size, most_of_job_output);
  stream.seekg(static_cast<std::streamoff>(size - part));
  std::string text(part, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(part));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

bool is_there(const fs::path& file) {
  std::error_code none;
  return fs::exists(file, none);
}

std::string unit_activity() {
  systemd::Manager manager;
  const auto name = std::string(packages_unit);
  const auto state = manager.states({name})[name];
  if (state.load == "not-found" || state.load == "masked") {
    throw Error(Fault::invalid, fmt::format("{} is {}", packages_unit, state.load),
                "it comes with Greenwave's own package: install that, or unmask it");
  }
  return state.active;
}

}  // namespace

PackageJobResult PackageJobs::run(const PackageJob& job) {
  const auto& directory = parts_.directory;
  make_directories(directory, 0700);
  replace_file(directory / "run", packages_script, 0700);
  fs::remove(directory / "result");
  replace_file(directory / "job", text_of(job), 0600);
  if (!parts_.by_unit) {
    PackageJobResult done{run_as_child(job), end_of(directory / "output")};
    fs::remove(directory / "job");
    return done;
  }
  start_unit();
  await_unit();
  return result();
}

int PackageJobs::run_as_child(const PackageJob& job) const {
  const auto& directory = parts_.directory;
  const auto run = greenwave::run({.argv = {"/bin/sh", directory / "run", directory, parts_.root},
                                   .environment = {},
                                   .timeout = job.timeout * programs_in_a_job + job.patience,
                                   .while_waiting = parts_.while_waiting});
  return run.timed_out ? 124 : run.status;
}

void PackageJobs::start_unit() const {
  try {
    systemd::Manager().queue(systemd::Job::start, std::string(packages_unit));
  } catch (const Error&) {
    fs::remove(parts_.directory / "job");
    throw;
  }
}

/// Until it has left its result, or rests without one.
void PackageJobs::await_unit() {
  int rests = 0;
  for (int looks = 0; !is_there(parts_.directory / "result"); ++looks) {
    if (is_waiting_over()) {
      throw Error(Fault::transient,
                  "the agent is to stop; dpkg goes on, and the agent's next start sees what came of it");
    }
    std::this_thread::sleep_for(look_interval);
    if (looks % 10 != 0) continue;
    if (parts_.while_waiting) parts_.while_waiting();
    const auto activity = unit_activity();
    const bool rests_now = activity == "inactive" || activity == "failed";
    rests = rests_now ? rests + 1 : 0;
    if (rests > rests_before_it_begins) break;
  }
}

PackageJobResult PackageJobs::result() const {
  const auto output = end_of(parts_.directory / "output");
  if (!is_there(parts_.directory / "result")) {
    fs::remove(parts_.directory / "job");
    throw Error(Fault::transient, fmt::format("{} ended before its job did", packages_unit),
                "see: journalctl -u greenwave-packages");
  }
  const auto text = read_file(parts_.directory / "result", 64);
  return {static_cast<int>(std::strtol(text.c_str(), nullptr, 10)), output};
}

void PackageJobs::await_earlier() {
  if (!parts_.by_unit || !is_there(parts_.directory / "job")) return;
  try {
    await_unit();
  } catch (const Error& error) {
    if (passes(error.fault())) throw;
  }
  fs::remove(parts_.directory / "job");
}

}  // namespace greenwave::drivers::host
