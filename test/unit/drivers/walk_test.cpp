// Users who own a directory on the way to what root changes, and swap it meanwhile.
#include "drivers/host/walk.h"

#include <atomic>
#include <csignal>
#include <filesystem>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/host/directory_foreign.h"
#include "drivers/host/removal.h"
#include "drivers/host/replacement.h"
#include "drivers/host/tree_copy.h"
#include "unit/drivers/temporary_root.h"

using namespace greenwave;
using namespace greenwave::drivers::host;
using Catch::Contains;
using greenwave::test::TemporaryRoot;
namespace fs = std::filesystem;

namespace {

constexpr uid_t mallory = 65534;
constexpr uid_t olga = 65533;

/// A device with directories of users in /srv.
class Street {
 public:
  Street() {
    fs::permissions(root_.path(), fs::perms(0755));
    fs::create_directory(root_ / "srv");
  }

  void directory(const std::string& path, uid_t owner) {
    fs::create_directories(root_ / path);
    REQUIRE(::chown((root_ / path).c_str(), owner, owner) == 0);
  }
  void link(const std::string& path, const std::string& target, uid_t owner) {
    fs::create_symlink(target, root_ / path);
    REQUIRE(::lchown((root_ / path).c_str(), owner, owner) == 0);
  }
  uid_t owner(const std::string& path) { return root_.about(path).st_uid; }

  const TemporaryRoot& root() const { return root_; }
  const Host& host() const { return host_; }

 private:
  TemporaryRoot root_;
  Host host_{.root = root_.path(), .allowed_paths = {"/etc", "/srv"}};
};

void change(const Street& street, const std::string& path) {
  Parents parents(street.host());
  parents.make(path);
}

/// A process of mallory's that swaps `name` for `other` and back until it is stopped.
class Swapper {
 public:
  Swapper(const fs::path& name, const fs::path& other) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    if (::setgid(mallory) != 0 || ::setuid(mallory) != 0) ::_exit(2);
    for (;;) ::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
  }
  Swapper(const Swapper&) = delete;
  Swapper& operator=(const Swapper&) = delete;
  ~Swapper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("walk: from a user's directory or link, only what is the same user's is entered") {
  if (!test::is_root()) return;
  Street street;
  street.directory("srv/other", 0);
  street.directory("srv/app", mallory);
  street.directory("srv/app/own", mallory);
  street.directory("srv/app/roots", 0);
  street.directory("srv/app/olgas", olga);
  street.link("srv/app/link", "../other", mallory);
  street.link("srv/app/to-own", "own", mallory);
  street.link("srv/app/roots-link", "own", 0);
  street.link("srv/mallorys", "other", mallory);
  street.link("srv/roots", "other", 0);
  street.link("srv/mallorys-own", "app/own", mallory);
  for (const auto* safe : {"/srv/x", "/srv/app/x", "/srv/app/own/x", "/srv/app/to-own/x",
                           "/srv/mallorys-own/x", "/srv/roots/x", "/srv/other/deep/x"}) {
    INFO(safe);
    CHECK_NOTHROW(change(street, safe));
  }
  for (const auto* unsafe : {"/srv/app/roots/x", "/srv/app/olgas/x", "/srv/app/link/x",
                             "/srv/app/roots-link/x", "/srv/mallorys/x"}) {
    INFO(unsafe);
    CHECK_THROWS_WITH(change(street, unsafe), Contains("could have put it there"));
    Parents look(street.host(), Parents::Purpose::look);
    CHECK_NOTHROW(look.find(unsafe));
  }
}

TEST_CASE("walk: a directory that is missing in a user's directory becomes that user's") {
  if (!test::is_root()) return;
  Street street;
  street.directory("srv/app", mallory);
  change(street, "/srv/app/a/b/x");
  CHECK(street.owner("srv/app/a") == mallory);
  CHECK(street.owner("srv/app/a/b") == mallory);
  change(street, "/srv/other/b/x");
  CHECK(street.owner("srv/other/b") == 0);
}

TEST_CASE(
    "walk: mode and owner of what a user could have put there stay as they are, and it is not emptied") {
  if (!test::is_root()) return;
  Street street;
  street.directory("srv/app", mallory);
  street.directory("srv/app/data", 0);
  street.root().write("srv/app/data/precious", "x");
  Parents parents(street.host());
  DirectorySync touched;
  const Attributes wanted{.type = S_IFDIR, .mode = 0755, .uid = mallory, .gid = mallory};
  CHECK_THROWS_WITH(make_directory(parents, "/srv/app/data", wanted, touched),
                    Contains("could have put it there"));
  CHECK(street.owner("srv/app/data") == 0);
  CHECK_THROWS_WITH(remove_foreign(parents, "/srv/app/data", {}, touched),
                    Contains("could have put it there"));
  CHECK_THROWS_WITH(remove_all(parents, "/srv/app/data", touched), Contains("could have put it there"));
  CHECK(street.root().has("srv/app/data/precious"));
  const Attributes as_it_is{.type = S_IFDIR, .mode = 0755, .uid = 0, .gid = 0};
  CHECK_NOTHROW(make_directory(parents, "/srv/app/data", as_it_is, touched));
  CHECK_NOTHROW(make_directory(parents, "/srv/app/new", wanted, touched));
  CHECK(street.owner("srv/app/new") == mallory);
}

TEST_CASE("walk: a user who swaps a directory for a link all the time leads root nowhere") {
  if (!test::is_root()) return;
  Street street;
  street.directory("srv/victim", 0);
  street.root().write("srv/victim/precious", "x");
  street.directory("srv/app", mallory);
  street.directory("srv/app/data", mallory);
  street.link("srv/app/swap", "../victim", mallory);
  const Swapper swapper(street.root() / "srv/app/data", street.root() / "srv/app/swap");
  const Attributes theirs{.type = S_IFREG, .mode = 0666, .uid = mallory, .gid = mallory};
  const Attributes directory{.type = S_IFDIR, .mode = 0777, .uid = mallory, .gid = mallory};
  unsigned done = 0;
  unsigned refused = 0;
  const auto attempt = [&](const auto& act) {
    try {
      act();
      ++done;
    } catch (const Error&) {
      ++refused;
    }
  };
  for (unsigned round = 0; round < 20'000 && (round < 500 || done == 0 || refused == 0); ++round) {
    Parents parents(street.host());
    DirectorySync touched;
    attempt([&] {
      Replacements batch(street.host());
      batch.stage("/srv/app/data/file", "x", theirs);
      batch.commit();
    });
    attempt([&] { make_directory(parents, "/srv/app/data/inner", directory, touched); });
    attempt([&] { remove_foreign(parents, "/srv/app/data", {}, touched); });
    attempt([&] { make_directory(parents, "/srv/app/data", directory, touched); });
  }
  CHECK(done > 0);
  CHECK(refused > 0);
  CHECK(street.root().read("srv/victim/precious") == "x");
  CHECK(street.owner("srv/victim") == 0);
  CHECK(street.root().mode("srv/victim") == 0755);
  CHECK(std::distance(fs::directory_iterator(street.root() / "srv/victim"), {}) == 1);
}

TEST_CASE("walk: a copy gets the mode and owner of its original by descriptor, links themselves as well") {
  if (!test::is_root()) return;
  Street street;
  street.directory("srv/from", mallory);
  street.root().write("srv/from/file", "text");
  fs::permissions(street.root() / "srv/from/file", fs::perms(0640));
  street.link("srv/from/link", "nowhere", mallory);
  fs::create_directory(street.root() / "srv/to");
  const Fd place(::open((street.root() / "srv").c_str(), O_RDONLY | O_DIRECTORY));
  const Fd to(::open((street.root() / "srv/to").c_str(), O_RDONLY | O_DIRECTORY));
  copy_tree({place.get(), "from"}, {to.get(), "copy"}, "/srv/from");
  CHECK(street.owner("srv/to/copy") == mallory);
  CHECK(street.root().mode("srv/to/copy/file") == 0640);
  CHECK(street.root().read("srv/to/copy/file") == "text");
  CHECK(street.owner("srv/to/copy/link") == mallory);
}
