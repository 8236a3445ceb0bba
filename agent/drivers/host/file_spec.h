#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <sys/types.h>

#include "base/problem.h"
#include "drivers/host/confined.h"
#include "model/manifest.h"
#include "model/source_tree.h"
#include "plan/step.h"
#include "yaml/node.h"

namespace greenwave::drivers::host {

/// The largest file that a manifest or a repository may give.
inline constexpr std::size_t most_content = largest_source;

struct FileSpec {
  enum class Form { content, source, json, yaml };

  std::string path;
  Form form = Form::content;
  const yaml::Node* value = nullptr;  ///< of the form's field, in the manifest
  mode_t mode = 0644;  ///< what was encrypted is for its owner alone, unless the manifest says otherwise
  std::string owner = "root";
  std::string group = "root";
  bool sensitive = false;
  bool reload_systemd = false;  ///< systemd reads the file, or makes units from it
};

struct DirectorySpec {
  std::string path;
  mode_t mode = 0755;
  std::string owner = "root";
  std::string group = "root";
  bool has_source = false;  ///< then the manifest's `source` is the tree
  bool purge = false;
  mode_t file_mode = 0644;      ///< of the tree's files; executable ones get the x bits beside the r bits
  bool reload_systemd = false;  ///< systemd reads what is in it
};

/// Read and check a spec; what is wrong goes into `problems`. Pure.
FileSpec read_file_spec(const Host& host, const Manifest& manifest, Problems& problems);
DirectorySpec read_directory_spec(const Host& host, const Manifest& manifest, Problems& problems);

/// What a manifest claims, and what comes before it; reads and checks the spec for that. Pure.
plan::Footprint file_footprint(const Host& host, const Manifest& manifest, Problems& problems);
plan::Footprint directory_footprint(const Host& host, const Manifest& manifest, Problems& problems);

/// The bytes of a file of the repository that goes to the device as it is: a File's source, or one in that of
/// a Directory. Throws Error (invalid) where age encrypted it, which only a File's source may be.
std::string file_content(const SourceTree& tree, const std::string& path);
std::string item_content(const SourceTree& tree, const std::string& path);

/// The bytes that a File must hold. Throws Error.
std::string content_of(const FileSpec& spec, const Manifest& manifest, const SourceTree& tree);

}  // namespace greenwave::drivers::host
