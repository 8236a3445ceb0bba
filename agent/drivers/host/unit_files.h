#pragma once

#include <optional>
#include <string>

#include <sys/stat.h>

#include "drivers/host/confined.h"
#include "drivers/host/signature.h"

namespace greenwave::drivers::host {

/// A unit file that is larger is refused, in bytes.
inline constexpr std::size_t largest_unit = 4 << 20;

/// What is at the path of a unit file, drop-in or link. Small enough to be held whole.
struct FileNow {
  struct stat about {};
  std::string content;  ///< a link's target; empty for what is neither file nor link

  bool is_link() const { return S_ISLNK(about.st_mode); }
};

/// Nothing when nothing is there. Throws Error.
std::optional<FileNow> file_now(Parents& parents, const std::string& path);

/// 0644, and root's where the agent runs as root.
Attributes unit_file_attributes();
Attributes link_attributes();

bool is_as_wanted(const FileNow& now, const std::string& content);
FileSignature signature_of(const Host& host, const std::string& path, const FileNow& now);

/// Removes a file or link, and the directory of drop-ins or links around it when it is left empty. Nothing
/// happens when there is none. Throws Error.
void remove_unit_file(Parents& parents, const std::string& path, DirectorySync& sync);

}  // namespace greenwave::drivers::host
