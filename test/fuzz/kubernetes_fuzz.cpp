// What an API server answers.

#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "drivers/kubernetes/answer.h"
#include "drivers/kubernetes/comparison.h"
#include "drivers/kubernetes/conflict.h"
#include "drivers/kubernetes/discovery.h"
#include "drivers/kubernetes/handover.h"
#include "drivers/kubernetes/health.h"
#include "drivers/kubernetes/reclaim.h"
#include "drivers/kubernetes/refusal.h"
#include "drivers/kubernetes/seen.h"

using namespace greenwave;
using namespace greenwave::drivers::kubernetes;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static const Owner owner{"device.greenwave.dev/a", "greenwave:a", "a"};
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    read_aggregated(text);
    read_resource_list(text);
    parse_list(text, [](const nlohmann::json& item) {
      read_seen(item, owner, "key");
      judge(item);
      pod_selector(item);
    });
    const auto answer = parse_answer(text);
    read_seen(answer, owner, "key");
    judge(answer);
    blame(answer);
    pod_selector(answer);
    handover_patch(answer, {"v1", "Secret", "", "a"}, owner,
                   [](const std::string&, const std::string&) { return true; });
    const auto refusal = read_status(text);
    claims_of(refusal);
    reclaim(answer, nlohmann::ordered_json(answer), refusal, owner, [](const std::string&) { return true; });
    awaits_operator(answer, answer);
    Manifest manifest;
    compare_objects(answer, nlohmann::json::object(), manifest);
    place_of(manifest, text);
    http::Response response;
    response.body = text;
    const Resource resource;
    const std::string nothing;
    for (const long status : {403L, 404L, 409L, 422L, 500L}) {
      response.status = status;
      explain(response, {"patch", resource, nothing, nothing, &manifest});
    }
  } catch (const Error&) {
  }
  return 0;
}
