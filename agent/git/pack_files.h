#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace greenwave::git {

/// The files that hold a store's objects, as they lie on the disk at one moment.
struct ObjectFiles {
  std::vector<std::string> packs;            ///< names without their endings: "pack-3f78…"
  std::vector<std::filesystem::path> loose;  ///< objects in files of their own
};

/// `objects` is the store's object directory.
ObjectFiles list_object_files(const std::filesystem::path& objects);

/// Removes packs without an index: what a power cut during install_pack or remove_object_files leaves.
void remove_headless_packs(const std::filesystem::path& objects);

/// Moves the one pack that lies in `from` into the store, durably: pack and index are synced, then renamed in
/// this order, so that an index never stands without what it points into; at last the directory is synced.
/// Gives the pack's name.
std::string install_pack(const std::filesystem::path& from, const std::filesystem::path& objects);

/// Removes the files, the packs' indexes first; what is gone already doesn't matter. The pack `but` stays.
void remove_object_files(const std::filesystem::path& objects, const ObjectFiles& files,
                         const std::string& but);

}  // namespace greenwave::git
