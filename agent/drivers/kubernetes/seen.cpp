#include "drivers/kubernetes/seen.h"

#include "base/text.h"
#include "drivers/kubernetes/answer.h"

namespace greenwave::drivers::kubernetes {

namespace {

constexpr std::size_t digits = 24;

}  // namespace

Error going_away() {
  return {Fault::transient, "it is being deleted; it will be created again when it is gone",
          "if it stays like that, a finalizer holds it: kubectl describe names its controller"};
}

Seen read_seen(const nlohmann::json& object, const Owner& owner, std::string_view key) {
  Seen seen;
  seen.uid = text_at(object, {"metadata", "uid"});
  seen.version = text_at(object, {"metadata", "resourceVersion"});
  seen.deleting = !text_at(object, {"metadata", "deletionTimestamp"}).empty();
  seen.ours = at(object, {"metadata", "labels", owner.label}).is_string();
  bool has_former = false;
  std::string newest;
  for (const auto& entry : at(object, {"metadata", "managedFields"})) {
    const auto manager = text_at(entry, {"manager"});
    has_former = has_former || manager == former_manager;
    const auto subresource = text_at(entry, {"subresource"});
    if (!subresource.empty() && subresource != "scale") continue;
    if (manager == owner.manager && text_at(entry, {"operation"}) == "Apply") {
      const auto& fields = at(entry, {"fieldsV1"});
      seen.fields =
          to_hex(hmac_sha256(key, fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)))
              .substr(0, digits);
      continue;
    }
    const auto time = text_at(entry, {"time"});
    if (time < newest) continue;
    newest = time;
    seen.last_manager = printable(manager);
  }
  const auto other = other_owner(object, owner);
  seen.taken = other == Other::named && !has_former;
  seen.shared = other != Other::none && !seen.taken;
  return seen;
}

}  // namespace greenwave::drivers::kubernetes
