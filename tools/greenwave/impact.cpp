#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "city/approvals.h"
#include "city/command.h"
#include "city/source.h"
#include "cli.h"
#include "impact/output.h"
#include "text.h"

namespace greenwave::cli {

namespace {

struct ImpactOptions {
  CityOptions city;
  TrustOptions trust;
  std::string range;
  std::string repository = ".";
  std::string device;
  std::string by = "district";
};

/// The two cities, and how to name them.
struct Sides {
  git::Repository repository;
  std::optional<CitySource> base;
  std::optional<CitySource> head;
  CommitId base_commit;
  CommitId head_commit;  ///< empty: the files on disk
  Range range;

  explicit Sides(const ImpactOptions& options)
      : repository(options.repository), range(parse_range(options.range)) {
    base_commit = repository.resolve(range.base);
    if (range.head.empty()) {
      base = CitySource::commit(repository, base_commit, options.city.path);
      head = CitySource::open(options.repository, options.city.path);
      return;
    }
    head_commit = repository.resolve(range.head);
    if (range.from_merge_base) base_commit = repository.merge_base(base_commit, head_commit);
    base = CitySource::commit(repository, base_commit, options.city.path);
    head = CitySource::commit(repository, head_commit, options.city.path);
  }

  std::string head_name() const { return range.head.empty() ? "files on disk" : range.head; }
};

render::Fleet fleet_of(const CitySource& source, const Labels& labels, const std::string& when) {
  try {
    return render::Fleet(source.tree(), labels);
  } catch (Error& error) {
    throw error.during("reading the city at " + when);
  }
}

[[noreturn]] void refuse_device(const render::Fleet& fleet, const std::string& id) {
  std::vector<std::string> ids;
  for (const auto& device : fleet.devices()) ids.push_back(device.id);
  const auto near = nearest(id, ids);
  throw Error(Fault::invalid, fmt::format("the inventory has no device {}", printable(id)),
              near.empty() ? "use one of its ids" : fmt::format("did you mean {}?", printable(near)));
}

int show_device(const Sides& sides, const render::Fleet& base, const render::Fleet& head,
                const city::RuntimeKinds& kinds, const std::string& device, bool json, const Style& style) {
  if (!head.device(device)) refuse_device(head, device);
  auto changes = nlohmann::json::array();
  const auto found = city::device_diff(base, head, kinds, device);
  for (const auto& one : found.changes) {
    changes.push_back({{"verb", one.verb}, {"object", one.object}, {"diff", one.diff}});
  }
  const bool none = changes.empty() && found.problems.empty();
  const nlohmann::json answer{{"device", device},
                              {"commit", sides.head_name()},
                              {"changes", std::move(changes)},
                              {"problems", found.problems}};
  if (json) {
    print(answer);
  } else {
    print(change_list_text(answer, style));
  }
  return none ? 0 : 1;
}

int run_impact(const ImpactOptions& options, const Context& context) {
  const auto format = format_of(options.city, context);
  return guarded(format == "json", [&] {
    const Sides sides(options);
    const auto labels = labels_of(options.city);
    const auto base = fleet_of(*sides.base, labels, sides.range.base);
    const auto head = fleet_of(*sides.head, labels, sides.head_name());
    const auto kinds = city::RuntimeKinds(rules_of(options.city));
    if (!options.device.empty()) {
      return show_device(sides, base, head, kinds, options.device, format == "json", context.style);
    }
    auto found = city::impact(base, head, kinds, options.by);
    found.base = sides.range.base;
    found.head = sides.head_name();
    const auto approvers = Approvers::from(options.trust);
    if (approvers && !sides.head_commit.empty()) {
      found.approvals =
          approvers->judge(sides.repository, options.city.path, sides.base_commit, sides.head_commit);
    }
    if (format == "json") {
      print(impact_json(found));
    } else if (format == "markdown") {
      print(impact_markdown(found));
    } else if (format == "geojson") {
      print(impact_geojson(found));
    } else {
      print(impact_text(found, context.style));
    }
    const bool is_approved = git::missing_approvals(found.approvals).empty();
    return found.unjudged.empty() && found.refusing() == 0 && is_approved ? 0 : 1;
  });
}

Action declare_impact(CommandLine& line) {
  const auto options = std::make_shared<ImpactOptions>();
  line.option("range", options->range, "BASE..HEAD, BASE...HEAD or BASE").value_name("RANGE").required();
  line.option("-C,--repository", options->repository, "The repository, or a directory in its checkout")
      .value_name("DIR")
      .show_default();
  line.option("--device", options->device, "Show the changes of one device as a diff").value_name("ID");
  line.option("--by", options->by, "The label to group the table by").value_name("LABEL").show_default();
  add_city_options(line, options->city, {"text", "json", "markdown", "geojson"});
  add_trust_options(line, options->trust);
  return [options](const Context& context) { return run_impact(*options, context); };
}

}  // namespace

const Subcommand impact_command{
    .name = "impact",
    .summary = "Which devices a commit changes, and how",
    .details =
        R"(BASE..HEAD compares two commits, BASE...HEAD starts at their merge base, and BASE alone is compared with the
files on disk. Bytes over the air estimate what a device fetches over https. Formats: text, json, markdown (for a
pull request), geojson (a map of what changes).

Exit codes: 0 all devices take all of it, 1 some refuse a part of it or cannot be judged, or approvals are
missing, 2 the comparison failed. With --device: 0 nothing changes, 1 something does, or is refused.

Examples:
  greenwave impact origin/main...HEAD
  greenwave impact HEAD                              changes that are not committed yet
  greenwave impact main..HEAD --device sf-0042
  greenwave impact main..HEAD -o markdown | gh pr comment --body-file -
  greenwave impact main..HEAD -o geojson > impact.geojson)",
    .declare = declare_impact,
};

}  // namespace greenwave::cli
