#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "drivers/podman/images.h"
#include "drivers/podman/make.h"
#include "drivers/podman/pod_record.h"
#include "drivers/podman/service.h"
#include "drivers/podman/starts.h"
#include "drivers/podman/stops.h"
#include "drivers/podman/view.h"

namespace greenwave::drivers::podman {

/// What a rollout has come to. Pods may still be on their way: then the rest is done beside the passes.
struct Rolled {
  PodRecord record;
  /// Why it is not whole yet, if so. Lasting where nothing but another manifest helps.
  std::optional<Error> waits{};
};

/// Replaces one object's pods with those that its kube_pods describe: pulls the images, creates the new pods
/// beside the old ones, and exchanges them in the order that the workload asks for. If an image cannot be
/// pulled, or a pod created or started, the old pods keep running. The host's paths are checked before each
/// start, see host_paths.h.
class Rollout {
 public:
  /// `starts` is null where a pod is started only by remake().
  Rollout(Service& service, Images& images, const workload::Rules& rules, Stops& stops, Starts* starts)
      : service_(service), images_(images), rules_(rules), stops_(stops), starts_(starts) {}

  /// `known` is what the object had before. Throws Error; the old pods then still run, or (transient) are
  /// told to end.
  Rolled bring(const ObjectId& id, const workload::Workload& workload, const std::vector<KubePod>& kube_pods,
               const Pods& pods, const PodRecord& known);

  /// Why a pod is not ready, in a few words; empty when it is.
  using Unready = std::function<std::string(const KubePod&)>;

  /// The same for a StatefulSet: each pod keeps its number, and is ready before the next one's turn. New ones
  /// come from the first to the last, and those that replace others from the last to the first.
  Rolled bring_in_order(const ObjectId& id, const workload::Workload& workload,
                        const std::vector<KubePod>& kube_pods, const Pods& pods, const PodRecord& known,
                        const Unready& unready);

  /// Removes the old pods, then creates and starts the kube_pod's. Returns the ids of its containers, without
  /// those that start in turns. The images must be here.
  std::vector<std::string> remake(const ObjectId& id, const KubePod& kube_pod, const Pods& old,
                                  const std::atomic<bool>& stop);

  /// Ends and removes an object's pods, and the volumes that belong to them alone. Throws Error, transient
  /// where they have not ended yet.
  void remove(const Pods& pods);

 private:
  struct Exchange {
    std::vector<const KubePod*> fresh;
    std::vector<std::string> old;  ///< those that run first
    const Pods& pods;
    workload::Workload::Exchange order;

    std::vector<std::vector<Container>> old_ones(std::size_t from, std::size_t to) const;
  };
  struct Seat;

  static std::vector<Seat> seats_of(const workload::Workload& workload, const std::vector<KubePod>& kube_pods,
                                    const Pods& pods, const PodRecord& known,
                                    std::vector<std::string>& surplus);
  void take_seat(const ObjectId& id, const Seat& seat, const Pods& pods, std::map<std::string, Made>& made);
  std::optional<Error> wait_for_seat(const Seat& seat, const Unready& unready, Instant until);
  static PodRecord record_of(const workload::Workload& workload, const std::vector<KubePod>& kube_pods,
                             const Pods& pods, std::map<std::string, Made>& made,
                             std::vector<std::string> pulled);

  void exchange(const Exchange& exchange);
  void exchange_in_turns(const Exchange& exchange);
  void go_back(const Exchange& exchange);
  void start(const KubePod& kube_pod);
  void discard(const std::string& pod);
  std::optional<Error> waits(const std::vector<KubePod>& kube_pods) const;

  Service& service_;
  Images& images_;
  const workload::Rules& rules_;
  Stops& stops_;
  Starts* const starts_;
};

}  // namespace greenwave::drivers::podman
