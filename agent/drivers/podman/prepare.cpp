#include "drivers/podman/prepare.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "drivers/podman/claim_volume.h"
#include "drivers/podman/own_volumes.h"

namespace greenwave::drivers::podman {

namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

std::string directory_of(const workload::Rules& rules, const std::string& pod) {
  if (pod.empty() || pod.front() == '.' || pod.find('/') != pod.npos || rules.device.pods.empty())
    throw Error(Fault::invalid, fmt::format("a pod cannot be called {}", printable(pod)));
  return rules.device.pods + "/" + pod;
}

std::optional<std::int64_t> number_in(std::string_view text) {
  std::int64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [at, fault] = std::from_chars(text.data(), end, number);
  return fault == std::errc() && at == end && number >= 0 ? std::optional(number) : std::nullopt;
}

/// The user of an image's "USER", before the colon.
std::string_view user_in(std::string_view written) {
  return written.substr(0, written.find(':'));
}

/// What volume_of made this from.
std::string claim_in(const std::string& space, const std::string& volume) {
  return volume.substr(volume_of(space, "").size());
}

class Preparation {
 public:
  Preparation(Service& service, const workload::Rules& rules, const KubePod& kube_pod)
      : service_(service), rules_(rules), kube_pod_(kube_pod), pod_(OrderedJson::parse(kube_pod.text)) {
    for (const auto& starter : kube_pod.starters) starters_.push_back(OrderedJson::parse(starter.body));
  }

  Prepared run(const ObjectId& id) {
    const auto& provision = kube_pod_.provision;
    for (const auto& user : provision.users) settle_user(user);
    const auto directory = directory_of(rules_, kube_pod_.pod);
    fs::remove_all(directory);
    make_volumes(directory, provision);
    for (const auto& memory : provision.memory) make_memory(id, memory);
    make_own_claims(id);
    for (const auto& claim : provision.claims) make_claim(id, claim);
    auto own = OrderedJson::array();
    if (!provision.own.empty()) own.push_back(directory);
    for (const auto& [open, real] : parts_) own.push_back(real);
    if (pod_["spec"].contains("volumes")) {
      for (auto& volume : pod_["spec"]["volumes"]) {
        if (volume.contains("hostPath")) settle_path(volume["hostPath"], directory);
      }
    }
    const std::string own_paths(labels::own_paths);
    pod_["metadata"]["labels"][own_paths] = own.dump();
    Prepared prepared{pod_.dump() + "\n", {}};
    for (auto& starter : starters_) {
      starter["labels"][own_paths] = own.dump();
      settle_mounts(starter);
      prepared.starters.push_back(starter.dump());
    }
    return prepared;
  }

 private:
  /// The container's user is the image's, as long as that is nobody that it must not be.
  void settle_user(const ImageUser& user) {
    const auto written = service_.image_user(user.image);
    const auto name = user_in(written);
    const auto number = name.empty() || name == "root" ? std::optional<std::int64_t>(0) : number_in(name);
    const auto say = [&](const std::string& what, std::string_view remedy) {
      return Error(Fault::invalid, fmt::format("the container {}: {}", user.container, what),
                   std::string(remedy));
    };
    if (user.non_root && !number)
      throw say(fmt::format("runAsNonRoot cannot be checked, since the image's user {} is no number",
                            printable(name)),
                "write runAsUser");
    if (user.non_root && *number == 0)
      throw say("the image runs as root, and runAsNonRoot forbids it",
                "write runAsUser, or use another image");
    if (!user.group) return;
    if (!number)
      throw say(
          fmt::format("runAsGroup needs runAsUser, since the image's user {} is no number", printable(name)),
          "write runAsUser too");
    for (auto& container : pod_["spec"]["containers"]) {
      if (container["name"] != user.container) continue;
      container["securityContext"]["runAsUser"] = *number;
      container["securityContext"]["runAsGroup"] = *user.group;
    }
    for (auto& starter : starters_) {
      if (starter["name"] == fmt::format("{}-{}", kube_pod_.pod, user.container))
        starter["user"] = fmt::format("{}:{}", *number, *user.group);
    }
  }

  /// Podman makes what of the host is missing with the pod itself.
  void settle_mounts(OrderedJson& starter) const {
    if (!starter.contains("mounts")) return;
    for (auto& mount : starter["mounts"]) {
      const auto part = parts_.find(mount["source"].get<std::string>());
      if (part != parts_.end()) mount["source"] = part->second;
    }
  }

  void make_memory(const ObjectId& id, const MemoryVolume& memory) {
    std::string options = fmt::format("mode={},nodev,nosuid", kube_pod_.provision.group ? "2777" : "0777");
    // Podman takes "size" as a quota of the disk; the kernel counts in pages as well.
    if (memory.size) {
      const std::int64_t page = std::max(1L, ::sysconf(_SC_PAGESIZE));
      options += fmt::format(",nr_blocks={}", *memory.size / page + (*memory.size % page != 0 ? 1 : 0));
    }
    if (kube_pod_.provision.group) options += fmt::format(",gid={}", *kube_pod_.provision.group);
    service_.create_volume(
        memory.name, {{std::string(labels::object), label_of(id)}, {std::string(labels::pod), kube_pod_.pod}},
        {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", options}});
  }

  /// They stay when the pod goes.
  void make_own_claims(const ObjectId& id) {
    for (const auto& volume : kube_pod_.provision.own_claims) {
      if (!service_.has_volume(volume))
        service_.create_volume(volume, {{std::string(labels::object), label_of(id)}});
    }
  }

  void make_claim(const ObjectId& id, const ClaimPart& claim) {
    const auto& group = kube_pod_.provision.group;
    if (!contains(kube_pod_.provision.own_claims, claim.volume))
      bring_claim(service_, rules_, {id.namespace_, claim_in(id.namespace_, claim.volume)});
    if (claim.sub.empty() && !group) return;
    const auto root = service_.volume_path(claim.volume);
    const auto path = claim.sub.empty() ? root : make_part(root, claim.sub);
    if (!claim.sub.empty()) parts_[claim_path(claim.volume, claim.sub)] = path;
    if (group && claim.writable) give_to_group(path, *group, kube_pod_.provision.only_mismatch);
  }

  /// What podman makes is made where nothing is; what it must be is checked here.
  void settle_path(OrderedJson& host_path, const std::string& own_directory) const {
    const auto path = host_path["path"].get<std::string>();
    if (const auto part = parts_.find(path); part != parts_.end()) {
      host_path["path"] = part->second;
      return;
    }
    if (is_at_or_below(path, own_directory)) return;
    const auto type = host_path.value("type", "");
    std::error_code error;
    const auto there = fs::status(path, error).type();
    if (there == fs::file_type::not_found) {
      // As container runtimes do below Kubernetes.
      if (type.empty()) host_path["type"] = "DirectoryOrCreate";
      if (type.empty() || type.ends_with("OrCreate")) return;
      throw Error(Fault::conflict, fmt::format("the host's path {} is not there", printable(path)),
                  fmt::format("make it, or write another type than {}", type));
    }
    if (is_device(type)) return check_type(path, type, there);
    host_path.erase("type");
    check_type(path, type, there);
  }

  static bool is_device(std::string_view type) { return type == "CharDevice" || type == "BlockDevice"; }

  static void check_type(const std::string& path, std::string_view type, fs::file_type there) {
    struct Wanted {
      std::string_view type;
      fs::file_type is;
      std::string_view words;
    };
    constexpr Wanted all[]{{"Directory", fs::file_type::directory, "a directory"},
                           {"DirectoryOrCreate", fs::file_type::directory, "a directory"},
                           {"File", fs::file_type::regular, "a file"},
                           {"FileOrCreate", fs::file_type::regular, "a file"},
                           {"Socket", fs::file_type::socket, "a socket"},
                           {"CharDevice", fs::file_type::character, "a character device"},
                           {"BlockDevice", fs::file_type::block, "a block device"}};
    const auto* wanted = std::ranges::find(all, type, &Wanted::type);
    if (wanted == std::end(all) || wanted->is == there) return;
    throw Error(Fault::conflict,
                fmt::format("the host's path {} is not {}, as its type says", printable(path), wanted->words),
                "choose another path or type");
  }

  Service& service_;
  const workload::Rules& rules_;
  const KubePod& kube_pod_;
  OrderedJson pod_;
  std::vector<OrderedJson> starters_;
  std::map<std::string, std::string> parts_;  ///< of claims: where they are, by what the sheet had for it
};

}  // namespace

Prepared prepare(Service& service, const workload::Rules& rules, const ObjectId& id,
                 const KubePod& kube_pod) {
  return Preparation(service, rules, kube_pod).run(id);
}

void clear_volumes(const workload::Rules& rules, const std::string& pod) {
  std::error_code gone;
  fs::remove_all(directory_of(rules, pod), gone);
}

}  // namespace greenwave::drivers::podman
