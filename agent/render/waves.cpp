#include "render/waves.h"

#include <fmt/format.h>

#include "base/text.h"
#include "config/ref_name.h"
#include "render/named.h"

namespace greenwave::render {

namespace {

double percent_field(yaml::Fields& fields, std::string_view key, double otherwise) {
  const auto percent = fields.number(key).value_or(otherwise);
  if (percent >= 0 && percent <= 100) return percent;
  fields.error(key, fmt::format("{} is {}, but a percentage is between 0 and 100", key, percent),
               fmt::format("write {}: {}", key, otherwise));
  return otherwise;
}

std::string ref_field(yaml::Fields& fields) {
  auto ref = fields.required_text("ref");
  if (!ref.empty() && !ref.starts_with("refs/")) {
    fields.error("ref", fmt::format("\"{}\" is not the full name of a ref", printable(ref)),
                 fmt::format("write refs/heads/{}", printable(ref)));
  } else if (!ref.empty() && !config::is_ref_name(ref)) {
    fields.error("ref", fmt::format("\"{}\" is not a valid ref name", printable(ref)),
                 "write one such as refs/heads/wave/canary");
  }
  return ref;
}

Wave read_wave(const yaml::Node& node, Problems& problems) {
  yaml::Fields fields(node, "the wave", problems);
  Wave wave;
  wave.name = fields.required_text("name");
  wave.place = fields.place();
  if (const auto* selector = fields.map("selector")) wave.selector = read_selector(*selector, problems);
  if (fields.has("percent")) wave.percent = percent_field(fields, "percent", 10);
  wave.ref = ref_field(fields);
  wave.soak = fields.duration("soak").value_or(wave.soak);
  wave.reported_percent = percent_field(fields, "reportedPercent", wave.reported_percent);
  wave.healthy_percent = percent_field(fields, "healthyPercent", wave.healthy_percent);
  wave.failed_percent = percent_field(fields, "failedPercent", wave.failed_percent);
  wave.silent_after = fields.duration("silentAfter").value_or(wave.silent_after);
  if (fields.has("selector") == fields.has("percent")) {
    fields.error("name", "a wave has either a selector or a percentage of the devices",
                 "write selector: {matchLabels: {…}}, or percent: 10");
  }
  fields.done();
  return wave;
}

/// Compares with the waves before it.
void compare(const Wave& wave, const Wave& earlier, Problems& problems) {
  if (wave.ref == earlier.ref) {
    problems.error(wave.place,
                   fmt::format("the waves {} and {} overlap: both follow {}", printable(earlier.name),
                               printable(wave.name), printable(wave.ref)),
                   "give each its own ref, or make them one wave");
  }
  if (wave.percent && earlier.percent && *wave.percent <= *earlier.percent) {
    problems.error(
        wave.place,
        fmt::format("the waves {} and {} overlap: {} percent of the devices are among the {} "
                    "percent before them, so none would be left",
                    printable(earlier.name), printable(wave.name), *wave.percent, *earlier.percent),
        "percentages count from the first device on: write a larger one");
  }
}

}  // namespace

std::vector<Wave> read_waves(yaml::Fields& spec, Problems& problems) {
  auto waves = read_named<Wave>(spec, "waves", read_wave, problems);
  for (auto wave = waves.begin(); wave != waves.end(); ++wave) {
    for (auto earlier = waves.begin(); earlier != wave; ++earlier) compare(*wave, *earlier, problems);
  }
  return waves;
}

}  // namespace greenwave::render
