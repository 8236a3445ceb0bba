#include "drivers/kubernetes/resource.h"

#include <cctype>

#include <fmt/format.h>

namespace greenwave::drivers::kubernetes {

std::string api_version(const Resource& resource) {
  return resource.group.empty() ? resource.version : resource.group + "/" + resource.version;
}

std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      result += c;
    } else {
      result += fmt::format("%{:02X}", byte);
    }
  }
  return result;
}

std::string collection_path(const Resource& resource, std::string_view namespace_) {
  auto path = resource.group.empty()
                  ? "/api/" + encoded(resource.version)
                  : fmt::format("/apis/{}/{}", encoded(resource.group), encoded(resource.version));
  if (resource.namespaced && !namespace_.empty()) path += "/namespaces/" + encoded(namespace_);
  return path + "/" + encoded(resource.plural);
}

std::string object_path(const Resource& resource, std::string_view namespace_, std::string_view name) {
  return collection_path(resource, namespace_) + "/" + encoded(name);
}

}  // namespace greenwave::drivers::kubernetes
