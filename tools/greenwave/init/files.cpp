#include "init/files.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

namespace greenwave::cli {

namespace {

constexpr const char* cluster =
    R"(# yaml-language-server: $schema=/usr/share/greenwave/schemas/cluster.schema.json
apiVersion: greenwave.dev/v1
kind: Cluster
metadata: {{name: {name}}}
spec:
  devices: devices.geojson             # one Feature a device; git hosts draw it as a map

  vars:
    contact: traffic signals of {name}

  layers:                              # in this order; a later layer merges over an earlier one
    - path: base
    - path: devices/${{device.id}}       # for one device only
      optional: true
{waves})";

constexpr const char* waves = R"(
  waves:                               # who gets a commit first; the others follow the branch itself
    - {name: canary, selector: {matchLabels: {role: canary}}, ref: refs/heads/wave/canary}
)";

constexpr const char* motd =
    R"(# yaml-language-server: $schema=/usr/share/greenwave/schemas/manifest.schema.json
# What a technician reads after logging in at the cabinet.
apiVersion: greenwave.dev/v1
kind: File
metadata: {name: motd}
spec:
  path: /etc/motd
  content: |
    ${device.id} of ${cluster.name}: ${cluster.vars.contact}
    This device follows the city's repository: greenwave status
)";

constexpr const char* github = R"(# Shows before the merge what a change does to the city's devices.
name: greenwave
on:
  pull_request:
  push: {branches: [main]}

permissions:
  contents: read
  pull-requests: write

jobs:
  lint:
    # A runner with Greenwave installed (packaging/install in its source), and the label greenwave.
    runs-on: [self-hosted, greenwave]
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - name: lint
        run: greenwave lint -o github
      - name: impact
        if: github.event_name == 'pull_request'
        env:
          GH_TOKEN: ${{ github.token }}
          BASE: ${{ github.event.pull_request.base.sha }}
          HEAD: ${{ github.event.pull_request.head.sha }}
          NUMBER: ${{ github.event.number }}
        run: |
          greenwave impact "$BASE...$HEAD" -o markdown > impact.md || [ $? -eq 1 ]
          cat impact.md >> "$GITHUB_STEP_SUMMARY"
          command -v gh > /dev/null || { echo "::notice::without gh the report is only in the summary"; exit 0; }
          gh pr comment "$NUMBER" --body-file impact.md --edit-last || gh pr comment "$NUMBER" --body-file impact.md
)";

constexpr const char* gitlab = R"(# Shows before the merge what a change does to the city's devices.
# The runner is one with Greenwave installed (packaging/install in its source), and the tag greenwave.
greenwave:lint:
  tags: [greenwave]
  variables: {GIT_DEPTH: 0}
  script:
    - greenwave lint
  after_script:
    - greenwave lint -o sarif > greenwave.sarif || true
  artifacts:
    when: always
    paths: [greenwave.sarif]

greenwave:impact:
  tags: [greenwave]
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables: {GIT_DEPTH: 0}
  script:
    - greenwave impact "$CI_MERGE_REQUEST_DIFF_BASE_SHA..$CI_COMMIT_SHA" -o markdown > impact.md || [ $? -eq 1 ]
    - cat impact.md
    - greenwave impact "$CI_MERGE_REQUEST_DIFF_BASE_SHA..$CI_COMMIT_SHA" -o geojson > impact.geojson || [ $? -eq 1 ]
  artifacts:
    paths: [impact.md, impact.geojson]
)";

}  // namespace

std::map<std::string, std::string> files_of(const NewCity& city) {
  std::map<std::string, std::string> files{
      {"greenwave.yaml", fmt::format(fmt::runtime(cluster), fmt::arg("name", city.name),
                                     fmt::arg("waves", city.has_canary ? waves : ""))},
      {"devices.geojson", city.inventory},
      {"base/motd.yaml", motd},
  };
  if (city.github) files[".github/workflows/greenwave.yaml"] = github;
  if (city.gitlab) files[".gitlab-ci.yml"] = gitlab;
  return files;
}

void write_city(const std::filesystem::path& directory, const std::map<std::string, std::string>& files) {
  for (const auto& [path, content] : files) {
    std::error_code error;
    if (!std::filesystem::exists(std::filesystem::symlink_status(directory / path, error))) continue;
    throw Error(Fault::conflict, fmt::format("{} already exists", (directory / path).native()),
                "start in an empty directory; nothing was written");
  }
  for (const auto& [path, content] : files) {
    make_directories((directory / path).parent_path());
    replace_file(directory / path, content);
  }
}

}  // namespace greenwave::cli
