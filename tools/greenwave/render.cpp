#include "render/render.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "city/command.h"
#include "city/source.h"
#include "cli.h"
#include "origin/origin.h"
#include "render/cluster_file.h"
#include "render/inventory.h"
#include "yaml/emit.h"

namespace greenwave::cli {

namespace {

struct RenderOptions {
  CityOptions city;
  std::string where = ".";
  std::string device;
  bool explain = false;
};

void print_json(const render::Rendered& rendered, bool explain) {
  auto manifests = nlohmann::ordered_json::array();
  auto origins = nlohmann::ordered_json::object();
  for (const auto& manifest : rendered.manifests) {
    manifests.push_back(yaml::to_json(manifest.document));
    if (explain) origins[to_string(manifest.id)] = origins_of(manifest.document);
  }
  auto problems = nlohmann::ordered_json::array();
  for (const auto& problem : rendered.problems.list()) problems.push_back(to_string(problem));
  nlohmann::ordered_json answer{{"device", rendered.device.id},
                                {"layers", rendered.layers},
                                {"manifests", std::move(manifests)},
                                {"problems", std::move(problems)}};
  if (explain) answer["origins"] = std::move(origins);
  print(json_text(answer));
}

void print_yaml(const render::Rendered& rendered, bool explain) {
  std::string text;
  if (explain) {
    text = fmt::format(
        "# {}, layers: {}\n", printable(rendered.device.id),
        rendered.layers.empty() ? "none" : printable(fmt::format("{}", fmt::join(rendered.layers, ", "))));
  }
  bool first = true;
  for (const auto& manifest : rendered.manifests) {
    if (!first) text += "---\n";
    first = false;
    text += explain ? explained(manifest.document, rendered.layers) : yaml::emit(manifest.document);
  }
  print(text);
}

int run_render(const RenderOptions& options, const Context& context) {
  const bool json = format_of(options.city, context) == "json";
  return guarded(json, [&] {
    const auto source = CitySource::open(options.where, options.city.path);
    const auto rendered = render::render(source.tree(), {options.device, labels_of(options.city), {}});
    if (json) {
      print_json(rendered, options.explain);
    } else {
      print_yaml(rendered, options.explain);
      for (const auto& problem : rendered.problems.list())
        print_note(source.shown_prefix() + to_string(problem));
    }
    return rendered.problems.has_errors() ? 1 : 0;
  });
}

Action declare_render(CommandLine& line) {
  const auto options = std::make_shared<RenderOptions>();
  line.option("where", options->where, "DIR, REPOSITORY@REVISION or @REVISION")
      .value_name("WHERE")
      .show_default();
  line.option("--device", options->device, "The device's id in the inventory").value_name("ID").required();
  line.flag("--explain", options->explain, "Note beside each value its layer, file and line");
  add_city_options(line, options->city, {"text", "json"});
  return [options](const Context& context) { return run_render(*options, context); };
}

}  // namespace

const Subcommand render_command{
    .name = "render",
    .summary = "What one device would apply, as a YAML stream",
    .details =
        R"(Merges layers and replaces variables as the device does. Problems are printed on standard error.

Exit codes: 0 all objects were rendered, 1 some were refused, 2 rendering failed.

Examples:
  greenwave render --device sf-0042
  greenwave render --device sf-0042 --explain          where each value comes from
  greenwave render --device sf-0042 /srv/city.git@v12 -o json)",
    .declare = declare_render,
};

}  // namespace greenwave::cli
