#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dpkg/package.h"
#include "drivers/host/packages/package_spec.h"
#include "model/manifest.h"
#include "model/source_tree.h"

namespace greenwave::drivers::host {

/// The bytes of a Package's source. Throws Error (invalid) where it is not there, or no .deb.
std::string deb_content(const SourceTree& tree, const Source& source);

/// What a .deb says of itself. dpkg-deb reads it, with limits of memory and time, from a file without a name.
/// Throws Error: invalid where it cannot be read, transient where dpkg-deb cannot be run now.
dpkg::Package read_deb(std::string_view bytes, std::string_view name);

/// Throws Error (invalid) where the .deb at `path` is not the one that a manifest means by its name and
/// version.
void refuse_other_deb(const PackageSpec& spec, std::string_view path, const dpkg::Package& deb);

/// The same of sources, each of which is read once.
class DebFiles {
 public:
  dpkg::Package at(const SourceTree& tree, const Source& source);

 private:
  std::map<std::string, dpkg::Package> known_;  ///< by the source's oid
};

}  // namespace greenwave::drivers::host
