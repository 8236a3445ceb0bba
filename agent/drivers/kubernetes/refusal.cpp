#include "drivers/kubernetes/refusal.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/owner.h"
#include "drivers/kubernetes/recreation.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr std::size_t longest_message = 600;
constexpr std::size_t most_claims = 4;

/// The quoted text after `before`, which ends with the opening quote; empty if there is none.
std::string quoted_after(std::string_view text, std::string_view before) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return {};
  const auto begin = at + before.size();
  const auto end = text.find('"', begin);
  return end == std::string_view::npos ? std::string() : printable(text.substr(begin, end - begin));
}

std::string word_after(std::string_view text, std::string_view before) {
  const auto at = text.find(before);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + before.size());
  return printable(text.substr(0, text.find(' ')));
}

bool is_private(const Asked& asked) {
  return asked.manifest != nullptr && (asked.manifest->sensitive || is_secret(asked.manifest->id));
}

/// `User "NAME" cannot VERB resource "RESOURCE" in API group "GROUP" in the namespace "NAMESPACE"`
std::string forbidden(const std::string& message, const Asked& asked) {
  const auto user = quoted_after(message, "User \"");
  auto verb = word_after(message, "\" cannot ");
  auto resource = quoted_after(message, "resource \"");
  if (verb.empty()) verb = asked.verb;
  if (resource.empty()) resource = asked.resource.plural;
  const auto group = message.find("API group \"") == std::string::npos
                         ? asked.resource.group
                         : quoted_after(message, "API group \"");
  const auto where = quoted_after(message, "in the namespace \"");
  // An apply needs the verb patch, and create if the object does not exist yet.
  const auto verbs = verb == "patch" || verb == "create" ? std::string("[get, list, create, patch, delete]")
                                                         : fmt::format("[{}]", verb);
  return fmt::format(
      "{} may not {} {}{}; grant it by a {}: {{apiGroups: [\"{}\"], resources: [{}], verbs: {}}}{}",
      user.empty() ? "the agent" : "\"" + user + "\"", verb, resource,
      where.empty() ? "" : " in namespace " + where, where.empty() ? "ClusterRole" : "Role", group, resource,
      verbs, user.empty() ? "" : fmt::format(", bound to \"{}\"", user));
}

/// A field that the server's message names: `unknown field "spec.x"`, `: .spec.x: field not declared`.
std::string field_in(std::string_view message) {
  if (auto field = quoted_after(message, "unknown field \""); !field.empty()) return field;
  for (const std::string_view before : {": .", "\n  .", "  ."}) {
    const auto at = message.find(before);
    if (at == std::string_view::npos) continue;
    const auto begin = at + before.size() - 1;
    const auto end = message.find(": ", begin);
    if (end != std::string_view::npos) return printable(message.substr(begin, end - begin));
  }
  return {};
}

/// `another Greenwave agent, sf-0042-1a2b3c4d,`, `"hpa"`
std::string name_of_manager(const std::string& manager) {
  if (!is_agent(manager)) return "\"" + manager + "\"";
  const auto at = manager.find(':');
  return at == std::string::npos ? "another Greenwave agent"
                                 : fmt::format("another Greenwave agent, {},", manager.substr(at + 1));
}

std::string conflict(const std::vector<Claim>& claims) {
  std::string text;
  for (std::size_t i = 0; i < std::min(claims.size(), most_claims); ++i) {
    text += fmt::format("{}{} has set {}", i == 0 ? "" : ", ", name_of_manager(claims[i].manager),
                        claims[i].field);
  }
  if (claims.size() > most_claims) text += fmt::format(", and {} more", claims.size() - most_claims);
  if (std::ranges::all_of(claims, [](const Claim& claim) { return is_agent(claim.manager); })) {
    return fmt::format("{}; devices that share an object must declare the same", text);
  }
  return fmt::format(
      "{}; leave the field to it, or take it over with the annotation greenwave.dev/force: \"true\"", text);
}

/// "deploy/web.yaml:12:7: ", to begin a message about that place with.
std::string at_place(const Asked& asked, std::string_view field) {
  if (asked.manifest == nullptr) return {};
  const auto place = place_of(*asked.manifest, field);
  return place.file == nullptr ? "" : to_string(place) + ": ";
}

/// For the remedy alone: what is done is decided by asking the server (recreation.h).
bool sounds_immutable(const Status& status) {
  return std::ranges::any_of(status.causes, [](const Status::Cause& cause) {
    const std::string_view message = cause.message;
    return message.find("immutable") != std::string_view::npos ||
           (message.find("updates to ") != std::string_view::npos &&
            message.find("are forbidden") != std::string_view::npos) ||
           message.find("may not change") != std::string_view::npos;
  });
}

std::string immutable_remedy(const Manifest* manifest) {
  if (manifest != nullptr && may_recreate(*manifest)) {
    return "; it was not recreated, since a dry run of it as a new object did not succeed";
  }
  if (manifest != nullptr && is_claim(manifest->id)) {
    return "; it cannot be changed in place: with the annotation greenwave.dev/recreate-claim: \"true\", "
           "Greenwave deletes the claim and its data, and creates it again";
  }
  return "; it cannot be changed in place: with the annotation greenwave.dev/recreate: \"true\", "
         "Greenwave deletes the object and creates it again";
}

std::string invalid(const Status& status, const Asked& asked) {
  auto field = status.causes.empty() ? std::string() : status.causes.front().field;
  if (field.empty() || field == "<nil>") field = field_in(status.message);
  const auto place = at_place(asked, field);
  const auto remedy = sounds_immutable(status) ? immutable_remedy(asked.manifest) : std::string();
  if (is_private(asked)) {
    return fmt::format("{}the server refused it{}{} (its message is not shown, as it may contain a secret){}",
                       place, field.empty() ? "" : " for ", printable(field), remedy);
  }
  return fmt::format("{}{}{}", place, in_one_line(status.message, longest_message), remedy);
}

}  // namespace

std::vector<Claim> claims_of(const Status& status) {
  std::vector<Claim> claims;
  for (const auto& cause : status.causes) {
    if (cause.reason != "FieldManagerConflict") continue;
    auto manager = quoted_after(cause.message, "conflict with \"");
    claims.push_back({manager.empty() ? "another manager" : manager, printable(cause.field),
                      quoted_after(cause.message, "\" with subresource \"")});
  }
  return claims;
}

std::string explain(const http::Response& response, const Asked& asked) {
  const auto status = read_status(response.body);
  const auto& message = status.message;
  switch (response.status) {
    case 401:
      return "the server rejects the agent's token or certificate (401): it is not valid, or not any more; "
             "renew it in the kubeconfig";
    case 403:
      if (message.find(" cannot ") != std::string::npos || message.empty()) return forbidden(message, asked);
      if (status.has_cause("NamespaceTerminating")) {
        return fmt::format("the namespace {} is being deleted; the object will be applied after that",
                           asked.namespace_);
      }
      break;
    case 404:
      if (message.starts_with("namespaces \"")) {
        return fmt::format("the namespace {} does not exist; declare it, or fix the manifest's namespace",
                           asked.namespace_);
      }
      break;
    case 409:
      if (const auto claims = claims_of(status); !claims.empty()) {
        return at_place(asked, claims.front().field) + conflict(claims);
      }
      break;
    case 400:
    case 422:
    case 500:
      if (!message.empty()) return invalid(status, asked);
      break;
    default:
      break;
  }
  if (is_private(asked) || message.empty()) {
    return fmt::format("the server refused it with {}{}{}", response.status, status.reason.empty() ? "" : " ",
                       printable(status.reason));
  }
  return fmt::format("the server refused it with {}: {}", response.status,
                     in_one_line(message, longest_message));
}

Error server_error(const http::Response& response, std::string_view action, const Api& api) {
  const auto status = read_status(response.body);
  const static Resource none;
  const static std::string nothing;
  return Error(fault_of(response), fmt::format("{} answered {} to {}: {}", api.name(), response.status,
                                               action, explain(response, {"get", none, nothing, nothing})));
}

}  // namespace greenwave::drivers::kubernetes
