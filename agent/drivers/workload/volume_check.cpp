#include "drivers/workload/volume_check.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/contains.h"
#include "base/text.h"
#include "drivers/workload/container_check.h"
#include "drivers/workload/host_path.h"
#include "drivers/workload/pod_values.h"

namespace greenwave::drivers::workload {

namespace {

constexpr std::int64_t highest_mode = 0777;

std::string text_of(const PodField& field) {
  return field.text() != nullptr ? *field.text() : "";
}

class VolumeCheck {
 public:
  VolumeCheck(const PodField& spec, const Rules& rules, Problems& problems)
      : spec_(spec), rules_(rules), problems_(problems) {}

  void run() {
    for (const auto& volume : spec_["volumes"].items()) read_volume(volume);
    for (const auto* list : {"initContainers", "containers"}) {
      for (const auto& container : spec_[list].items()) {
        std::set<std::string> taken;
        for (const auto& mount : container["volumeMounts"].items()) read_mount(mount, taken);
      }
    }
    for (const auto& [name, volume] : volumes_) check_sub_paths(name, volume);
  }

 private:
  void error(const PodField& field, const PodField& parent, std::string what, std::string remedy) {
    problems_.error(field.node != nullptr ? field.node->place : parent.node->place,
                    fmt::format("{}: {}", field.path, what), std::move(remedy));
  }

  void read_volume(const PodField& volume) {
    const auto name = text_of(volume["name"]);
    if (name.empty()) {
      return problems_.error(volume.node->place, "the volume has no name",
                             "give it one, for volumeMounts to name");
    }
    if (!volumes_.emplace(name, volume).second)
      error(volume["name"], volume, "two volumes have this name", "rename one");
    const auto is_its = [&](auto kind) { return volume[kind].is_set(); };
    const auto kinds = std::ranges::count_if(volume_kinds, is_its);
    if (kinds > 1) {
      return problems_.error(volume.node->place,
                             fmt::format("the volume {} is of more than one kind", printable(name)),
                             "leave one");
    }
    if (const auto host = volume["hostPath"]; host.node != nullptr) read_host_path(host);
    read_source(volume);
    read_projected(volume["projected"]);
  }

  void read_projected(const PodField& projected) {
    if (!projected.is_set()) return;
    read_mode(projected["defaultMode"]);
    const auto sources = projected["sources"];
    if (sources.node == nullptr || !sources.node->is_sequence()) {
      return problems_.error(projected.node->place, "projected has no list of sources",
                             "write sources: [{configMap: {name: NAME}}, {secret: {name: NAME}}]");
    }
    for (const auto& source : sources.items()) {
      if (source.members().size() != 1)
        problems_.error(source.node->place, fmt::format("{} is not one source", source.path),
                        "write one of configMap, secret and downwardAPI in each item");
      read_source(source);
    }
  }

  void read_source(const PodField& from) {
    for (const auto* kind : {"configMap", "secret"}) {
      read_mode(from[kind]["defaultMode"]);
      for (const auto& item : from[kind]["items"].items()) {
        if (text_of(item["key"]).empty()) error(item["key"], item, "an item needs a key", "give it one");
        read_item(item);
      }
    }
    read_mode(from["downwardAPI"]["defaultMode"]);
    for (const auto& item : from["downwardAPI"]["items"].items()) {
      read_item(item);
      const auto field = item["fieldRef"];
      const auto resource = item["resourceFieldRef"];
      if (field.is_set() == resource.is_set())
        error(item, item, "a file is of one field", "write fieldRef or resourceFieldRef");
      if (field.is_set()) check_field_ref(field, spec_, true, problems_);
      if (resource.is_set()) check_resource_ref(resource, spec_, true, problems_);
    }
  }

  void read_item(const PodField& item) {
    const auto path = item["path"];
    const auto text = text_of(path);
    if (text.empty() || !leads_down(text) || text.starts_with(".."))
      error(path, item, "this is no path of a file in the volume",
            "write a relative path without .., such as tls/key.pem");
    read_mode(item["mode"]);
  }

  void read_mode(const PodField& mode) {
    if (!mode.is_set()) return;
    const auto* number = std::get_if<std::int64_t>(&mode.node->value);
    if (number == nullptr || (*number >= 0 && *number <= highest_mode)) return;
    error(mode, mode, fmt::format("{} is not a mode", *number), "write one from 0 to 0777, such as 0440");
  }

  void read_host_path(const PodField& host) {
    const auto written = host["path"];
    const auto* path = written.text();
    if (path != nullptr && is_allowed(rules_, *path)) return;
    const auto& place = path != nullptr ? written.node->place : host.node->place;
    const auto refuse = [&](std::string_view what, std::string remedy) {
      problems_.error(place,
                      fmt::format("{}: the host's path {} {}", written.path,
                                  path != nullptr ? printable(*path) : "(missing)", what),
                      std::move(remedy));
    };
    const auto seen = path != nullptr && is_below_allowed(rules_, *path) ? seen_at(*path) : "";
    if (seen.empty()) {
      refuse(fmt::format("is not allowed on this device ({}; Pod Security Standards: HostPath Volumes)",
                         fmt::join(rules_.allowed_paths, ", ")),
             "choose a path below one of these, in plain form, or add to allowedPaths in agent.yaml");
    } else {
      refuse("shows a container " + seen,
             "choose a path that has nothing of it, or set podman: {allowPrivileged: true} in agent.yaml");
    }
  }

  /// What is not for containers at a path, in words.
  std::string seen_at(const std::string& path) const {
    if (const auto* own = own_seen(rules_, path))
      return fmt::format("{} ({})", in_words(own->part), own->path);
    const auto engine = engine_seen(rules_, path);
    return engine.empty() ? "" : fmt::format("what is podman's own ({})", engine);
  }

  void read_mount(const PodField& mount, std::set<std::string>& taken) {
    const auto name = text_of(mount["name"]);
    if (!volumes_.contains(name)) {
      return problems_.error(mount.node->place, "this mounts a volume that the pod does not have",
                             "add it to the pod's volumes, or fix the name");
    }
    const auto path = mount["mountPath"];
    const auto where = text_of(path);
    if (!where.starts_with('/') || where.find(':') != where.npos || where == "/") {
      error(path, mount, "this is no path in a container", "write an absolute path without colons");
    } else if (!taken.insert(where).second) {
      error(path, mount, "two volumes are mounted there", "mount one of them elsewhere");
    }
    read_sub_path(mount);
    mounts_[name].push_back(mount);
  }

  void read_sub_path(const PodField& mount) {
    const auto plain = mount["subPath"];
    const auto expression = mount["subPathExpr"];
    if (!text_of(plain).empty() && !text_of(expression).empty())
      error(expression, mount, "subPath is there too", "leave one");
    for (const auto& path : {plain, expression}) {
      if (!leads_down(text_of(path)))
        error(path, mount, "this leads out of the volume", "write a relative path without ..");
    }
  }

  static bool is_sub(const PodField& mount) {
    return !text_of(mount["subPath"]).empty() || !text_of(mount["subPathExpr"]).empty();
  }

  /// As the API server has it, also one of which nothing is said.
  static bool is_empty_directory(const PodField& volume) {
    return std::ranges::none_of(volume_kinds,
                                [&](auto kind) { return kind != "emptyDir" && volume[kind].is_set(); });
  }

  /// Who may write to what is above a path in a volume can put a link there, which would be followed when
  /// another container starts.
  void check_sub_paths(const std::string& name, const PodField& volume) {
    if (!is_empty_directory(volume)) return;
    const auto& mounts = mounts_[name];
    const auto sub = std::ranges::find_if(mounts, is_sub);
    if (sub == mounts.end()) return;
    if (text_of(volume["emptyDir"]["medium"]) == "Memory") {
      return error((*sub)["name"], *sub, "a volume in memory is mounted as a whole",
                   "use a volume for each directory");
    }
    const auto is_above = [](const PodField& mount) {
      return !is_sub(mount) && !is_true(mount["readOnly"].node);
    };
    if (std::ranges::none_of(mounts, is_above)) return;
    error((*sub)["name"], *sub,
          fmt::format("another container may write to the whole of {}, and could put a link in the place of "
                      "what is mounted here",
                      printable(name)),
          "mount the same part in both, or the whole in both, or the whole with readOnly: true");
  }

  const PodField& spec_;
  const Rules& rules_;
  Problems& problems_;
  std::map<std::string, PodField> volumes_;
  std::map<std::string, std::vector<PodField>> mounts_;
};

}  // namespace

void check_volumes(const PodField& spec, const Rules& rules, Problems& problems) {
  VolumeCheck(spec, rules, problems).run();
}

bool leads_down(std::string_view path) {
  return !path.starts_with('/') && !contains(split(path, '/'), "..");
}

}  // namespace greenwave::drivers::workload
