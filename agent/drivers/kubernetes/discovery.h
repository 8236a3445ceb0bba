#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/kubernetes/api.h"
#include "drivers/kubernetes/resource.h"

namespace greenwave::drivers::kubernetes {

/// Reads an APIGroupDiscoveryList (the aggregated form); nothing if the response is anything else.
std::optional<std::vector<Resource>> read_aggregated(std::string_view body);
/// Reads an APIResourceList (the form of older servers) of one group and version.
std::vector<Resource> read_resource_list(std::string_view body);

/// Which kinds the server has, asked once and cached: with two requests if the server supports the aggregated
/// form, otherwise with one for each group and version in use.
class Discovery {
 public:
  explicit Discovery(Api& api) : api_(api) {}

  /// Nothing if the server has no such kind. Throws Error if it does not answer.
  std::optional<Resource> find(const std::string& api_version, const std::string& kind);
  /// The kind in any version that the server has, for when it no longer has the one that was used.
  std::optional<Resource> find_any_version(std::string_view group, const std::string& kind);
  /// Empties the cache: kinds may have come or gone.
  void forget() { loaded_ = false; }

 private:
  void load();
  const std::vector<Resource>& of(const std::string& api_version);

  Api& api_;
  bool loaded_ = false;
  bool aggregated_ = false;
  std::map<std::string, std::vector<Resource>> resources_;  ///< by apiVersion
};

}  // namespace greenwave::drivers::kubernetes
