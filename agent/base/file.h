#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.h"

namespace greenwave {

/// Reads a whole file. Throws Error, also when it is larger than `cap` bytes.
std::string read_file(const std::filesystem::path& path, std::size_t cap);

/// Reads an open descriptor to its end from the current offset, as read_file does. `name` is for messages.
std::string read_all(int fd, std::size_t cap, std::string_view name);

/// Writes all bytes; `name` is for messages.
void write_all(int fd, std::string_view bytes, std::string_view name);

/// Replaces `path` atomically: a reader, or a power cut, sees either the old content or the new. Writes a
/// temporary file in the same directory, fsyncs and renames it, and fsyncs the directory. For the agent's own
/// files (state, reports), whose directories are trusted; paths from manifests go through drivers/host.
void replace_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0644);

/// mkdir -p; `mode` is for the last directory.
void make_directories(const std::filesystem::path& path, unsigned mode = 0755);

}  // namespace greenwave
