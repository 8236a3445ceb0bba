#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace greenwave::git {

/// The files with a store's objects, as they are on disk at one moment.
struct ObjectFiles {
  std::vector<std::string> packs;            ///< names without extensions: "pack-3f78…"
  std::vector<std::filesystem::path> loose;  ///< objects in separate files
};

/// `objects` is the store's object directory.
ObjectFiles list_object_files(const std::filesystem::path& objects);

/// Removes packs without an index: a power cut during install_pack or remove_object_files leaves them.
void remove_headless_packs(const std::filesystem::path& objects);

/// Moves the one pack in `from` into the store, durably: pack and index are synced, then renamed in this
/// order, so that an index never exists without its pack; finally the directory is synced. Returns the pack's
/// name.
std::string install_pack(const std::filesystem::path& from, const std::filesystem::path& objects);

/// Makes the packs that are not in `known` durable, which libgit2 has put in place.
void sync_other_packs(const std::filesystem::path& objects, const ObjectFiles& known);

/// Removes the packs that are not in `known`.
void remove_other_packs(const std::filesystem::path& objects, const ObjectFiles& known);

/// Removes the files, the packs' indexes first. Missing files are not an error. The pack `but` stays.
void remove_object_files(const std::filesystem::path& objects, const ObjectFiles& files,
                         const std::string& but);

}  // namespace greenwave::git
