#include "drivers/podman/claim_volume.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "drivers/podman/copy_tree.h"
#include "drivers/podman/play_kube.h"
#include "drivers/podman/stop.h"
#include "drivers/podman/view.h"
#include "drivers/workload/space.h"

namespace greenwave::drivers::podman {

namespace {

namespace fs = std::filesystem;

/// Of an object's id as labels have it: "apps/v1/Deployment/tenant/web".
std::string space_in(const std::string& label) {
  const auto name = label.rfind('/');
  if (name == label.npos || name == 0) return {};
  const auto space = label.rfind('/', name - 1);
  if (space == label.npos) return {};
  return workload::plain_space(label.substr(space + 1, name - space - 1));
}

void flush(const std::string& directory) {
  const Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened || ::syncfs(opened.get()) != 0) throw system_error("write", directory);
}

bool exchange(const std::string& one, const std::string& other) {
  return ::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0;
}

/// Fills the empty directory `to`; before it is whole, `to` stays empty.
void copy_whole(const std::string& from, const std::string& to) {
  const auto part = (fs::path(to).parent_path() / "greenwave-part").native();
  fs::remove_all(part);
  copy_tree(from, part);
  flush(part);
  if (!exchange(part, to)) throw system_error("fill", to);
  flush(to);
  fs::remove_all(part);
}

/// Who uses the volume that all claims of a name had once.
struct Users {
  Pods own;  ///< in the claim's namespace
  bool others = false;
};

Users users_of(Service& service, const std::string& volume, const std::string& space) {
  Users users;
  const auto using_it = service.containers_with_volume(volume);
  if (using_it.empty()) return users;
  for (auto& one : service.containers()) {
    const auto is_its = [&](const Container& other) { return other.pod == one.pod; };
    if (std::ranges::none_of(using_it, is_its)) continue;
    if (space_in(one.object) == space) {
      auto& pod = users.own[one.pod];
      pod.push_back(std::move(one));
    } else {
      users.others = true;
    }
  }
  return users;
}

void take_along(Service& service, const workload::Rules& rules, const ClaimRequest& request,
                const Users& users) {
  const auto& old = request.claim;
  const auto volume = volume_of(request.space, request.claim);
  const auto to = service.volume_path(volume);
  if (!fs::is_empty(to)) return;  // it came along before
  for (const auto& [name, containers] : users.own) {
    stop_gently(service, containers);
    discard(service, rules, name);
  }
  const auto from = service.volume_path(old);
  const bool is_ours = !service.volume_label(old, labels::object).empty();
  if (!users.others && is_ours && exchange(from, to)) {
    flush(to);
    service.remove_volume(old);
  } else {
    copy_whole(from, to);
  }
}

}  // namespace

std::string volume_of(const std::string& space, const std::string& claim) {
  const auto plain = workload::plain_space(space);
  return plain.empty() ? claim : plain + "_" + claim;
}

bool bring_claim(Service& service, const workload::Rules& rules, const ClaimRequest& request) {
  const auto volume = volume_of(request.space, request.claim);
  const bool is_there = service.has_volume(volume);
  if (!is_there) service.create_volume(volume, request.labels);
  if (volume == request.claim || !service.has_volume(request.claim)) return !is_there;
  const auto users = users_of(service, request.claim, workload::plain_space(request.space));
  if (request.before == request.claim || !users.own.empty()) take_along(service, rules, request, users);
  return !is_there;
}

}  // namespace greenwave::drivers::podman
