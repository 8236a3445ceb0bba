#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace greenwave {

/// Reads all of a file, or throws Error: also when it is larger than `cap` bytes.
std::string read_file(const std::filesystem::path& path, std::size_t cap);

/// Reads all of an open descriptor from its current offset, as read_file does. `name` is for messages.
std::string read_all(int fd, std::size_t cap, std::string_view name);

/// Writes all bytes; `name` is for messages.
void write_all(int fd, std::string_view bytes, std::string_view name);

/// Replaces `path` so that a reader, or a power cut, sees the old content or the new: written beside,
/// fsynced, renamed, and the directory fsynced. For files of the agent's own (state, reports), whose
/// directories are trusted; what manifests name goes through drivers/host.
void replace_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0644);

/// mkdir -p with `mode` for the last one.
void make_directories(const std::filesystem::path& path, unsigned mode = 0755);

}  // namespace greenwave
