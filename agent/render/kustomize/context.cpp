#include "render/kustomize/context.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "model/lead.h"
#include "model/paths.h"
#include "model/repository_file.h"
#include "secrets/encrypted_file.h"
#include "secrets/sops_file.h"
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
  const auto refuse_outer = [&](std::string_view outer) {
    return refuse(fmt::format("the file {} is outside of the kustomization's directory", printable(outer)),
                  "move it below, or make a kustomization of its directory and name that in resources");
  };
  const auto is_outer = [&](const std::string& at) {
    return !directory.empty() && !at.starts_with(directory + '/');
  };
  if (is_outer(*resolved)) return refuse_outer(*resolved);
  const auto lead = follow(tree, *resolved);
  if (!lead.refusal.empty()) return refuse(lead.refusal, lead.remedy);
  if (!lead.item) {
    std::vector<std::string> names;
    for (auto& sibling : tree.list(std::string(parent_path(*resolved)))) {
      names.push_back(std::move(sibling.name));
    }
    const auto meant = nearest(std::string_view(*resolved).substr(resolved->rfind('/') + 1), names);
    return refuse(
        fmt::format("{} does not exist", printable(*resolved)),
        meant.empty() ? "add it, or fix the path" : fmt::format("did you mean {}?", printable(meant)));
  }
  if (!lead.is_file()) return refuse(fmt::format("{} is not a file", printable(*resolved)), "name a file");
  if (is_outer(lead.path)) return refuse_outer(lead.path);
  try {
    auto bytes = read_file(tree, lead.path, yaml::Limits{}.bytes);
    spend(bytes.size(), path.place);
    return bytes;
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    return refuse(error.message(), error.remedy());
  }
}

std::optional<Content> Context::read_content(const std::string& directory, const Text& path) {
  auto bytes = read(directory, path);
  if (!bytes) return {};
  Content content{std::move(*bytes), path.place};
  const auto sealing = secrets::sealing_of(content.bytes);
  if (sealing == secrets::Sealing::none) return content;
  content.place.secret = true;
  const auto name = *resolve_path(directory, path.value);
  auto& sealed = file.sealed.emplace_back(Sealed{path.place, {}});
  if (sealing == secrets::Sealing::sops)
    sealed.recipients = secrets::sops_file_recipients(name, content.bytes);
  if (keys == nullptr) {
    content.is_veiled = true;
    return content;
  }
  try {
    content.bytes = secrets::open_file(name, content.bytes, *keys);
    return content;
  } catch (const Error& error) {
    if (error.fault() != Fault::invalid) throw;
    problems.error(path.place, error.message(), error.remedy());
    return {};
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
