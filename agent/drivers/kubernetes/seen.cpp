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

Seen read_seen(const nlohmann::json& object, std::string_view key) {
  Seen seen;
  seen.uid = text_at(object, {"metadata", "uid"});
  seen.version = text_at(object, {"metadata", "resourceVersion"});
  seen.deleting = !text_at(object, {"metadata", "deletionTimestamp"}).empty();
  std::string newest;
  for (const auto& entry : at(object, {"metadata", "managedFields"})) {
    const auto manager = text_at(entry, {"manager"});
    if (!text_at(entry, {"subresource"}).empty()) continue;
    if (manager == field_manager && text_at(entry, {"operation"}) == "Apply") {
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
  return seen;
}

}  // namespace greenwave::drivers::kubernetes
