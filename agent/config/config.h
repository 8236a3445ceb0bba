#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/problem.h"
#include "config/path_rules.h"

namespace greenwave::config {

/// Files with secrets or trust anchors. An empty path means "not set". `credential:NAME` in agent.yaml is
/// systemd's $CREDENTIALS_DIRECTORY/NAME; it is already resolved here.
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
  /// Where the same repository is too, in the order in which they are tried while `url` cannot be polled.
  struct Fallback {
    std::string url;
    Credentials credentials;
  };
  std::vector<Fallback> fallbacks;
};

/// When a commit counts as healthy. The rest of the criteria are in the repository.
struct Health {
  Duration settle = std::chrono::seconds(10);  ///< a unit must stay up this long after a start
  Duration reach = std::chrono::minutes(5);    ///< the repository must be reached again within this time
  /// After a commit that changes the agent itself, it must be up and have reached the repository again within
  /// this time; longer than `reach`.
  Duration guard = std::chrono::minutes(10);
};

/// Ports from `first` to `last`.
struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  bool operator==(const PortRange&) const = default;
};
/// "80", "8000-8100".
std::string to_string(const PortRange& range);
/// The same, read; nothing for what is not ports from 1 to 65535 in order. Pure.
std::optional<PortRange> port_range_from(std::string_view text);

/// How `runtime: podman` runs pods.
struct Podman {
  std::filesystem::path socket = "/run/podman/podman.sock";
  bool allow_privileged = false;    ///< containers may have full access to the host
  bool allow_host_network = false;  ///< pods may be in the device's own network
  /// Of the device, those that pods may take: by default, those that any user may take.
  std::vector<PortRange> host_ports{{1024, 65535}};
  bool prune_volumes = false;  ///< deletes the data of a PersistentVolumeClaim that is no longer declared
  bool prune_images = false;   ///< removes images that were pulled here and that no container uses any more
  std::filesystem::path credentials;  ///< for registries, a containers-auth.json(5); empty: none
  std::filesystem::path images = "/var/lib/greenwave/images";  ///< archives of images, *.tar
};

/// Where the device reports to.
struct Hub {
  std::string url;                    ///< https://HOST[:PORT][/PATH], no slash at its end; empty: nowhere
  std::filesystem::path authorities;  ///< of the hub's certificate, PEM; empty: the system's
  std::filesystem::path certificate;  ///< the device's, PEM; need not be there
  std::filesystem::path key;          ///< of that
  bool enrolled = true;               ///< `certificate` is the one that `greenwave enroll` stores

  bool operator==(const Hub&) const = default;
};

enum class Runtime { none, podman, kubernetes };
/// As agent.yaml writes it.
std::string_view to_string(Runtime runtime);

/// Which names are allowed, as shell patterns: those that `allow` matches (all, when it is empty), except
/// those that `deny` matches.
struct Scope {
  std::vector<std::string> allow;
  std::vector<std::string> deny;
};

/// How Kubernetes kinds reach an API server.
struct Kubernetes {
  std::filesystem::path kubeconfig;  ///< empty: a pod's service account, else the one of k3s
  std::string context;               ///< empty: the current context
  std::string namespace_;            ///< for manifests that name none; empty: the kubeconfig's
  /// The first directory of a manifest's path is its namespace, unless the manifest names one.
  bool namespace_from_directory = false;
  Scope kinds;       ///< "Secret", "*.rbac.authorization.k8s.io"
  Scope namespaces;  ///< "kube-*"
  /// Kinds of the whole cluster that are applied, as patterns of `kinds`; absent: all, or where is_bounded()
  /// those that `kinds` allows by their names. They go with the agent's own rights, whomever it impersonates.
  std::optional<std::vector<std::string>> cluster_kinds;
  /// Namespace, or "*" for all others → the service account there that the agent impersonates.
  std::map<std::string, std::string> impersonate;
  /// Whether what the agent may do is bounded by namespace.
  bool is_bounded() const { return !impersonate.empty() || !namespaces.allow.empty(); }
  /// Field managers whose conflicting fields are taken over: people at their keyboards.
  std::vector<std::string> force{"kubectl*"};
  /// Field managers whose fields are left to them where a manifest has another value: controllers.
  std::vector<std::string> yield{"kube-controller-manager", "cloud-controller-manager",
                                 "clusterrole-aggregation-controller", "*cainjector*", "vpa-*"};
  /// Field managers that apply manifests, and whose fields become ours with an object that they applied
  /// before.
  std::vector<std::string> adopt{
      "kubectl",         "kubectl-client-side-apply", "kube-applier",      "helm",
      "helm-controller", "kustomize-controller",      "argocd-controller", "argocd-application-controller"};
};

/// /etc/greenwave/agent.yaml, checked, with defaults filled in.
struct Config {
  std::filesystem::path file;
  std::filesystem::path root;  ///< from --root; "/" without it
  std::string device;
  bool names_device = false;  ///< agent.yaml does; else `device` is the host's name
  Repository repository;
  std::filesystem::path allowed_signers;  ///< empty: signatures are not checked
  bool require_ref = false;               ///< a commit must say in a trailer which ref it is for
  bool accept_tags = false;  ///< a signed tag may vouch for a commit that is not signed so itself
  /// What signed tips call the repository: a ref is followed only where such a tip says what it names. Empty:
  /// the server is believed. Needs `allowed_signers`.
  std::string tip_repository;
  std::vector<PathRule> path_rules;  ///< each of them holds; need `allowed_signers`
  /// Identities that decrypt the repository's secrets: those that agent.yaml names, else the file `identity`
  /// next to it, if it exists.
  std::vector<std::filesystem::path> identity_files;
  std::vector<std::pair<std::string, std::string>> labels;
  Runtime runtime = Runtime::none;
  Podman podman;
  Kubernetes kubernetes;
  std::vector<std::string> allowed_paths{"/etc", "/opt", "/srv", "/var/lib"};  ///< as manifests write them
  std::optional<std::vector<std::string>> allowed_kinds;  ///< that manifests may be of; absent: any
  /// As whom the programs of Commands and HealthChecks may run; absent: as anybody.
  std::optional<std::vector<std::string>> program_users;
  std::filesystem::path state_directory;    ///< under `root`
  std::filesystem::path runtime_directory;  ///< under `root`
  Health health;
  Hub hub;
  std::vector<std::filesystem::path> named_files;  ///< all that agent.yaml names by their paths
  std::filesystem::path metrics_file;  ///< for node_exporter's textfile collector, under `root`; empty: none
  bool audit_journal = false;          ///< journald gets the evidence, too
  std::vector<std::string> warnings;  ///< one line per setting that is accepted but unwise; to be logged once

  bool checks_commits() const { return !allowed_signers.empty(); }
  std::filesystem::path socket() const { return runtime_directory / "control.sock"; }
  std::filesystem::path busy() const { return runtime_directory / "busy.d"; }
  std::filesystem::path digest_key() const { return state_directory / "digest.key"; }
  std::filesystem::path database() const { return state_directory / "state.db"; }
  std::filesystem::path store() const { return state_directory / "git"; }
  /// Where a fetcher unpacks what it gets.
  std::filesystem::path quarantine() const { return state_directory / "quarantine"; }
  /// What the device had where manifests put something else.
  std::filesystem::path kept() const { return state_directory / "kept"; }

  /// Covers every setting that a render or an apply depends on. When it changes, the device is rendered again
  /// although the commit is the same.
  Digest digest() const;
};

/// The default path of the identity, for the device that `config` configures.
std::filesystem::path usual_identity(const std::filesystem::path& config);

/// How much to check. The daemon needs every file that the configuration names; a tool that only talks to the
/// daemon must work even if a credential is missing.
enum class Check { words, words_and_files };

/// Reads, checks and completes the configuration. Throws Error (invalid) that lists every problem, one per
/// line, as FILE:LINE:COLUMN: error: what is wrong; what was expected.
Config load_config(const std::filesystem::path& file, const std::filesystem::path& root,
                   Check check = Check::words_and_files);

/// What is wrong with a text that is to take the place of the configuration `now`, as load_config would find
/// it then. `comes` says of a path whether a file will be there. Credentials of systemd's are not looked for:
/// they come with a start.
Problems check_text(std::string_view text, const Config& now,
                    const std::function<bool(const std::filesystem::path&)>& comes);

/// The part of load_config that parses outside bytes; opens no file. `name` is for messages. Use the result
/// only if `problems` has no errors.
Config parse_config(std::string_view text, const std::string& name, const std::filesystem::path& root,
                    Problems& problems);

}  // namespace greenwave::config
