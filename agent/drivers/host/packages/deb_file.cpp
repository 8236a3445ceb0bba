#include "drivers/host/packages/deb_file.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "model/repository_file.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_control = 1 << 20;
constexpr std::size_t most_memory_for_control = std::size_t(512) << 20;
constexpr std::size_t most_known = 64;
constexpr std::string_view archive_magic = "!<arch>\n";

}  // namespace

std::string deb_content(const SourceTree& tree, const Source& source) {
  auto content = read_file(tree, source.path, largest_source);
  if (!content.starts_with(archive_magic)) {
    throw Error(Fault::invalid, fmt::format("{} is not a Debian package", printable(source.path)),
                "name a .deb, as dpkg-buildpackage or dpkg-deb --build makes it");
  }
  return content;
}

dpkg::Package read_deb(std::string_view bytes, std::string_view name) {
  const Fd file(::memfd_create("greenwave-deb", MFD_CLOEXEC));
  if (!file) throw system_error("make", "a file in memory");
  write_all(file.get(), bytes, name);
  const auto run = greenwave::run({.argv = {"dpkg-deb", "--field", "/proc/self/fd/0"},
                                   .environment = {},
                                   .output_cap = most_control,
                                   .leaves_nothing = true,
                                   .memory_cap = most_memory_for_control,
                                   .input = file.get(),
                                   .while_waiting = {}});
  if (run.timed_out || run.status != 0) {
    throw Error(
        Fault::invalid,
        fmt::format("{} is not a whole Debian package: {}", printable(name),
                    run.timed_out ? "dpkg-deb does not come to its end" : in_one_line(run.output, 300)),
        "build it again, and look at it with dpkg-deb --info");
  }
  try {
    return dpkg::package_of(dpkg::read_control(run.output, "its control data"));
  } catch (Error& error) {
    throw Error(error.fault(), fmt::format("{}: {}", printable(name), error.message()), error.remedy());
  }
}

void refuse_other_deb(const PackageSpec& spec, std::string_view path, const dpkg::Package& deb) {
  if (deb.name != spec.name) {
    throw Error(Fault::invalid,
                fmt::format("{} has the package {}, not {}", printable(path), deb.name, spec.name),
                fmt::format("write name: {}, or another source", deb.name));
  }
  if (deb.version != spec.version) {
    throw Error(Fault::invalid,
                fmt::format("{} has version {}, not {}", printable(path), deb.version, spec.version),
                fmt::format("write version: \"{}\", or another source", deb.version));
  }
}

dpkg::Package DebFiles::at(const SourceTree& tree, const Source& source) {
  if (const auto known = known_.find(source.oid); known != known_.end()) return known->second;
  if (known_.size() >= most_known) known_.clear();
  return known_.emplace(source.oid, read_deb(deb_content(tree, source), source.path)).first->second;
}

}  // namespace greenwave::drivers::host
