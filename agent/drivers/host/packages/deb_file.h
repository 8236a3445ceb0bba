#pragma once

#include <map>
#include <string>
#include <string_view>

#include "dpkg/package.h"
#include "drivers/host/packages/package_spec.h"
#include "model/manifest.h"
#include "model/source_tree.h"

namespace greenwave::drivers::host {

/// The bytes of a Package's source. Throws Error (invalid) if it is missing, or not a .deb.
std::string deb_content(const SourceTree& tree, const Source& source);

/// A .deb's control data, read by dpkg-deb from an anonymous file, under limits of memory and time. Throws
/// Error: invalid if it is malformed, transient if dpkg-deb cannot be run now.
dpkg::Package read_deb(std::string_view bytes, std::string_view name);

/// Throws Error (invalid) unless the .deb at `path` has the manifest's package name and version.
void refuse_other_deb(const PackageSpec& spec, std::string_view path, const dpkg::Package& deb);

/// read_deb() of sources, cached by their oid.
class DebFiles {
 public:
  dpkg::Package at(const SourceTree& tree, const Source& source);

 private:
  std::map<std::string, dpkg::Package> known_;  ///< by the source's oid
};

}  // namespace greenwave::drivers::host
