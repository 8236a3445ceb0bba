#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/podman/play_kube.h"
#include "drivers/podman/pulls.h"
#include "drivers/podman/service.h"

namespace greenwave::drivers::podman {

/// The name of an image's archive in the device's directory of images: "ghcr.io_city_spat_1.2.tar" for
/// ghcr.io/city/spat:1.2. Pure.
std::string archive_of(std::string_view reference);

/// The value of podman's X-Registry-Auth for `reference`, from a file as containers-auth.json(5) describes
/// it; empty if the file has no credentials for that registry. Throws Error (invalid) for a file that cannot
/// be read. Pure.
std::string registry_auth(std::string_view file, std::string_view reference);

/// An image that is on the device.
struct Present {
  std::string id;
  bool pulled = false;  ///< by this call: ours to remove again
};

/// Brings images to the device before a pod needs them.
class Images {
 public:
  /// `directory` holds archives; `credentials` names the file, or is empty.
  Images(Service& service, Pulls& pulls, std::filesystem::path directory, std::filesystem::path credentials)
      : service_(service),
        pulls_(pulls),
        directory_(std::move(directory)),
        credentials_(std::move(credentials)) {}

  /// Throws Error if the image is not here and cannot be pulled or loaded, or is still being pulled.
  Present ensure(const workload::Image& image);
  /// Like ensure(); also adds a newly pulled image to `pulled`, without duplicates. Returns its id.
  std::string bring(const workload::Image& image, std::vector<std::string>& pulled);

 private:
  Service& service_;
  Pulls& pulls_;
  std::filesystem::path directory_;
  std::filesystem::path credentials_;
};

}  // namespace greenwave::drivers::podman
