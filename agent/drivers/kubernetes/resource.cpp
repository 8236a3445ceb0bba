#include "drivers/kubernetes/resource.h"

#include <fmt/format.h>

#include "http/encoded.h"

namespace greenwave::drivers::kubernetes {

std::string api_version(const Resource& resource) {
  return resource.group.empty() ? resource.version : resource.group + "/" + resource.version;
}

std::string collection_path(const Resource& resource, std::string_view namespace_) {
  auto path = resource.group.empty() ? "/api/" + http::encoded(resource.version)
                                     : fmt::format("/apis/{}/{}", http::encoded(resource.group),
                                                   http::encoded(resource.version));
  if (resource.namespaced && !namespace_.empty()) path += "/namespaces/" + http::encoded(namespace_);
  return path + "/" + http::encoded(resource.plural);
}

std::string object_path(const Resource& resource, std::string_view namespace_, std::string_view name) {
  return collection_path(resource, namespace_) + "/" + http::encoded(name);
}

}  // namespace greenwave::drivers::kubernetes
