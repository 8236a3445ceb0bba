#include "drivers/workload/material.h"

#include <fmt/format.h>

#include "base/base64.h"
#include "base/error.h"
#include "drivers/workload/space.h"

namespace greenwave::drivers::workload {

namespace {

void read_map(const Manifest& manifest, std::string_view field, bool encoded, Material& material,
              Problems& problems) {
  const auto* node = manifest.document.find(field);
  if (node == nullptr || node->is_null()) return;
  if (!node->is_map()) {
    problems.error(node->place, fmt::format("{} is not a map", field), "write keys and texts");
    return;
  }
  for (const auto& member : *node->map()) {
    const auto* text = member.value.string();
    const bool is_name = !member.key.empty() && member.key != "." && member.key != ".." &&
                         member.key.find('/') == std::string::npos;
    if (!is_name) {
      problems.error(member.key_place, fmt::format("a key of {} cannot be a file's name", field),
                     "use letters, digits, dots, dashes and underscores");
    } else if (text == nullptr) {
      problems.error(member.value.place, fmt::format("a value of {} is not a string", field),
                     "put it in quotes");
    } else if (!encoded) {
      material[member.key] = *text;
    } else {
      try {
        material[member.key] = decode_base64(*text);
      } catch (const Error&) {
        problems.error(member.value.place, fmt::format("a value of {} is not base64", field),
                       manifest.id.kind == "Secret" ? "write it as it is into stringData"
                                                    : "write it as it is into data");
      }
    }
  }
}

}  // namespace

void restart_on_needs(const Workload& workload, plan::Footprint& footprint) {
  for (const auto& need : workload.needs) {
    auto& list = need.optional ? footprint.restart_on_declared : footprint.restart_on;
    list.push_back({need.kind, "", need.name});
  }
}

bool is_material(const ObjectId& id) {
  return id.api_version == "v1" && (id.kind == "ConfigMap" || id.kind == "Secret");
}

Material read_material(const Manifest& manifest, Problems& problems) {
  Material material;
  const bool secret = manifest.id.kind == "Secret";
  read_map(manifest, "data", secret, material, problems);
  if (secret) {
    read_map(manifest, "stringData", false, material, problems);
  } else {
    read_map(manifest, "binaryData", true, material, problems);
  }
  return material;
}

Store::Store(std::span<const plan::Desired> desired) {
  for (const auto& [manifest, footprint] : desired) {
    const auto& id = manifest.id;
    if (is_material(id)) all_[{id.kind, plain_space(id.namespace_), id.name}] = &manifest;
  }
}

std::optional<Material> Store::find(const Need& need, const std::string& space) const {
  const auto found = all_.find({need.kind, plain_space(space), need.name});
  if (found == all_.end()) return {};
  Problems told;  // by footprint()
  return read_material(*found->second, told);
}

}  // namespace greenwave::drivers::workload
