#include "promote/city.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "context/style.h"
#include "git/ref_name.h"
#include "git/signed_tag.h"
#include "model/wave.h"
#include "render/cluster_file.h"
#include "render/inventory.h"

namespace greenwave::promote {

namespace {

CommitId commit_of(const Refs& refs, const std::string& ref) {
  const auto found = refs.find(ref);
  return found == refs.end() ? CommitId() : found->second;
}

std::vector<std::string> names_of(const Refs& refs) {
  std::vector<std::string> names;
  for (const auto& [name, commit] : refs) names.push_back(name);
  return names;
}

}  // namespace

City::City(const Options& options)
    : options_(options),
      branch_(git::full_ref_name(options.branch)),
      remote_(options.url, options.approvers.has_value()) {
  const auto refs = remote_.refs();
  const auto branch_commit = commit_of(refs, branch_);
  if (branch_commit.empty()) throw git::no_such_ref(branch_, names_of(refs));
  remote_.fetch({branch_});
  read_cluster(branch_commit);
  add_stages(refs);
  for (const auto& [name, commit] : refs) {
    if (name.starts_with("refs/tags/")) tags_.insert(name);
  }

  std::vector<std::string> known;
  for (const auto& stage : stages_) {
    if (!stage.commit.empty()) known.push_back(stage.ref);
  }
  record_commit_ = commit_of(refs, record_ref);
  if (!record_commit_.empty()) known.emplace_back(record_ref);
  remote_.fetch(known);
  if (!record_commit_.empty()) record_ = read_record(remote_.message(record_commit_));
  for (auto& stage : stages_) {
    const auto seen = record_.find(stage.ref);
    if (seen != record_.end() && seen->second.commit == stage.commit) stage.since = seen->second.since;
  }
  decisions_ =
      decide({.stages = stages_,
              .leads_to = [this](const CommitId& ancestor,
                                 const CommitId& commit) { return remote_.leads_to(ancestor, commit); },
              .health = options_.health,
              .silent_after = options_.silent_after,
              .now = options_.now});
  if (options_.approvers) require_approvals();
}

void City::require_approvals() {
  const git::Repository repository(remote_.directory());
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    auto& decision = decisions_[i];
    if (decision.verdict != Verdict::moves) continue;
    const auto& now = stages_[i].commit.empty() ? stages_.back().commit : stages_[i].commit;
    const auto missing =
        git::missing_approvals(options_.approvers->judge(repository, options_.path, now, decision.to));
    if (missing.empty()) continue;
    decision = {Verdict::blocked,
                fmt::format("{} {}; {}", cli::short_id(decision.to), missing, cli::how_to_approve),
                {}};
  }
}

void City::read_cluster(const CommitId& branch_commit) {
  const auto directory = options_.path.empty() ? "" : options_.path + "/";
  const auto file = directory + render::cluster_file;
  const auto text = remote_.read(branch_commit, file);
  Problems problems;
  if (text) cluster_ = render::parse_cluster(*text, file, problems);
  render::throw_errors(problems);
  if (cluster_.waves.empty()) {
    throw Error(Fault::invalid, fmt::format("{} on {} has no waves", file, printable(branch_)),
                "add spec.waves to it on the branch, not only on a wave's ref; see man greenwave.yaml");
  }
  for (const auto& wave : cluster_.waves) {
    if (wave.ref != branch_) continue;
    problems.error(wave.place,
                   fmt::format("the wave {} follows {}, which is the branch itself", printable(wave.name),
                               printable(branch_)),
                   "give it its own ref, such as refs/heads/wave/canary");
  }
  if (!cluster_.devices.empty()) {
    const auto inventory = directory + cluster_.devices;
    const auto devices = remote_.read(branch_commit, inventory);
    if (!devices) {
      problems.error(cluster_.devices_place, fmt::format("the inventory {} does not exist", inventory),
                     "add it, or fix the path");
    } else {
      devices_ = render::read_devices(*devices, inventory, problems);
    }
  }
  check_overlaps(cluster_, devices_, problems);
  render::throw_errors(problems);
}

void City::add_stages(const Refs& refs) {
  if (!options_.from.empty()) {
    const auto from = git::full_ref_name(options_.from);
    const auto commit = commit_of(refs, from);
    if (commit.empty()) throw git::no_such_ref(from, names_of(refs));
    stages_.push_back({.name = "source", .ref = from, .commit = commit});
  }
  for (const auto& wave : cluster_.waves) {
    stages_.push_back(
        {.name = wave.name, .ref = wave.ref, .commit = commit_of(refs, wave.ref), .wave = &wave});
  }
  stages_.push_back({.name = "branch", .ref = branch_, .commit = commit_of(refs, branch_)});
  for (const auto& device : devices_) {
    const auto* wave = wave_of(cluster_, device);
    const auto stage = std::ranges::find_if(stages_, [wave](const auto& one) { return one.wave == wave; });
    (wave == nullptr ? stages_.back() : *stage).devices.push_back(device.id);
  }
}

void City::vouch_for(const CommitId& commit) {
  const auto ref = git::vouching_ref(commit);
  if (options_.key.empty() || tags_.contains(ref)) return;
  std::string message = "Promoted from wave to wave\n\n";
  for (const auto& stage : stages_) message += fmt::format("Greenwave-Ref: {}\n", stage.ref);
  remote_.tag(commit, ref, message, options_.key);
  tags_.insert(ref);
}

void City::move() {
  std::vector<std::string> moved;
  // What people have put where commits enter has nobody else's word.
  if (const auto& entry = stages_.front().commit; !entry.empty()) vouch_for(entry);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (decisions_[i].verdict != Verdict::moves) continue;
    try {
      vouch_for(decisions_[i].to);  // before a device sees it
      remote_.push(decisions_[i].to, stages_[i].ref);
    } catch (const Error& error) {
      decisions_[i] = {Verdict::blocked, error.message(), {}};
      continue;
    }
    stages_[i].commit = decisions_[i].to;
    stages_[i].since = options_.now;
    moved.push_back(fmt::format("{} to {}", printable(stages_[i].name), cli::short_id(decisions_[i].to)));
  }
  remember(moved);
}

/// A commit counts as being at a ref from when it was first seen there.
void City::remember(const std::vector<std::string>& moved) {
  Record record;
  for (auto& stage : stages_) {
    const bool is_source = stage.wave == nullptr && &stage != &stages_.back();
    if (stage.commit.empty() || is_source) continue;
    if (!stage.since) stage.since = options_.now;
    record[stage.ref] = {stage.commit, *stage.since};
  }
  if (record == record_) return;
  const auto subject = moved.empty() ? std::string("Record the waves' commits")
                                     : fmt::format("Move {}", fmt::join(moved, ", "));
  const auto commit = remote_.commit(subject + "\n\n" + write_record(record), record_commit_);
  try {
    remote_.push(commit, record_ref);
  } catch (Error& error) {
    throw error.during(fmt::format("recording in {} when the waves got their commits", record_ref));
  }
}

int City::exit_code() const {
  const auto any = [this](Verdict verdict) {
    return std::ranges::any_of(decisions_, [=](const auto& decision) { return decision.verdict == verdict; });
  };
  if (any(Verdict::blocked)) return 2;
  return any(Verdict::halted) ? 1 : 0;
}

}  // namespace greenwave::promote
