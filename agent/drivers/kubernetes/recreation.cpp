#include "drivers/kubernetes/recreation.h"

#include "base/digest.h"
#include "drivers/kubernetes/kind.h"
#include "model/annotations.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr long unprocessable = 422;

/// Short enough for every kind, and not another object's.
std::string other_name(const std::string& name) {
  return "greenwave-" + to_hex(sha256(name)).substr(0, 16);
}

}  // namespace

bool may_recreate(const Manifest& manifest) {
  return manifest.annotation(is_claim(manifest.id) ? annotations::recreate_claim : annotations::recreate) ==
         "true";
}

bool needs_recreation(Server& server, const Target& target, const Manifest& manifest,
                      const http::Response& refusal) {
  if (refusal.status != unprocessable || !may_recreate(manifest)) return false;
  auto other = target;
  other.name = other_name(target.name);
  const auto call = apply_call(server, other, manifest, {.dry_run = true});
  const auto answer = server.send_all({&call, 1}, changing_patience).front();
  return !answer.failure && answer.response.success();
}

}  // namespace greenwave::drivers::kubernetes
