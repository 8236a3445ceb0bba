#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/problem.h"

namespace greenwave::config {

/// Files that hold secrets or trust. An empty path means: not set. A path written `credential:NAME` in
/// agent.yaml is systemd's $CREDENTIALS_DIRECTORY/NAME, already resolved here.
struct Credentials {
  std::string username;
  std::filesystem::path token_file;
  std::filesystem::path password_file;
  std::filesystem::path ssh_key_file;
  std::filesystem::path known_hosts_file;
  std::filesystem::path client_certificate;
  std::filesystem::path client_key;
  std::filesystem::path ca_file;
};

struct Repository {
  std::string url;  ///< as parse_url accepts it; never holds a password
  std::string branch = "main";
  std::string path;  ///< subdirectory of the repository that holds the cluster; empty: its root
  Duration interval = std::chrono::seconds(60);
  Credentials credentials;
};

/// When a commit counts as healthy; what else decides stands in the repository.
struct Health {
  Duration settle = std::chrono::seconds(10);  ///< a unit must stay up for so long after a start
  Duration reach = std::chrono::minutes(5);    ///< the repository must be reached again within this time
};

/// How pods are run with `runtime: podman`.
struct Podman {
  std::filesystem::path socket = "/run/podman/podman.sock";
  bool allow_privileged = false;      ///< containers may have all of the host
  bool prune_volumes = false;         ///< a PersistentVolumeClaim that is no longer declared loses its data
  bool prune_images = false;          ///< images that were pulled here and that no container uses any more go
  std::filesystem::path credentials;  ///< of registries, as containers-auth.json(5); empty: none
  std::filesystem::path images = "/var/lib/greenwave/images";  ///< archives of images, *.tar
};

enum class Runtime { none, podman, kubernetes };

/// What may be named, by shell patterns: all that `allow` names, everything when it is empty, but not what
/// `deny` names.
struct Scope {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

/// How Kubernetes kinds get to an API server.
struct Kubernetes {
  std::filesystem::path kubeconfig;  ///< empty: a pod's service account, else k3s's own
  std::string context;               ///< empty: its current one
  std::string namespace_;            ///< of manifests that name none; empty: the kubeconfig's
  /// The first directory of a manifest's path is the namespace of those that name none.
  bool namespace_from_directory = false;
  Scope kinds;       ///< "Secret", "*.rbac.authorization.k8s.io"
  Scope namespaces;  ///< "kube-*"
  /// Namespace, or "*" for the others → the service account of that namespace that the agent acts as.
  std::map<std::string, std::string> impersonate;
  /// Managers whose fields are taken over where a manifest says otherwise: people at their keyboards.
  std::vector<std::string> force{"kubectl*"};
};

/// /etc/greenwave/agent.yaml, checked, with defaults filled in.
struct Config {
  std::filesystem::path file;
  std::filesystem::path root;  ///< of --root; "/" without one
  std::string device;
  Repository repository;
  std::filesystem::path allowed_signers;  ///< empty: commits are not checked
  /// What opens the repository's secrets: as agent.yaml says, else the file `identity` beside it, if there is
  /// one.
  std::vector<std::filesystem::path> identity_files;
  std::vector<std::pair<std::string, std::string>> labels;
  Runtime runtime = Runtime::none;
  Podman podman;
  Kubernetes kubernetes;
  std::vector<std::string> allowed_paths{"/etc", "/opt", "/srv", "/var/lib"};  ///< as manifests write them
  std::filesystem::path state_directory;                                       ///< under `root`
  std::filesystem::path runtime_directory;                                     ///< under `root`
  Health health;
  std::string hub_url;
  std::filesystem::path metrics_file;  ///< for node_exporter's textfile collector, under `root`; empty: none
  std::vector<std::string> warnings;   ///< what is accepted but unwise, a line each: to be logged once

  std::filesystem::path socket() const { return runtime_directory / "control.sock"; }
  std::filesystem::path busy() const { return runtime_directory / "busy.d"; }
  std::filesystem::path digest_key() const { return state_directory / "digest.key"; }
  std::filesystem::path database() const { return state_directory / "state.db"; }
  std::filesystem::path store() const { return state_directory / "git"; }

  /// Of everything here that a render or an apply depends on: another value means that the device is
  /// rendered anew although the commit is the same.
  Digest digest() const;
};

/// Where the identity of the device that `config` configures lies, unless that says something else.
std::filesystem::path usual_identity(const std::filesystem::path& config);

/// How much has to be right. The daemon needs every file that the configuration names; a tool that only asks
/// the daemon must answer also where a credential is missing.
enum class Check { words, words_and_files };

/// Reads, checks and completes the configuration. Throws Error (invalid) whose message lists every problem,
/// a line each, as FILE:LINE:COLUMN: error: what is wrong; what was expected.
Config load_config(const std::filesystem::path& file, const std::filesystem::path& root,
                   Check check = Check::words_and_files);

/// The part of load_config that reads outside bytes: no file is opened. `name` is for messages. The result is
/// to be used only if `problems` has no errors.
Config parse_config(std::string_view text, const std::string& name, const std::filesystem::path& root,
                    Problems& problems);

}  // namespace greenwave::config
