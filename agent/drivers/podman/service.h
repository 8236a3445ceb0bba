#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
  std::string image;     ///< as its pod names it
  std::string image_id;  ///< hexadecimal
  std::int64_t started = 0;
  std::string probes;   ///< the label of them, see probe.h
  std::string restart;  ///< its restartPolicy

  bool is_running() const { return state == "running"; }
};

/// Reads what podman answers to GET containers/json. Throws Error (transient) when it is something else.
/// Pure.
std::vector<Container> read_containers(std::string_view json);

/// Podman's REST API on its unix socket: what the driver needs of it. One thread. Everything throws Error:
/// transient when podman does not answer, invalid when it is too old, else what podman says.
class Service {
 public:
  /// As http::Client.
  Service(const std::filesystem::path& socket, const std::atomic<bool>& stop,
          std::function<void()> while_waiting = {});

  /// Whether it does so at all.
  bool answers();

  /// All containers with a label of ours, running or not.
  std::vector<Container> containers();

  /// Makes a pod, which is not started. Returns its containers' ids.
  std::vector<std::string> play(const std::string& kube_pod, std::string_view log_tag);
  /// Throws Error when one of its containers did not start.
  void start_pod(const std::string& name);
  void unpause_pod(const std::string& name);
  /// Nothing happens when there is no such pod.
  void stop_pod(const std::string& name);
  void remove_pod(const std::string& name);

  /// Waits for a container's end, however long that takes; returns its exit status.
  int wait(const std::string& container);

  bool has_volume(const std::string& name);
  void create_volume(const std::string& name, const std::map<std::string, std::string>& labels);
  /// False when a container still uses it.
  bool remove_volume(const std::string& name);
  std::vector<std::string> volumes();
  /// With this label and value.
  std::vector<std::string> volumes(std::string_view label, std::string_view value);

  /// The id of an image that is here; empty when it is not.
  std::string image(const std::string& reference);
  /// `credentials` is base64 JSON for podman's X-Registry-Auth; empty: none. Returns the image's id.
  std::string pull(const std::string& reference, const std::string& credentials);
  /// Reads an archive of images.
  void load(const std::filesystem::path& archive);
  /// False when a container still uses it.
  bool remove_image(const std::string& id);

  /// The last lines of a container's log.
  std::string log(const std::string& container, unsigned lines);
  /// Where a container's pod is reached; empty: nowhere by an address of its own.
  std::string address(const std::string& container);
  void stop_container(const std::string& id);
  void restart_container(const std::string& id);
  /// Prepares a command to be run in a container; returns its id.
  std::string create_exec(const std::string& container, const std::vector<std::string>& argv);
  /// Runs it. Returns its exit status, or nothing when it did not end in time and goes on.
  std::optional<int> run_exec(const std::string& id, Duration timeout);
  std::optional<int> exec_status(const std::string& id);
  /// What podman knows of a container: JSON.
  std::string inspect(const std::string& container);

  std::uint64_t requests() const { return client_.sent(); }

 private:
  http::Response send(const http::Request& request);
  /// As send, but a status that is none of success and `accepted` is an Error; removing what is gone is a
  /// success.
  http::Response ask(const http::Request& request, std::string_view doing, long accepted = 0);
  void stop_containers(const std::string& pod);

  http::Client client_;
};

}  // namespace greenwave::drivers::podman
