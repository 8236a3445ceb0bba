#include "lint/unit_verifier.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/scratch_directory.h"
#include "base/text.h"
#include "drivers/host/unit_spec.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t most_texts = 32;

/// What check_unit() finds itself.
bool is_found_elsewhere(std::string_view finding) {
  static constexpr std::array<std::string_view, 4> starts = {
      "Unknown section", "Assignment outside of section", "Missing '='", "Failed to parse calendar"};
  return std::ranges::any_of(starts, [&](std::string_view start) { return finding.starts_with(start); });
}

/// Keeps the messages about lines of the file itself: "3: Unknown key 'Foo' in section [Service], ignoring."
std::vector<std::string> lines_about(const std::string& file, std::string_view output) {
  std::vector<std::string> lines;
  const auto prefix = file + ":";
  for (auto line : split(output, '\n')) {
    if (!line.starts_with(prefix)) continue;
    line.remove_prefix(prefix.size());
    const auto text = line.find(": ");
    if (text == std::string_view::npos || is_found_elsewhere(line.substr(text + 2))) continue;
    lines.push_back(fmt::format("{}: {}", line.substr(0, text), printable(line.substr(text + 2))));
  }
  return lines;
}

}  // namespace

const std::vector<std::string>& UnitVerifier::findings(const std::string& name, const std::string& content) {
  const auto [at, is_new] = known_.try_emplace({name, content});
  if (!is_new || is_missing_ || known_.size() > most_texts) return at->second;
  try {
    const ScratchDirectory directory("lint");
    const auto file = (directory.path() / name).native();
    replace_file(file, content);
    Command command;
    command.argv = {"systemd-analyze", "verify", "--man=no", "--recursive-errors=no", file};
    at->second = lines_about(file, run(command).output);
  } catch (const Error&) {
    is_missing_ = true;
  }
  return at->second;
}

void UnitVerifier::check(const Manifest& manifest, Problems& problems) {
  if (!drivers::host::is_unit(manifest.id)) return;
  Problems known;  // the kind reports them
  const auto spec = drivers::host::read_unit_spec(manifest, known);
  if (known.has_errors() || !spec.defines_unit()) return;
  const auto* content = manifest.document.at({"spec", "content"});
  for (const auto& finding : findings(spec.name, spec.files.front().content)) {
    problems.warning(content->place, fmt::format("{}:{}", spec.name, finding),
                     "systemd-analyze verify reports it; systemd would ignore it");
  }
}

}  // namespace greenwave::cli
