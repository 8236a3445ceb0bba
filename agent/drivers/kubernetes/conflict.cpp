#include "drivers/kubernetes/conflict.h"

#include <algorithm>

#include <fmt/format.h>
#include <fnmatch.h>
#include <nlohmann/json.hpp>

#include "base/contains.h"
#include "drivers/kubernetes/document_field.h"
#include "drivers/kubernetes/owner.h"
#include "model/kubernetes_kind.h"
#include "yaml/node.h"

namespace greenwave::drivers::kubernetes {

namespace {

enum class Way { take, leave, refuse };

/// What generators write where a controller puts a certificate: nothing, or a line's end in base64.
constexpr std::string_view no_certificates[] = {"", "Cg=="};

bool is_placeholder(const Manifest& manifest, const std::string& field) {
  const auto document = yaml::to_json(manifest.document);
  const auto* value = find_field(document, field);
  if (value == nullptr) return false;
  if (field.ends_with(".caBundle")) {
    return value->is_null() ||
           (value->is_string() && contains(no_certificates, value->get<std::string_view>()));
  }
  return field == ".rules" && document.contains("aggregationRule") && value->empty();
}

Way way_of(const Claim& claim, const Manifest& manifest, bool is_update, const config::Kubernetes& config) {
  if (matches(config.force, claim.manager)) return Way::take;
  if (is_agent(claim.manager)) return is_update ? Way::take : Way::refuse;
  const bool is_controller = !claim.subresource.empty() || matches(config.yield, claim.manager);
  return is_controller || is_placeholder(manifest, claim.field) ? Way::leave : Way::refuse;
}

void add(std::string& list, const Claim& claim, std::string_view preposition) {
  list += fmt::format("{}{} {} {}", list.empty() ? "" : ", ", claim.field, preposition, claim.manager);
}

}  // namespace

bool matches(const std::vector<std::string>& patterns, const std::string& manager) {
  return std::ranges::any_of(patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), manager.c_str(), 0) == 0;
  });
}

std::optional<Settlement> settle(std::span<const Claim> claims, const Manifest& manifest, bool is_update,
                                 const config::Kubernetes& config) {
  if (claims.empty()) return {};
  Settlement settlement;
  std::string taken;
  std::string left;
  for (const auto& claim : claims) {
    switch (way_of(claim, manifest, is_update, config)) {
      case Way::take:
        settlement.force = true;
        add(taken, claim, "from");
        break;
      case Way::leave:
        if (!contains(settlement.left, claim.field)) settlement.left.push_back(claim.field);
        add(left, claim, "to");
        break;
      case Way::refuse:
        return {};
    }
  }
  if (!taken.empty()) settlement.note = "took over " + taken;
  if (!left.empty()) settlement.note += (taken.empty() ? "left " : ", left ") + left;
  return settlement;
}

}  // namespace greenwave::drivers::kubernetes
