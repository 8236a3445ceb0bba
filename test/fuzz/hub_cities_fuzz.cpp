// What a city's hub answers, and what a roll-up kept of that: whatever it is, what is shown is one line, and
// reads back as itself.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cities/roster.h"
#include "config/cities_config.h"
#include "fleet/overview.h"

using namespace greenwave;

namespace {

void check(const std::vector<hub::KnownCity>& cities) {
  const auto shown = hub::cities_json(cities, {});
  if (printable_lines(fleet::cities_text(shown, {})) != fleet::cities_text(shown, {})) std::abort();
  std::vector<hub::KnownCity> again{{.city = "springfield", .url = {}}};
  hub::read_kept(hub::write_kept(cities), again);
  if (hub::write_kept(again) != hub::write_kept(cities)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  Problems problems;
  hub::parse_cities_config(text, "cities.yaml", problems);
  std::vector<hub::KnownCity> cities{{.city = "springfield", .url = {}}};
  hub::read_kept(text, cities);
  check(cities);
  try {
    cities[0].figures = hub::read_figures(text, "springfield");
    check(cities);
  } catch (const Error& error) {
    if (error.fault() == Fault::internal) std::abort();
  }
  return 0;
}
