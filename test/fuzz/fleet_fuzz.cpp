// What greenwave fleet reads: a hub's answers, an inventory that is edited, and a drawn area.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "fleet/devices.h"
#include "fleet/inventory_edit.h"
#include "fleet/overview.h"

using namespace greenwave;

namespace {

void edit(std::string_view text) {
  const std::map<std::string, std::string> recipients{
      {"a", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"}};
  const auto once = fleet::put_recipients(text, "devices.geojson", recipients, true);
  const auto twice = fleet::put_recipients(once.text, "devices.geojson", recipients, true);
  if (twice.text != once.text) std::abort();
  if (once.added.empty() && once.replaced.empty() && once.text != text) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  try {
    edit(text);
  } catch (const Error& error) {
    if (error.fault() == Fault::internal) std::abort();
  }
  try {
    fleet::area_of(text, "area.geojson");
  } catch (const Error&) {
  }
  const auto answer = nlohmann::json::parse(text, nullptr, false);
  if (!answer.is_object()) return 0;
  for (const auto& shown : {fleet::devices_text(answer, {}, {}), fleet::device_text(answer, {}, {}),
                            fleet::status_text(answer, {}, {}), fleet::rollout_text(answer, {}, {}),
                            fleet::cities_text(answer, {})}) {
    if (printable_lines(shown) != shown) std::abort();
  }
  return 0;
}
