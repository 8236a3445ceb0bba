// What podman answers, labels on its containers, and the file of registry credentials.

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "drivers/podman/describe.h"
#include "drivers/podman/images.h"
#include "drivers/podman/pod_record.h"
#include "drivers/podman/service.h"
#include "drivers/workload/probe.h"
#include "http/grpc_health.h"

using namespace greenwave;
using namespace greenwave::drivers::podman;
using namespace greenwave::drivers::workload;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  read_log(text);
  probes_from(text, "main");
  http::grpc_status_in(text);
  try {
    read_containers(text);
  } catch (const Error&) {
  }
  try {
    registry_auth(text, "ghcr.io/city/spat:1.2");
  } catch (const Error&) {
  }
  try {
    to_json(pod_record_from(std::string(text)));
  } catch (const Error&) {
  }
  return 0;
}
