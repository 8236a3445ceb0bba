#include "drivers/host/file_driver.h"

#include "drivers/host/directory_object.h"
#include "drivers/host/file_apply.h"
#include "drivers/host/file_object.h"
#include "drivers/host/file_spec.h"

namespace greenwave::drivers::host {

bool FileDriver::serves(const ObjectId& id) const {
  return id.api_version == own_api && (id.kind == "File" || id.kind == "Directory");
}

plan::Footprint FileDriver::footprint(const Manifest& manifest, Problems& problems) const {
  plan::Footprint footprint;
  std::string path;
  if (manifest.id.kind == "Directory") {
    auto spec = read_directory_spec(host_, manifest, problems);
    path = std::move(spec.path);
    if (spec.purge) footprint.purges.push_back("path:" + path);
    footprint.rank = 10;
  } else {
    auto spec = read_file_spec(host_, manifest, problems);
    path = std::move(spec.path);
    footprint.sensitive = spec.sensitive;
    footprint.rank = 20;
  }
  footprint.claims.push_back("path:" + path);
  for (const auto& parent : parents_of(host_, path)) footprint.after.push_back("path:" + parent);
  return footprint;
}

void FileDriver::begin(const Pass& pass) {
  pass_ = pass;
  looking_.reset();
}

std::optional<std::string> FileDriver::drift(const Entry& entry,
                                             std::optional<std::vector<FileSignature>>& refreshed) {
  if (entry.id.kind == "Directory") return drift_of_directory(host_, entry, pass_.distrust, refreshed);
  return drift_of_file(host_, entry, pass_.distrust, refreshed);
}

plan::Difference FileDriver::compare(const plan::Desired& desired, const Entry* entry,
                                     const SourceTree& tree) {
  if (desired.manifest.id.kind == "Directory") {
    return compare_directory(host_, owners_, desired, entry, tree, pass_.distrust);
  }
  if (!looking_) looking_.emplace(host_, true);
  return compare_file(*looking_, owners_, desired, entry, tree, pass_);
}

void FileDriver::apply(std::span<const plan::Step* const> steps, const SourceTree& tree, const Report& report,
                       const std::function<bool()>& stop) {
  looking_.reset();
  FileApply work(host_, owners_, tree, report, steps, pass_.distrust);
  for (const auto* step : steps) {
    if (stop()) break;
    work.add(*step);
  }
  work.flush();
}

}  // namespace greenwave::drivers::host
