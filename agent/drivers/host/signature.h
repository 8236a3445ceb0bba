#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <sys/types.h>

#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "model/entry.h"

namespace greenwave::drivers::host {

/// What a file should be beyond its content.
struct Attributes {
  mode_t type = S_IFREG;     ///< S_IFREG, S_IFLNK or S_IFDIR
  mode_t mode = 0644;        ///< permission bits; a link has none of its own
  std::optional<uid_t> uid;  ///< absent: not ours to say (the agent runs without privileges)
  std::optional<gid_t> gid;

  bool operator==(const Attributes&) const = default;
};

Attributes attributes_of(const struct stat& about);

/// How what is there differs from `wanted`, in words ("mode 0600 instead of 0644"); empty: it does not.
std::string attribute_difference(const Attributes& wanted, const struct stat& about);

/// Whether a file is as it was when the signature was made, as far as lstat can tell.
bool same_lstat(const FileSignature& signature, const struct stat& about);

/// `about` must have been taken before `content` was read, or long enough after we wrote it. Where the file
/// changed within the kernel's current clock tick, a later change in the same tick could not be told from
/// it: the signature is then made so that it matches nothing, and the content is read again next time.
FileSignature signature_of(std::string path, const struct stat& about, const Digest& content);

/// Waits (some milliseconds at most) until a change from here on shows in lstat, whatever changed so far.
void leave_tick();

/// Of a directory whose entries are not all ours: only its identity counts.
FileSignature directory_signature(std::string path, const struct stat& about);

/// Of what a file holds, or of a link's target. It is kept in the state file, so it is an HMAC with the
/// device's key: without that, what is secret and short could be found by trying.
Digest content_digest(const Host& host, std::string_view content);

/// Of a file's bytes (read in pieces) or a link's target, by what `about` says it is; nothing for a file of
/// more than `most` bytes, which whoever may write it can make of any size: no more than that is read. `path`
/// is for messages. Throws Error; conflict when it is neither.
std::optional<Digest> content_digest(const Host& host, const Spot& spot, const struct stat& about,
                                     const std::string& path, std::uint64_t most);

/// What a file of an entry should be; asked only where lstat differs from the signature. Nothing: that it is
/// there is enough.
using AttributesOf = std::function<std::optional<Attributes>(const FileSignature&)>;

/// Whether the files of `entry` left the state in which they were applied. Content is read only where lstat
/// differs, or always with `distrust`. For a directory that directory_signature() describes only
/// the attributes are compared.
Drift drift_of_files(const Host& host, const Entry& entry, bool distrust, const AttributesOf& wanted);

}  // namespace greenwave::drivers::host
