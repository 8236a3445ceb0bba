#include "drivers/podman/host_paths.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "drivers/workload/host_path.h"
#include "support/temporary_directory.h"
#include "unit/drivers/podman_fixture.h"

using namespace greenwave;
using namespace greenwave::drivers;
using namespace greenwave::drivers::podman;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

constexpr uid_t olga = 65533;

/// A directory that pods may see parts of, with users' directories in it.
class Allowed {
 public:
  void directory(const std::string& path, uid_t owner = 0, mode_t mode = 0755) {
    fs::create_directories(root_ / path);
    REQUIRE(::chown((root_ / path).c_str(), owner, owner) == 0);
    REQUIRE(::chmod((root_ / path).c_str(), mode) == 0);
  }
  void link(const std::string& path, const fs::path& target) { fs::create_symlink(target, root_ / path); }
  fs::path at(const std::string& path) const { return root_ / path; }

  /// Why the path is refused; empty: it is not.
  std::string refusal(const std::string& path) const {
    const workload::Rules rules{{root_.path().native()}, false};
    return unsafe_host_path(rules, std::vector<std::string>{(root_ / path).native()}).value_or("");
  }

 private:
  test::TemporaryDirectory root_;
};

}  // namespace

TEST_CASE("host paths: what only root can change is mounted, whoever owns what is there") {
  Allowed allowed;
  allowed.directory("data");
  allowed.directory("olga", olga);
  allowed.directory("shared", 0, 01777);
  allowed.directory("shared/roots");
  allowed.link("current", "data");
  allowed.link("absolute", allowed.at("data"));
  CHECK(allowed.refusal("data") == "");
  CHECK(allowed.refusal("olga") == "");
  CHECK(allowed.refusal("shared") == "");
  CHECK(allowed.refusal("shared/roots") == "");
  CHECK(allowed.refusal("current") == "");
  CHECK(allowed.refusal("absolute") == "");
  CHECK(allowed.refusal("data/not/yet/there") == "");
}

TEST_CASE("host paths: what another user could swap for a link is refused before anybody does") {
  Allowed allowed;
  allowed.directory("olga", olga);
  allowed.directory("olga/data", olga);
  allowed.directory("olga/roots");
  allowed.directory("shared", 0, 01777);
  allowed.directory("shared/hers", olga);
  allowed.directory("open", 0, 0777);
  allowed.directory("open/data");
  allowed.directory("team", 0, 0775);
  REQUIRE(::chown(allowed.at("team").c_str(), 0, olga) == 0);
  allowed.directory("team/data");
  allowed.link("hers", "olga/data");
  CHECK_THAT(allowed.refusal("olga/data"),
             Contains("olga belongs to user 65533, who could put a link in the place of data"));
  CHECK_THAT(allowed.refusal("olga/roots"), Contains("in the place of roots"));
  CHECK_THAT(allowed.refusal("olga/nothing"), Contains("in the place of nothing"));
  CHECK_THAT(allowed.refusal("olga/data/deeper"), Contains("in the place of data"));
  CHECK_THAT(allowed.refusal("shared/hers"), Contains("is writable for others than root"));
  CHECK_THAT(allowed.refusal("shared/nothing"), Contains("is writable for others than root"));
  CHECK_THAT(allowed.refusal("open/data"), Contains("is writable for others than root"));
  CHECK_THAT(allowed.refusal("team/data"), Contains("is writable for others than root"));
  CHECK_THAT(allowed.refusal("hers"), Contains("in the place of data"));
}

TEST_CASE("host paths: a link that leads out of what is allowed is refused, and so is a circle") {
  Allowed allowed;
  allowed.directory("data");
  allowed.link("root", "/");
  allowed.link("up", "../../..");
  allowed.link("etc", "/etc");
  allowed.link("one", "two");
  allowed.link("two", "one");
  CHECK_THAT(allowed.refusal("root"), Contains("leads to /, which is not allowed"));
  CHECK_THAT(allowed.refusal("up"), Contains("leads to /, which is not allowed"));
  CHECK_THAT(allowed.refusal("etc/ssl"), Contains("leads to /etc/ssl"));
  CHECK_THAT(allowed.refusal("one"), Contains("too many links"));
}

TEST_CASE("host paths: a pod's mounts are read with who may write to them") {
  const auto manifest = test::kube_manifest(R"(apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers: [{name: i, image: i, volumeMounts: [{name: w, mountPath: /w}]}]
  containers:
    - name: a
      image: i
      volumeMounts: [{name: r, mountPath: /r, readOnly: true}, {name: w, mountPath: /w, readOnly: true}]
  volumes:
    - {name: r, hostPath: {path: /srv/r}}
    - {name: w, hostPath: {path: /srv/w}}
    - {name: unused, hostPath: {path: /srv/u}}
)");
  Problems problems;
  const auto workload = workload::read_workload(manifest, test::podman_rules, problems);
  const auto mounts = workload::mounts_of(workload);
  REQUIRE(mounts.size() == 3);
  CHECK(mounts[0].path == "/srv/r");
  CHECK_FALSE(mounts[0].writable);
  CHECK(mounts[1].path == "/srv/u");
  CHECK_FALSE(mounts[1].writable);
  CHECK(mounts[2].writable);
  CHECK(to_string(mounts[2].place) == "pod.yaml:12:34");
}
