#include "drivers/podman/cron/run.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "drivers/podman/cron/run_file.h"
#include "drivers/podman/rollout.h"
#include "drivers/podman/stop.h"

namespace greenwave::drivers::podman {

namespace {

constexpr std::size_t largest_file = 64 << 20;
constexpr auto first_pause = std::chrono::seconds(10);  ///< as Kubernetes' job controller has them
constexpr auto longest_pause = std::chrono::minutes(6);
constexpr auto look = std::chrono::milliseconds(200);

std::tm local_time(std::time_t time) {
  std::tm local{};
  ::localtime_r(&time, &local);
  return local;
}

/// systemd names the timer that started a service; if a person did, it names nothing.
bool is_by_timer() {
  return std::getenv("TRIGGER_UNIT") != nullptr;
}

bool is_too_late(const RunFile& file) {
  if (!file.deadline || !is_by_timer()) return false;
  if (!file.zone.empty()) {
    ::setenv("TZ", file.zone.c_str(), 1);
    ::tzset();
  }
  return !workload::last_due(workload::parse_schedule(file.schedule), std::time(nullptr),
                             file.deadline->count(), local_time);
}

class Run {
 public:
  Run(const config::Config& config, const RunFile& file, const std::atomic<bool>& stop, const Log& log)
      : file_(file),
        rules_(workload::rules_of(config, with_real_places(own_paths(config, ""), config.root))),
        stop_(stop),
        log_(log),
        service_(config.podman.socket, stop),
        cleanup_(config.podman.socket, never_),
        stops_(config.podman.socket, {}, stop, [] {}),
        pulls_(pull_from(config.podman.socket), {}, stop, [] {}),
        images_(service_, pulls_, config.podman.images, config.podman.credentials) {}

  bool go() {
    const auto name = to_string(file_.id);
    auto pause = std::chrono::seconds(first_pause);
    refuse_beside_another();
    for (unsigned tries = 0;; ++tries) {
      if (try_once()) return true;
      if (stop_ || tries == file_.more_tries) return false;
      log_.warning(fmt::format("{} is tried again in {}", name, to_words(pause)));
      if (!wait(pause)) return false;
      pause = std::min<std::chrono::seconds>(pause * 2, longest_pause);
    }
  }

 private:
  /// A fault that may pass by itself, such as a registry that does not answer, counts as a failed try.
  bool try_once() {
    try {
      return make_and_wait();
    } catch (const Error& error) {
      if (stop_) {
        end_pod();
        log_.warning(fmt::format("{} was stopped", to_string(file_.id)));
        return false;
      }
      if (error.fault() != Fault::transient) throw;
      log_.error(error.what());
      return false;
    }
  }

  bool make_and_wait() {
    for (const auto& image : file_.kube_pod.images) bring(image);
    const View now(service_.containers());
    const auto containers = Rollout(service_, images_, rules_, stops_, nullptr)
                                .remake(file_.id, file_.kube_pod, now.of(label_of(file_.id)), stop_);
    for (const auto& container : containers) {
      const auto status = service_.wait(container);
      if (status == 0) continue;
      log_.error(fmt::format("{} ended with exit status {}", to_string(file_.id), status));
      end_pod();  // its other containers may still run
      return false;
    }
    if (!file_.kube_pod.starters.empty()) end_pod();  // its sidecars
    return true;
  }

  void end_pod() {
    const View now(cleanup_.containers());
    const auto& pods = now.of(label_of(file_.id));
    if (const auto found = pods.find(file_.kube_pod.pod); found != pods.end())
      stop_gently(cleanup_, found->second);
  }

  /// Without the registry, an image that is already here will do: a device's link is often down.
  void bring(const workload::Image& image) {
    try {
      images_.ensure(image);
    } catch (const Error& error) {
      if (image.pull != workload::Image::Pull::always || service_.image(image.reference).empty()) throw;
      log_.warning(
          fmt::format("{}: {}; running the image that is here", to_string(file_.id), error.message()));
    }
  }

  /// Such a pod is left when a run was killed.
  void refuse_beside_another() {
    const View now(service_.containers());
    for (const auto& [name, containers] : now.of(label_of(file_.id))) {
      if (std::ranges::none_of(containers, &Container::is_running)) continue;
      throw Error(Fault::conflict, fmt::format("the pod {} of the last run still runs", name),
                  fmt::format("podman pod stop {}", name));
    }
  }

  /// False when it was cut short.
  bool wait(std::chrono::seconds time) const {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!stop_ && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(look);
    return !stop_;
  }

  static inline const std::atomic<bool> never_ = false;

  const RunFile& file_;
  const workload::Rules rules_;
  const std::atomic<bool>& stop_;
  const Log& log_;
  Service service_;
  Service cleanup_;  ///< for the requests that follow `stop_`
  Stops stops_;
  Pulls pulls_;
  Images images_;
};

}  // namespace

int run_cron_job(const config::Config& config, const std::string& unit, const std::atomic<bool>& stop,
                 const Log& log) {
  const auto path = run_file_path(config.state_directory, unit);
  if (unit.find('/') != std::string::npos || !std::filesystem::exists(path)) {
    throw Error(Fault::invalid, fmt::format("{} is not a CronJob of this device", printable(unit)),
                "systemctl list-timers 'greenwave-cronjob-*' lists them");
  }
  const auto file = run_file_from(read_file(path, largest_file));
  if (is_too_late(file)) {
    log.warning(fmt::format("{} is not run: it was due more than {} ago", to_string(file.id),
                            to_words(*file.deadline)));
    return 0;
  }
  return Run(config, file, stop, log).go() ? 0 : 1;
}

}  // namespace greenwave::drivers::podman
