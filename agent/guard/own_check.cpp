#include "guard/own_check.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "drivers/host/directory_tree.h"
#include "drivers/host/file_spec.h"
#include "drivers/host/unit_spec.h"
#include "git/trust.h"
#include "guard/unit_inputs.h"
#include "plan/places.h"
#include "systemd/unit_text.h"

namespace greenwave::guard {

namespace {

namespace host = drivers::host;

using Written = std::vector<host::UnitFile>;

Written written_by_directory(const host::Host& device, const plan::Desired& one, const OwnCheckInput& input) {
  Problems none;
  const auto spec = host::read_directory_spec(device, one.manifest, none);
  Written written;
  if (!spec.has_source) return written;
  const auto& source = one.manifest.source->path;
  for (const auto& item : host::read_tree(input.tree, source)) {
    const auto path = spec.path + "/" + item.name;
    if (item.type == SourceTree::Type::directory || !input.files.part_at(path)) continue;
    const auto from = source.empty() ? item.name : source + "/" + item.name;
    written.push_back({path, host::item_content(input.tree, from)});
  }
  return written;
}

/// What the object writes to files of the agent's own. Its manifest has passed its driver's checks.
Written written_by(const plan::Desired& one, const OwnCheckInput& input) {
  const host::Host device{.root = input.config.root, .allowed_paths = input.config.allowed_paths};
  const auto& manifest = one.manifest;
  if (manifest.id.kind == "Directory") return written_by_directory(device, one, input);
  Problems none;
  if (host::is_unit(manifest.id)) return host::read_unit_spec(manifest, none).files;
  if (manifest.id.kind != "File") return {};
  const auto spec = host::read_file_spec(device, manifest, none);
  return {{spec.path, host::content_of(spec, manifest, input.tree)}};
}

std::string without_place(const Problem& problem) {
  return fmt::format("line {}, column {}: {}{}{}", problem.place.line, problem.place.column, problem.message,
                     problem.remedy.empty() ? "" : "; ", problem.remedy);
}

/// The program of a command line in systemd's syntax, or nothing where only systemd can say.
std::string program_of(std::string_view command) {
  command = trim(command);
  command.remove_prefix(std::min(command.find_first_not_of("@-:+!|"), command.size()));
  const bool quoted = command.starts_with('"') || command.starts_with('\'');
  const auto end = quoted ? command.find(command.front(), 1) : command.find_first_of(" \t");
  auto program = std::string(command.substr(quoted ? 1 : 0, quoted ? end - 1 : end));
  return program.find('%') == std::string::npos && program.starts_with('/') ? program : "";
}

class OwnCheck {
 public:
  OwnCheck(std::span<const plan::Desired> desired, const OwnCheckInput& input)
      : input_(input), desired_(desired) {}

  /// Why the agent could not start with what the object writes; empty: nothing is seen.
  std::string why_not(const plan::Desired& one) {
    for (const auto& [path, content] : written_by(one, input_)) {
      const auto part = input_.files.part_at(path);
      if (!part) continue;
      auto why = wrong_with(*part, content, one.manifest.sensitive);
      if (why.empty() && has_failed(path, content)) {
        why = "the agent did not come back when it had this before; change it, or run greenwave sync --force";
      }
      if (!why.empty()) return fmt::format("{} is not written: {}", path, why);
    }
    return {};
  }

 private:
  bool has_failed(const std::string& path, const std::string& content) const {
    const auto found = input_.failed.find(path);
    return found != input_.failed.end() && found->second.contains(sha256(content));
  }

  std::string wrong_with(Part part, const std::string& content, bool is_secret) {
    try {
      switch (part) {
        case Part::configuration:
          return wrong_configuration(content, is_secret);
        case Part::trust:
          git::Trust(content, input_.config.allowed_signers.native());
          return {};
        case Part::unit:
          if (trim(content).empty()) return "an empty unit file masks the unit";
          return wrong_start(content, [this](const std::string& path) { return comes(path); });
        case Part::identity:
        case Part::guard:
        case Part::boot:
        case Part::state:
        case Part::runtime:
          return fmt::format("no manifest may change {}", config::in_words(part));
        case Part::images:
          return {};
        case Part::named:
        case Part::program:
          return content.empty() ? "it is empty" : "";
      }
    } catch (const Error& error) {
      return is_secret ? "the agent cannot read it" : error.what();
    }
    return {};
  }

  std::string wrong_configuration(const std::string& content, bool is_secret) {
    const auto comes_with_it = [this](const std::filesystem::path& path) { return comes(path.native()); };
    const auto problems = config::check_text(content, input_.config, comes_with_it);
    for (const auto& problem : problems.list()) {
      if (problem.severity == Severity::warning) continue;
      return is_secret ? fmt::format("line {} is wrong", problem.place.line) : without_place(problem);
    }
    return {};
  }

  bool comes(const std::string& path) {
    if (claims_.empty()) {
      for (const auto& one : desired_)
        claims_.insert(one.footprint.claims.begin(), one.footprint.claims.end());
    }
    return claims_.contains(std::string(plan::path_claim) + path);
  }

  const OwnCheckInput& input_;
  const std::span<const plan::Desired> desired_;
  std::set<std::string> claims_;
};

}  // namespace

std::vector<ObjectId> refuse_unusable(std::span<const plan::Desired> desired, const OwnCheckInput& input,
                                      Problems& problems) {
  OwnCheck check(desired, input);
  std::vector<ObjectId> refused;
  for (const auto& one : desired) {
    if (input.files.claimed_by(one.footprint.claims).empty()) continue;
    std::string why;
    try {
      why = check.why_not(one);
    } catch (const Error&) {
      continue;  // its driver says what is wrong with the source
    }
    if (why.empty()) continue;
    problems.error(one.manifest.place(), fmt::format("{}: {}", to_string(one.manifest.id), why));
    refused.push_back(one.manifest.id);
  }
  return refused;
}

std::string wrong_start(std::string_view unit_file, const std::function<bool(const std::string&)>& comes) {
  for (const auto& line : systemd::unit_lines(unit_file)) {
    if (line.key != "ExecStart") continue;
    const auto program = program_of(line.value);
    if (program.empty() || comes(program)) continue;
    if (::access(program.c_str(), X_OK) != 0) {
      return fmt::format("ExecStart names {}, which is not a program on this device", program);
    }
  }
  for (const auto& input : inputs_of(unit_file)) {
    if (!input.needed || comes(input.path) || ::access(input.path.c_str(), F_OK) == 0) continue;
    return fmt::format("{} names {}, which is not on this device", input.setting, input.path);
  }
  return {};
}

}  // namespace greenwave::guard
