#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "http/client.h"

namespace greenwave::drivers::podman {

/// A container of ours, as podman lists it.
struct Container {
  std::string id;
  std::string name;
  std::string pod;  ///< its name
  std::string object;
  std::string digest;
  std::string state;   ///< "running", "exited", "created", …
  std::string health;  ///< "healthy", "unhealthy", "starting"; empty: it has no health check
  int exit_code = 0;
  std::string image;         ///< as its pod names it
  std::string image_id;      ///< hexadecimal
  std::int64_t started = 0;  ///< seconds since 1970
  std::int64_t ended = 0;
  std::string probes;            ///< the label of them, see probe.h
  std::string restart;           ///< its pod's restartPolicy
  std::string stop_hooks;        ///< the label of them, see lifecycle.h
  std::chrono::seconds grace{};  ///< between SIGTERM and SIGKILL
  enum class Role {
    main,
    init,     ///< runs to its end before the next one starts
    sidecar,  ///< starts in its turn, and runs on
  } role = Role::main;
  unsigned turn = 0;                            ///< of an init container or sidecar
  unsigned tries = 0;                           ///< of a Job's pod: those before it that failed
  std::int64_t begun = 0;                       ///< of a Job, in seconds since 1970
  std::map<std::string, std::string> labels{};  ///< its pod's, and its image's

  bool is_running() const { return state == "running"; }
  /// Also while it has been told to end, and has not yet.
  bool is_active() const { return is_running() || state == "stopping"; }
  bool has_ended() const { return state == "exited" || state == "stopped"; }
  bool has_failed() const { return has_ended() && exit_code != 0; }
  /// Its name in the manifest.
  std::string_view short_name() const;
};

/// Where a pod is in the network.
struct PodNetwork {
  std::string address;  ///< IPv4, or IPv6 where it has no other; empty: it has none of its own
  std::string hosts;    ///< the file that is its /etc/hosts, on the device; empty: it has none of its own
};

/// Parses podman's response to GET containers/json. Throws Error (transient) if it is anything else. Pure.
std::vector<Container> read_containers(std::string_view json);

/// The part of podman's REST API that the driver needs, on its unix socket. One thread. Everything throws
/// Error: transient if podman does not answer, invalid if it is too old, otherwise what podman reports.
class Service {
 public:
  /// Parameters as http::Client's.
  Service(const std::filesystem::path& socket, const std::atomic<bool>& stop,
          std::function<void()> while_waiting = {});

  const std::filesystem::path& socket() const { return socket_; }
  const std::atomic<bool>& stop() const { return stop_; }

  /// Whether podman answers at all.
  bool answers();

  /// All containers with a label of ours, running or not.
  std::vector<Container> containers();

  /// Creates a pod without starting it. Returns its containers' ids.
  std::vector<std::string> play(const std::string& kube_pod, std::string_view log_tag);
  /// Creates a container in a pod. `body` is JSON as container_spec makes it. Returns its id.
  std::string create_container(const std::string& body, std::string_view log_tag);
  /// Throws Error if one of its containers did not start.
  void start_pod(const std::string& name);
  void unpause_pod(const std::string& name);
  /// SIGTERM, and SIGKILL after `grace`. Does nothing if there is no such pod.
  void stop_pod(const std::string& name, std::chrono::seconds grace);
  /// What still runs of it is killed.
  void remove_pod(const std::string& name);

  /// Waits until a container ends, however long that takes. Returns its exit status.
  int wait(const std::string& container);

  bool has_volume(const std::string& name);
  /// `options` are for podman's own driver of volumes.
  void create_volume(const std::string& name, const std::map<std::string, std::string>& labels,
                     const std::map<std::string, std::string>& options = {});
  /// Where it is on the host.
  std::string volume_path(const std::string& name);
  /// Empty: it has no such label.
  std::string volume_label(const std::string& name, std::string_view key);
  /// Ours, running or not, that mount a volume.
  std::vector<Container> containers_with_volume(const std::string& volume);
  /// Returns false if a container still uses it.
  bool remove_volume(const std::string& name);
  std::vector<std::string> volumes();
  /// With this label and value.
  std::vector<std::string> volumes(std::string_view label, std::string_view value);

  /// The id of an image; empty if it is not here.
  std::string image(const std::string& reference);
  /// What the image says who runs in it: "", "root", "1000", "app:app".
  std::string image_user(const std::string& reference);
  /// `credentials` is base64 JSON for podman's X-Registry-Auth; empty: none. Returns the image's id.
  std::string pull(const std::string& reference, const std::string& credentials);
  /// Reads an archive of images.
  void load(const std::filesystem::path& archive);
  /// Returns false if a container still uses it.
  bool remove_image(const std::string& id);

  /// The last lines of a container's log.
  std::string log(const std::string& container, unsigned lines);
  /// The paths of the host that a container sees, as podman was given them: mounts and devices.
  std::vector<std::string> host_paths(const std::string& container);
  /// A label of a container; empty: it has none.
  std::string label(const std::string& container, std::string_view key);
  /// Of a container's pod.
  PodNetwork network(const std::string& container);
  void start_container(const std::string& id);
  /// Does all but run it: while one of its pod's containers is in this state, podman does not stop the pod.
  void prepare_container(const std::string& id);
  /// SIGTERM, and SIGKILL after `grace`.
  void stop_container(const std::string& id, std::chrono::seconds grace);
  void stop_containers(const std::vector<std::string>& ids, std::chrono::seconds grace);
  void restart_container(const std::string& id, std::chrono::seconds grace);
  /// Prepares a command to run in a container. Returns the command's id.
  std::string create_exec(const std::string& container, const std::vector<std::string>& argv);
  /// Runs it. Returns its exit status, or nothing if it still runs after `timeout`.
  std::optional<int> run_exec(const std::string& id, Duration timeout);
  std::optional<int> exec_status(const std::string& id);
  /// What podman knows about a container, as JSON.
  std::string inspect(const std::string& container);

  std::uint64_t requests() const { return client_.sent(); }

 private:
  http::Response send(const http::Request& request);
  /// Like send, but throws for any status other than success and `accepted`. Removing what is gone is a
  /// success.
  http::Response ask(const http::Request& request, std::string_view doing, long accepted = 0);
  nlohmann::json volume(const std::string& name);
  std::vector<std::string> running_in(const std::string& pod);

  const std::filesystem::path socket_;
  const std::atomic<bool>& stop_;
  http::Client client_;
};

}  // namespace greenwave::drivers::podman
