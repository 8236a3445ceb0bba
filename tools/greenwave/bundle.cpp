#include <memory>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "city/approvals.h"
#include "cli.h"
#include "git/bundle_writer.h"
#include "git/store.h"
#include "render/local_engine.h"
#include "sync/intake/needs.h"

namespace greenwave::cli {

namespace {

struct BundleOptions {
  git::BundleOrder order{
      .repository = ".", .branch = "main", .path = {}, .device = {}, .since = {}, .guarded = {}};
  std::vector<std::string> labels;
  std::filesystem::path trust;
  std::filesystem::path file;
};

render::Recipient recipient_of(const BundleOptions& options) {
  render::Recipient recipient{.device = options.order.device};
  for (const auto& label : options.labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      throw Error(Fault::invalid, fmt::format("\"{}\" is not a label", printable(label)),
                  "write --label KEY=VALUE");
    }
    recipient.labels[label.substr(0, equals)] = label.substr(equals + 1);
  }
  return recipient;
}

/// A tree with errors is not bundled: files that rendering did not get to would be missing.
void require_whole(const render::Rendered& rendered) {
  if (!rendered.problems.has_errors()) return;
  std::string errors;
  for (const auto& problem : rendered.problems.list()) {
    if (problem.severity != Severity::error) continue;
    errors += (errors.empty() ? "" : "\n") + to_string(problem);
  }
  throw Error(Fault::invalid, errors,
              "fix the repository, or pass the labels of the device's agent.yaml with --label");
}

int make_bundle(const Context& context, const BundleOptions& options) {
  git::initialize();
  const auto recipient = recipient_of(options);
  render::LocalEngine engine;
  render::Rendered rendered;
  auto order = options.order;
  order.guarded = guarded_paths(options.trust);
  const auto written = git::write_bundle(
      order,
      // The branch's commit comes first, then the one that the device has.
      [&, first = true](const SourceTree& tree) mutable {
        auto one = sync::render_and_read(tree, engine, recipient);
        if (!std::exchange(first, false)) return;
        require_whole(one);
        rendered = std::move(one);
      },
      options.file);
  for (const auto& problem : rendered.problems.list()) print_note(to_string(problem));
  if (context.json) {
    print(nlohmann::json{{"file", options.file.native()},
                         {"device", options.order.device},
                         {"commit", written.commit.text()},
                         {"commits", written.commits},
                         {"objects", written.objects},
                         {"bytes", written.bytes},
                         {"layers", rendered.layers}});
    return 0;
  }
  print(fmt::format("{}: {} for {}\n", options.file.native(), bytes_in_words(written.bytes),
                    options.order.device));
  print(fmt::format("  commit {}, {} in all, {}\n", short_id(written.commit),
                    count_of(written.commits, "commit"), count_of(rendered.manifests.size(), "manifest")));
  print(fmt::format("  layers: {}\n",
                    rendered.layers.empty() ? "none" : fmt::format("{}", fmt::join(rendered.layers, ", "))));
  return 0;
}

Action declare_bundle(CommandLine& line) {
  const auto options = std::make_shared<BundleOptions>();
  line.option("--device", options->order.device, "The device's id").value_name("ID").required();
  line.option("--repo", options->order.repository, "The city's repository: bare, or a clone")
      .value_name("DIR")
      .show_default();
  line.option("--branch", options->order.branch, "The branch that the device follows")
      .value_name("BRANCH")
      .show_default();
  line.option("--path", options->order.path, "The cluster's directory in the repository").value_name("DIR");
  line.option("--since", options->order.since,
              "A commit that the device has applied; leaves out what it has already")
      .value_name("COMMIT");
  line.option("--label", options->labels, "A label from the device's agent.yaml").value_name("KEY=VALUE");
  line.option("--trust", options->trust,
              "The device's agent.yaml, if it has trust.paths: adds what shows who approved")
      .value_name("FILE");
  line.option("FILE", options->file, "The bundle to write").required();
  return [options](const Context& context) { return make_bundle(context, *options); };
}

}  // namespace

const Subcommand bundle_command{
    .name = "bundle",
    .summary = "Write what one device needs to a file, to carry it there on a USB stick",
    .details =
        R"(Runs wherever a clone of the repository is, without a daemon. The bundle contains the branch's commit, the
files in it that this device's layers use, and the earlier commits without their files. To apply it on the
device: greenwave sync --from FILE. A bundle made by git bundle create works too; it contains the whole
repository.

Exit codes: 0 written, 2 it could not be written.

Examples:
  greenwave bundle --device sf-0042 sf-0042.bundle
  greenwave bundle --device sf-0042 --since 1a2b3c4d5e sf-0042.bundle
                                     smaller: for a device whose status shows that commit
  greenwave bundle --device sf-0042 --repo /srv/git/city.git --label model=atc-5201 sf-0042.bundle)",
    .declare = declare_bundle,
};

}  // namespace greenwave::cli
