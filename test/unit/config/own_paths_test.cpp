#include "config/own_paths.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "support/temporary_directory.h"

using namespace greenwave;
using namespace greenwave::config;

namespace {

Config elsewhere() {
  Config config;
  config.root = "/";
  config.file = "/opt/city/agent.yaml";
  config.allowed_signers = "/opt/city/signers";
  config.identity_files = {"/opt/keys/own"};
  config.named_files = {"/opt/city/signers", "/opt/keys/own", "/opt/keys/token"};
  config.state_directory = "/srv/state";
  config.runtime_directory = "/srv/run/";
  return config;
}

std::optional<Part> part_at(const OwnPaths& own, std::string_view path) {
  const auto* found = own_at(own, path);
  return found == nullptr ? std::nullopt : std::optional(found->part);
}

}  // namespace

TEST_CASE("own paths: a device's are where its configuration has them") {
  const auto own = own_paths(elsewhere(), "/opt/bin/greenwaved");
  CHECK(part_at(own, "/opt/city/agent.yaml") == Part::configuration);
  CHECK(part_at(own, "/opt/city/signers") == Part::trust);
  CHECK(part_at(own, "/opt/keys/own") == Part::identity);
  CHECK(part_at(own, "/opt/city/identity") == Part::identity);
  CHECK(part_at(own, "/opt/keys/token") == Part::named);
  CHECK(part_at(own, "/srv/state/git/HEAD") == Part::state);
  CHECK(part_at(own, "/srv/run/control.sock") == Part::runtime);
  CHECK(part_at(own, "/opt/bin/greenwaved") == Part::program);
  CHECK(part_at(own, "/opt/lib/greenwave/greenwave-guard") == Part::guard);
  CHECK_FALSE(part_at(own, "/opt/city/other"));
  CHECK_FALSE(part_at(own, "/srv/stateful"));
}

TEST_CASE("own paths: the usual ones are the agent's on every device, and where nothing is known of one") {
  for (const auto& own : {own_paths(elsewhere(), "/opt/bin/greenwaved"), own_paths(Config{}, "")}) {
    CHECK(part_at(own, "/etc/greenwave/agent.yaml") == Part::configuration);
    CHECK(part_at(own, "/etc/greenwave/identity") == Part::identity);
    CHECK(part_at(own, "/var/lib/greenwave") == Part::state);
    CHECK(part_at(own, "/var/lib/greenwave/guard/armed") == Part::state);
    CHECK(part_at(own, "/var/lib/greenwave/images/spat.tar") == Part::images);
    CHECK(part_at(own, "/run/greenwave/busy.d/x") == Part::runtime);
    CHECK(part_at(own, "/usr/sbin/greenwaved") == Part::program);
    CHECK(part_at(own, "/usr/lib/greenwave/greenwave-guard") == Part::guard);
    for (const std::string directory :
         {"/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"}) {
      CHECK(part_at(own, directory + "/greenwaved.service") == Part::unit);
      CHECK(part_at(own, directory + "/greenwaved.service.d/a.conf") == Part::unit);
      CHECK(part_at(own, directory + "/service.d/a.conf") == Part::unit);
      CHECK(part_at(own, directory + "/greenwave-guard.service") == Part::guard);
      CHECK(part_at(own, directory + "/greenwave-.service.d/a.conf") == Part::guard);
      CHECK(part_at(own, directory + "/multi-user.target.wants/greenwaved.service") == Part::boot);
    }
    CHECK_FALSE(part_at(own, "/etc/systemd/system/chrony.service"));
  }
}

TEST_CASE("own paths: what is above them is known") {
  const auto own = own_paths(Config{}, "");
  for (const auto* above : {"/", "/etc", "/etc/greenwave", "/var/lib", "/etc/systemd/system",
                            "/etc/systemd/system/multi-user.target.wants"}) {
    INFO(above);
    CHECK(own_below(own, above) != nullptr);
  }
  CHECK(own_below(own, "/etc/greenwave/agent.yaml") == nullptr);
  CHECK(own_below(own, "/etc/greenwav") == nullptr);
}

TEST_CASE("own paths: an image has those that are below its root, as its manifests write them") {
  auto config = elsewhere();
  config.root = "/srv/image";
  config.state_directory = "/srv/image/var/state";
  const auto own = own_paths(config, "/usr/bin/greenwaved");
  CHECK(part_at(own, "/var/state/state.db") == Part::state);
  CHECK_FALSE(part_at(own, "/opt/city/agent.yaml"));
  CHECK_FALSE(part_at(own, "/usr/bin/greenwaved"));
}

TEST_CASE("own paths: what a link of the device leads to is the agent's as well") {
  const test::TemporaryDirectory root;
  std::filesystem::create_directories(root.path() / "data/state");
  std::filesystem::create_directories(root.path() / "var/lib");
  std::filesystem::create_directory_symlink("../../data/state", root.path() / "var/lib/greenwave");
  Config config;
  config.root = root.path();
  const auto own = with_real_places(own_paths(config, ""), root.path());
  CHECK(part_at(own, "/data/state/state.db") == Part::state);
  CHECK(part_at(own, "/var/lib/greenwave/state.db") == Part::state);
  CHECK_FALSE(part_at(own, "/data/other"));
}
