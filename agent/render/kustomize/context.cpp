#include "render/kustomize/context.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/paths.h"
#include "yaml/load.h"

namespace greenwave::render::kustomize {

std::optional<std::string> Context::read(const std::string& directory, const Text& path) {
  const auto refuse = [&](std::string message, std::string remedy) -> std::optional<std::string> {
    problems.error(path.place, std::move(message), std::move(remedy));
    return {};
  };
  if (is_remote(path.value)) {
    return refuse(fmt::format("{} is remote, and only this repository is read", printable(path.value)),
                  "keep a copy of the file in the repository");
  }
  const auto resolved = resolve_path(directory, path.value);
  if (!resolved) {
    return refuse(fmt::format("\"{}\" is not a path in the repository", printable(path.value)),
                  "write it from the directory of the kustomization");
  }
  if (!directory.empty() && !resolved->starts_with(directory + '/')) {
    return refuse(fmt::format("the file {} is outside of the kustomization's directory", *resolved),
                  "move it below, or make a kustomization of its directory and name that in resources");
  }
  const auto item = tree.find(*resolved);
  if (!item) {
    std::vector<std::string> names;
    for (auto& sibling : tree.list(std::string(parent_path(*resolved)))) {
      names.push_back(std::move(sibling.name));
    }
    const auto meant = nearest(std::string_view(*resolved).substr(resolved->rfind('/') + 1), names);
    return refuse(
        fmt::format("{} does not exist", printable(*resolved)),
        meant.empty() ? "add it, or fix the path" : fmt::format("did you mean {}?", printable(meant)));
  }
  if (item->type == SourceTree::Type::link) {
    return refuse(fmt::format("{} is a link, and links are not followed", printable(*resolved)),
                  "name the file that it points to");
  }
  if (item->type != SourceTree::Type::file && item->type != SourceTree::Type::executable) {
    return refuse(fmt::format("{} is not a file", printable(*resolved)), "name a file");
  }
  try {
    auto bytes = tree.read(*resolved, yaml::Limits{}.bytes);
    spend(bytes.size(), path.place);
    return bytes;
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    return refuse(error.message(), error.remedy());
  }
}

void Context::spend(std::size_t bytes, const Place& place) {
  if (bytes > bytes_) {
    problems.error(place, "this kustomization makes more than the limit for a device",
                   "make fewer or smaller objects, or split the layer");
    throw Refused{};
  }
  bytes_ -= bytes;
}

std::size_t weight(const yaml::Node& node) {
  std::size_t bytes = sizeof(yaml::Node);
  if (const auto* text = node.string()) {
    bytes += text->size();
  } else if (const auto* items = node.sequence()) {
    for (const auto& item : *items) bytes += weight(item);
  } else if (const auto* members = node.map()) {
    for (const auto& member : *members) bytes += member.key.size() + weight(member.value);
  }
  return bytes;
}

bool is_remote(const std::string& written) {
  static constexpr std::string_view hosts[] = {"git@", "github.com/", "gitlab.com/", "bitbucket.org/",
                                               "git::"};
  return written.find("://") != std::string::npos || written.find("?ref=") != std::string::npos ||
         std::any_of(std::begin(hosts), std::end(hosts),
                     [&written](std::string_view host) { return written.starts_with(host); });
}

}  // namespace greenwave::render::kustomize
