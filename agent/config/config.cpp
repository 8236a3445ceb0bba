#include "config/config.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "config/parse.h"

namespace greenwave::config {

namespace {

namespace fs = std::filesystem;

fs::path credentials_directory() {
  const char* directory = std::getenv("CREDENTIALS_DIRECTORY");
  return directory != nullptr ? directory : "";
}

void report_unresolved(const std::vector<NamedFile>& files, Problems& problems) {
  for (const auto& file : files) {
    if (!file.path.empty()) continue;
    problems.error(
        file.place,
        fmt::format("{}: credential:{} is set, but systemd passed no credentials "
                    "(CREDENTIALS_DIRECTORY is not set)",
                    file.key, file.credential),
        fmt::format("add LoadCredential={}:FILE to the unit, or write a file's path here", file.credential));
  }
}

using Comes = std::function<bool(const fs::path&)>;

/// Reports a missing file now, with its place, instead of at the first fetch.
void check_files(const std::vector<NamedFile>& files, Problems& problems, const Comes& comes = {}) {
  for (const auto& file : files) {
    if (file.path.empty() || (comes && comes(file.path))) continue;
    struct stat about {};
    if (::stat(file.path.c_str(), &about) != 0) {
      problems.error(
          file.place, fmt::format("{}: {}: {}", file.key, file.path.native(), std::strerror(errno)),
          file.credential.empty() ? "create the file, or fix the path"
                                  : fmt::format("add LoadCredential={}:FILE to the unit", file.credential));
    } else if (!S_ISREG(about.st_mode)) {
      problems.error(file.place, fmt::format("{}: {} is not a file", file.key, file.path.native()),
                     "write the path of a regular file");
    } else if (::access(file.path.c_str(), R_OK) != 0) {
      problems.error(file.place,
                     fmt::format("{}: {}: {}", file.key, file.path.native(), std::strerror(errno)),
                     "the agent reads it as root: run this with sudo, or let this user read it");
    } else if (file.secret && (about.st_mode & S_IROTH) != 0) {
      problems.warning(file.place,
                       fmt::format("{}: everyone on this device can read {}", file.key, file.path.native()),
                       fmt::format("chmod 600 {}", file.path.native()));
    }
  }
}

void add_to(Hasher& hasher, const std::vector<std::string>& list) {
  hasher.add_field(std::to_string(list.size()));
  for (const auto& item : list) hasher.add_field(item);
}

void add_to(Hasher& hasher, const Kubernetes& kubernetes) {
  hasher.add_field(kubernetes.kubeconfig.native())
      .add_field(kubernetes.context)
      .add_field(kubernetes.namespace_);
  hasher.add_field(kubernetes.namespace_from_directory ? "directories" : "");
  for (const auto* scope : {&kubernetes.kinds, &kubernetes.namespaces}) {
    add_to(hasher, scope->allow);
    add_to(hasher, scope->deny);
  }
  hasher.add_field(std::to_string(kubernetes.impersonate.size()));
  for (const auto& [where, who] : kubernetes.impersonate) hasher.add_field(where).add_field(who);
  for (const auto* managers : {&kubernetes.force, &kubernetes.yield, &kubernetes.adopt}) {
    add_to(hasher, *managers);
  }
  hasher.add_field(kubernetes.cluster_kinds ? "only" : "any");
  if (kubernetes.cluster_kinds) add_to(hasher, *kubernetes.cluster_kinds);
}

}  // namespace

std::string_view to_string(Runtime runtime) {
  switch (runtime) {
    case Runtime::none:
      return "none";
    case Runtime::podman:
      return "podman";
    case Runtime::kubernetes:
      return "kubernetes";
  }
  return "none";
}

std::string to_string(const PortRange& range) {
  auto text = std::to_string(range.first);
  if (range.last != range.first) text += "-" + std::to_string(range.last);
  return text;
}

std::optional<PortRange> port_range_from(std::string_view text) {
  PortRange range;
  const auto dash = std::min(text.find('-'), text.size());
  const auto read = [](std::string_view digits, std::uint16_t& port) {
    const auto* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, port);
    return result.ec == std::errc() && result.ptr == end && port > 0;
  };
  if (!read(text.substr(0, dash), range.first)) return {};
  range.last = range.first;
  if (dash < text.size() && !read(text.substr(dash + 1), range.last)) return {};
  if (range.last < range.first) return {};
  return range;
}

Digest Config::digest() const {
  Hasher hasher;
  hasher.add_field(device).add_field(repository.path).add_field(root.native()).add_field(to_string(runtime));
  hasher.add_field(podman.allow_privileged ? "privileged" : "");
  hasher.add_field(podman.allow_host_network ? "host network" : "");
  hasher.add_field(std::to_string(podman.host_ports.size()));
  for (const auto& range : podman.host_ports) hasher.add_field(to_string(range));
  hasher.add_field(std::to_string(labels.size()));
  for (const auto& [key, value] : labels) hasher.add_field(key).add_field(value);
  for (const auto& path : allowed_paths) hasher.add_field(path);
  for (const auto* list : {&allowed_kinds, &program_users}) {
    hasher.add_field(*list ? "only" : "any");
    if (*list) add_to(hasher, **list);
  }
  if (runtime == Runtime::kubernetes) add_to(hasher, kubernetes);
  return hasher.finish();
}

Config parse_config(std::string_view text, const std::string& name, const fs::path& root,
                    Problems& problems) {
  auto parsed = parse(text, name, root, credentials_directory(), problems);
  report_unresolved(parsed.files, problems);
  return std::move(parsed.config);
}

fs::path usual_identity(const fs::path& config) {
  return fs::absolute(config).parent_path() / "identity";
}

Problems check_text(std::string_view text, const Config& now, const Comes& comes) {
  Problems problems;
  const auto parsed = parse(text, now.file.native(), now.root, credentials_directory(), problems);
  auto files = parsed.files;
  std::erase_if(files, [](const NamedFile& file) { return !file.credential.empty(); });
  check_files(files, problems, comes);
  return problems;
}

Config load_config(const fs::path& file, const fs::path& root, Check check) {
  std::string text;
  try {
    text = read_file(file, 1024 * 1024);
  } catch (const Error& error) {
    throw Error(Fault::invalid, error.message(), "create it, or name another file with --config");
  }
  Problems problems;
  auto parsed = parse(text, file.native(), fs::absolute(root), credentials_directory(), problems);
  const auto identity = usual_identity(file);
  std::error_code ignored;
  if (parsed.config.identity_files.empty() && fs::exists(identity, ignored)) {
    parsed.config.identity_files.push_back(identity);
  }
  if (check == Check::words_and_files) {
    report_unresolved(parsed.files, problems);
    check_files(parsed.files, problems);
  }
  std::string errors;
  for (const auto& problem : problems.list()) {
    if (problem.severity == Severity::warning) {
      parsed.config.warnings.push_back(to_string(problem));
    } else {
      errors += (errors.empty() ? "" : "\n") + to_string(problem);
    }
  }
  if (!errors.empty()) throw Error(Fault::invalid, errors);
  return std::move(parsed.config);
}

}  // namespace greenwave::config
