#include "config/parse.h"

#include <algorithm>
#include <cctype>
#include <climits>

#include <fmt/format.h>
#include <unistd.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "config/device_id.h"
#include "config/parse_kubernetes.h"
#include "config/path_rules.h"
#include "config/ref_name.h"
#include "config/url.h"
#include "yaml/fields.h"
#include "yaml/load_filled.h"

namespace greenwave::config {

namespace {

namespace fs = std::filesystem;
using yaml::Fields;

constexpr yaml::Limits limits{.bytes = 256 * 1024, .nodes = 10'000, .depth = 16};

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

class ConfigReader {
 public:
  ConfigReader(Parsed& parsed, const fs::path& credentials, Problems& problems)
      : config_(parsed.config), files_(parsed.files), credentials_(credentials), problems_(problems) {}

  void read(const yaml::Node& document) {
    Fields fields(document, "agent.yaml", problems_);
    read_device(fields);
    read_repository(fields);
    if (const auto* trust = fields.map("trust")) {
      Fields members(*trust, "trust", problems_);
      if (!members.has("allowedSigners")) members.required_text("allowedSigners");
      config_.allowed_signers = file(members, "allowedSigners", false);
      config_.require_ref = members.flag("requireRef").value_or(false);
      config_.accept_tags = members.flag("tags").value_or(false);
      if (const auto* rules = members.sequence("paths"))
        config_.path_rules = read_path_rules(*rules, problems_);
      if (const auto* tip = members.map("tip")) read_tip(*tip);
      members.done();
    }
    if (!config_.repository.fallbacks.empty() && !fields.has("trust")) {
      fields.error("repository",
                   "repository: fallbacks needs trust: whoever is asked could take the device to any commit",
                   "write trust: {allowedSigners: FILE}, or remove fallbacks");
    }
    read_identity(fields);
    const auto labels = fields.text_map("labels");
    config_.labels.assign(labels.begin(), labels.end());
    const auto runtime = fields.word("runtime", {"none", "podman", "kubernetes"}).value_or("none");
    config_.runtime = runtime == "podman"       ? Runtime::podman
                      : runtime == "kubernetes" ? Runtime::kubernetes
                                                : Runtime::none;
    if (const auto* podman = fields.map("podman")) read_podman(*podman);
    if (const auto* kubernetes = fields.map("kubernetes")) {
      read_kubernetes(*kubernetes, config_.kubernetes, problems_);
      if (config_.runtime != Runtime::kubernetes) {
        fields.error("kubernetes", "kubernetes: no effect without runtime: kubernetes",
                     "add the runtime, or remove this section");
      }
    }
    read_allowed_paths(fields);
    read_allowed_kinds(fields);
    if (const auto* commands = fields.map("commands")) read_commands(*commands);
    config_.state_directory = own_directory(fields, "stateDirectory", "/var/lib/greenwave");
    config_.runtime_directory = own_directory(fields, "runtimeDirectory", "/run/greenwave");
    if (const auto* health = fields.map("health")) read_health(*health);
    if (const auto* metrics = fields.map("metrics")) {
      Fields members(*metrics, "metrics", problems_);
      read_metrics(members);
      members.done();
    }
    if (const auto* audit = fields.map("audit")) {
      Fields members(*audit, "audit", problems_);
      config_.audit_journal = members.flag("journal").value_or(false);
      members.done();
    }
    read_hub(fields);
    fields.done();
  }

 private:
  void read_device(Fields& fields) {
    const auto written = fields.text("device");
    config_.names_device = written.has_value();
    config_.device = written ? *written : host_name();
    if (is_device_id(config_.device)) return;
    fields.error("device", fmt::format("\"{}\" is not a valid device id", printable(config_.device)),
                 "write device: ID, as in the cluster's inventory: no white space, no empty or \"..\" part");
  }

  void read_repository(Fields& fields) {
    const auto* node = fields.map("repository");
    if (node == nullptr) {
      if (!fields.has("repository")) {
        fields.error("repository", "agent.yaml: repository is missing",
                     "write repository: {url: https://HOST/PATH}");
      }
      return;
    }
    Fields members(*node, "repository", problems_);
    Repository& repository = config_.repository;
    const auto scheme = read_url(members, "repository", repository.url);
    repository.branch = members.text("branch").value_or("main");
    if (!is_ref_name(repository.branch)) {
      members.error("branch", fmt::format("\"{}\" is not a valid branch name", printable(repository.branch)),
                    "write a branch such as main, or a full name such as refs/heads/main");
    }
    read_path(members);
    read_interval(members);
    if (const auto* credentials = members.map("credentials")) {
      read_credentials(*credentials, scheme, repository.credentials);
    }
    if (const auto* list = members.sequence("fallbacks")) {
      for (const auto& item : *list->sequence()) read_fallback(item);
    }
    members.done();
  }

  /// The scheme of what is written; nothing after a problem.
  static std::optional<Url::Scheme> read_url(Fields& members, std::string_view where, std::string& url) {
    url = members.required_text("url");
    if (url.empty()) return {};
    try {
      return parse_url(url).scheme;
    } catch (const Error& error) {
      members.error("url", fmt::format("{}: url: {}", where, error.message()), error.remedy());
      return {};
    }
  }

  void read_tip(const yaml::Node& node) {
    Fields members(node, "tip", problems_);
    config_.tip_repository = members.required_text("repository");
    if (!config_.tip_repository.empty() && !is_repository_name(config_.tip_repository)) {
      members.error("repository",
                    fmt::format("tip: repository: {} is no name", printable(config_.tip_repository)),
                    "write what greenwave tip sign --name was given, such as springfield");
    }
    members.done();
    const auto refuse_ssh = [&](const std::string& url) {
      if (!url.starts_with("https://") && !url.starts_with("file://") && !url.empty()) {
        problems_.error(node.place, fmt::format("tip: {} cannot serve signed tips", printable(url)),
                        "use an https:// URL, or remove trust.tip");
      }
    };
    refuse_ssh(config_.repository.url);
    for (const auto& fallback : config_.repository.fallbacks) refuse_ssh(fallback.url);
  }

  void read_fallback(const yaml::Node& node) {
    Fields members(node, "fallbacks", problems_);
    Repository::Fallback fallback;
    const auto scheme = read_url(members, "fallbacks", fallback.url);
    if (const auto* credentials = members.map("credentials")) {
      read_credentials(*credentials, scheme, fallback.credentials);
    }
    members.done();
    config_.repository.fallbacks.push_back(std::move(fallback));
  }

  void read_path(Fields& members) {
    const auto written = members.text("path").value_or("");
    const auto normal = fs::path(written).lexically_normal();
    if (normal.is_absolute() || (!normal.empty() && *normal.begin() == "..") || !is_text(written)) {
      members.error("path", "repository: path leads out of the repository",
                    "write a directory of the repository, without a leading slash, such as cities/fresno");
      return;
    }
    std::string path = normal == "." ? "" : normal.native();
    if (path.ends_with('/')) path.pop_back();
    config_.repository.path = path;
  }

  void read_interval(Fields& members) {
    const auto interval = members.duration("interval");
    if (!interval) return;
    if (*interval < std::chrono::seconds(1) || *interval > std::chrono::hours(24)) {
      members.error("interval", fmt::format("repository: interval is {}", to_words(*interval)),
                    "write a time from 1s to 24h");
      return;
    }
    config_.repository.interval = *interval;
  }

  void read_health(const yaml::Node& node) {
    Fields members(node, "health", problems_);
    const auto read = [&](const char* key, Duration most, Duration& value) {
      const auto given = members.duration(key);
      if (!given) return;
      value = *given;
      if (*given >= std::chrono::seconds(1) && *given <= most) return;
      members.error(key, fmt::format("health: {} is {}", key, to_words(*given)),
                    fmt::format("write a time from 1s to {}", to_words(most)));
    };
    auto& [settle, reach, guard] = config_.health;
    read("settle", std::chrono::minutes(10), settle);
    read("reach", std::chrono::hours(1), reach);
    guard = reach + std::chrono::minutes(5);
    read("guard", std::chrono::hours(2), guard);
    if (guard <= reach) {
      members.error(
          "guard",
          fmt::format("health: guard is {}, which is not longer than reach ({})", to_words(guard),
                      to_words(reach)),
          "write a longer time: a device that only cannot reach the repository goes back by itself");
    }
    members.done();
  }

  void read_credentials(const yaml::Node& node, std::optional<Url::Scheme> scheme, Credentials& own) {
    Fields members(node, "credentials", problems_);
    own.username = members.text("username").value_or("");
    if (!is_text(own.username) || own.username.find_first_of(":\t\r\n") != std::string::npos) {
      members.error("username", "credentials: username contains a colon or a line break");
    }
    own.token_file = file(members, "tokenFile", true);
    own.password_file = file(members, "passwordFile", true);
    own.ssh_key_file = file(members, "sshKeyFile", true);
    own.known_hosts_file = file(members, "knownHostsFile", false);
    own.client_certificate = file(members, "clientCertificate", false);
    own.client_key = file(members, "clientKey", true);
    own.ca_file = file(members, "caFile", false);

    const auto needs = [&](const char* key, const char* other) {
      if (!members.has(key) || members.has(other)) return;
      members.error(key, fmt::format("credentials: {} needs {} too", key, other));
    };
    needs("passwordFile", "username");
    needs("clientCertificate", "clientKey");
    needs("clientKey", "clientCertificate");
    if (members.has("tokenFile") && members.has("passwordFile")) {
      members.error("passwordFile", "credentials: tokenFile and passwordFile cannot be used together",
                    "keep the one that the server expects");
    }
    if (scheme) refuse_unused(members, *scheme);
    members.done();
  }

  /// A key that silently has no effect would mislead whoever wrote it.
  void refuse_unused(Fields& members, Url::Scheme scheme) {
    const auto unused = [&](const char* key, Url::Scheme wanted, const char* name) {
      if (scheme == wanted || !members.has(key)) return;
      members.error(key, fmt::format("credentials: {} is only for {} URLs", key, name), "remove it");
    };
    for (const auto* key : {"tokenFile", "passwordFile", "clientCertificate", "clientKey", "caFile"}) {
      unused(key, Url::Scheme::https, "https://");
    }
    for (const auto* key : {"sshKeyFile", "knownHostsFile"}) unused(key, Url::Scheme::ssh, "ssh://");
  }

  /// The path of a file with a secret or trust anchor; empty when the key is absent or wrong.
  fs::path file(Fields& members, std::string_view key, bool secret) {
    const auto written = members.text(key);
    return written ? file(*written, key, members.place_of(key), secret) : fs::path();
  }

  fs::path file(const std::string& written, std::string_view key, const Place& place, bool secret) {
    NamedFile named{std::string(key), {}, {}, place, secret};
    constexpr std::string_view prefix = "credential:";
    if (written.starts_with(prefix)) {
      named.credential = written.substr(prefix.size());
      if (named.credential.empty() || named.credential == "." || named.credential == ".." ||
          named.credential.find('/') != std::string::npos || !is_text(named.credential)) {
        problems_.error(place, fmt::format("{}: not a valid name of a systemd credential", key),
                        "write credential:NAME, where the unit has LoadCredential=NAME:FILE");
        return {};
      }
      if (!credentials_.empty()) named.path = credentials_ / named.credential;
    } else if (written.starts_with('/') && is_text(written)) {
      named.path = fs::path(written).lexically_normal();
    } else {
      problems_.error(place, fmt::format("{}: must be an absolute path or credential:NAME", key),
                      "for example /etc/greenwave/token");
      return {};
    }
    files_.push_back(named);
    if (named.credential.empty()) config_.named_files.push_back(named.path);
    return named.path;
  }

  void read_identity(Fields& fields) {
    const auto* identity = fields.map("identity");
    if (identity == nullptr) return;
    Fields members(*identity, "identity", problems_);
    const auto* list = members.sequence("files");
    if (list == nullptr || list->sequence()->empty()) {
      members.error(
          "files", "identity: files is missing, or empty",
          "write identity: {files: [/etc/greenwave/identity]}, or remove the key: that is the default");
    } else {
      for (const auto& item : *list->sequence()) read_identity_file(item);
    }
    members.done();
  }

  void read_identity_file(const yaml::Node& item) {
    const auto* written = item.string();
    if (written == nullptr) {
      problems_.error(item.place, "identity: files must be a list of strings", "put it in quotes");
      return;
    }
    auto path = file(*written, "identity", item.place, true);
    if (!path.empty()) config_.identity_files.push_back(std::move(path));
  }

  void read_host_ports(Fields& members) {
    if (!members.has("hostPorts")) return;
    auto& ranges = config_.podman.host_ports;
    ranges.clear();
    for (const auto& text : members.texts("hostPorts")) {
      if (const auto range = port_range_from(text)) {
        ranges.push_back(*range);
      } else {
        members.error("hostPorts", fmt::format("podman: hostPorts: \"{}\" is not a port", printable(text)),
                      "write ports from 1 to 65535, and ranges, in quotes: [\"80\", \"8000-8100\"]");
      }
    }
  }

  void read_podman(const yaml::Node& node) {
    Fields members(node, "podman", problems_);
    Podman& podman = config_.podman;
    const auto path = [&](const char* key, fs::path& value) {
      const auto written = members.text(key);
      if (!written) return;
      if (!written->starts_with('/') || !is_text(*written)) {
        members.error(key, fmt::format("podman: {} must be an absolute path", key),
                      fmt::format("write {}: {}", key, value.native()));
        return;
      }
      value = fs::path(*written).lexically_normal();
    };
    path("socket", podman.socket);
    path("images", podman.images);
    podman.allow_privileged = members.flag("allowPrivileged").value_or(false);
    podman.allow_host_network = members.flag("allowHostNetwork").value_or(false);
    read_host_ports(members);
    podman.credentials = file(members, "credentials", true);
    for (const auto& what : members.texts("prune")) {
      if (what == "volumes") {
        podman.prune_volumes = true;
      } else if (what == "images") {
        podman.prune_images = true;
      } else {
        members.error("prune", fmt::format("podman: prune: \"{}\" cannot be pruned", printable(what)),
                      "write prune: [volumes, images], or one of them");
      }
    }
    members.done();
  }

  void read_allowed_paths(Fields& fields) {
    const auto* list = fields.sequence("allowedPaths");
    if (list == nullptr) return;
    config_.allowed_paths.clear();
    if (list->sequence()->empty()) {
      fields.error("allowedPaths", "allowedPaths is empty: no manifest could write any file",
                   "name directories, or remove the key for the default");
    }
    for (const auto& item : *list->sequence()) {
      const auto* written = item.string();
      const bool good = written != nullptr && written->starts_with('/') && is_text(*written);
      const auto parts = split(good ? std::string_view(*written) : "", '/');
      if (!good || contains(parts, "..")) {
        problems_.error(item.place, "allowedPaths: every entry must be an absolute path",
                        "write a directory such as /etc, without \"..\"");
        continue;
      }
      std::string path = fs::path(*written).lexically_normal().native();
      while (path.size() > 1 && path.ends_with('/')) path.pop_back();
      if (path.starts_with("//")) path.erase(0, path.find_first_not_of('/') - 1);
      auto& paths = config_.allowed_paths;
      if (!contains(paths, path)) paths.push_back(std::move(path));
    }
  }

  void read_allowed_kinds(Fields& fields) {
    if (fields.sequence("allowedKinds") == nullptr) return;
    config_.allowed_kinds = fields.texts("allowedKinds");
    if (config_.allowed_kinds->empty()) {
      fields.error("allowedKinds", "allowedKinds is empty: nothing could be applied",
                   "name kinds, or remove the key to allow all of them");
    }
    for (const auto& kind : *config_.allowed_kinds) {
      const auto is_letter = [](unsigned char c) { return std::isalnum(c) != 0; };
      if (!kind.empty() && std::ranges::all_of(kind, is_letter)) continue;
      fields.error("allowedKinds",
                   fmt::format("allowedKinds: \"{}\" is not the name of a kind", printable(kind)),
                   "write for example [File, Directory]");
    }
  }

  /// An empty list is an answer as well: nobody.
  void read_commands(const yaml::Node& node) {
    Fields members(node, "commands", problems_);
    if (!members.has("users")) {
      members.error("users", "commands: users is missing",
                    "write commands: {users: [root]}, or remove the key: anybody is the default");
    }
    config_.program_users = members.texts("users");
    for (const auto& user : *config_.program_users) {
      if (!user.empty() && is_text(user) && user.find_first_of(":/ \t\n") == std::string::npos) continue;
      members.error("users", fmt::format("commands: users: \"{}\" is not a user's name", printable(user)),
                    "write names of users, for example [root, traffic]");
    }
    members.done();
  }

  fs::path own_directory(Fields& fields, std::string_view key, const char* usual) {
    const auto written = fields.text(key).value_or(usual);
    const auto normal = fs::path(written).lexically_normal();
    if (!normal.is_absolute() || normal == "/" || !is_text(written)) {
      fields.error(key, fmt::format("{} must be the absolute path of a directory", key),
                   fmt::format("write {}: {}", key, usual));
      return {};
    }
    auto path = normal.native();
    while (path.ends_with('/')) path.pop_back();
    return config_.root / fs::path(path).relative_path();
  }

  void read_metrics(Fields& members) {
    const auto written = members.required_text("file");
    const auto normal = fs::path(written).lexically_normal();
    if (written.empty()) return;
    if (!normal.is_absolute() || normal.extension() != ".prom" || !is_text(written)) {
      members.error("file", "metrics: file must be an absolute path that ends in .prom",
                    "write file: /run/greenwave/metrics.prom");
      return;
    }
    config_.metrics_file = config_.root / normal.relative_path();
  }

  void read_hub(Fields& fields) {
    config_.hub.certificate = config_.state_directory / "hub.crt";
    config_.hub.key = config_.state_directory / "hub.key";
    const auto* node = fields.map("hub");
    if (node == nullptr) return;
    Fields members(*node, "hub", problems_);
    read_hub_url(members);
    config_.hub.authorities = file(members, "ca", false);
    config_.hub.enrolled = !members.has("certificate");
    if (!config_.hub.enrolled) config_.hub.certificate = file(members, "certificate", false);
    if (members.has("key")) config_.hub.key = file(members, "key", true);
    if (!config_.hub.enrolled && !members.has("key")) {
      members.error(
          "certificate", "hub: certificate needs key too",
          "name the key's file, or remove both: greenwave enroll stores them in the state directory");
    }
    members.done();
  }

  void read_hub_url(Fields& members) {
    auto& url = config_.hub.url;
    url = members.required_text("url");
    while (url.ends_with('/')) url.pop_back();
    if (url.empty()) return;
    try {
      // A hub's URL may be a bare host; a repository's may not.
      const bool is_bare = url.find('/', url.find("://") + 3) == std::string::npos;
      if (parse_url(is_bare ? url + "/hub" : url).scheme == Url::Scheme::https) return;
      members.error("url", "hub: url must begin with https://");
    } catch (const Error& error) {
      members.error("url", "hub: url: " + error.message(), "write hub: {url: https://HOST}");
    }
  }

  Config& config_;
  std::vector<NamedFile>& files_;
  const fs::path& credentials_;
  Problems& problems_;
};

}  // namespace

Parsed parse(std::string_view text, const std::string& name, const fs::path& root,
             const fs::path& credentials, Problems& problems) {
  Parsed parsed;
  parsed.config.file = name;
  parsed.config.root = root.lexically_normal();
  const auto document = yaml::load_filled(
      text, name, {"the configuration", "write at least repository: {url: https://HOST/PATH}"}, problems,
      limits);
  if (document) ConfigReader(parsed, credentials, problems).read(*document);
  return parsed;
}

}  // namespace greenwave::config
