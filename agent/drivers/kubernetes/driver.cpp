#include "drivers/kubernetes/driver.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "drivers/kubernetes/inspection.h"
#include "drivers/kubernetes/kind.h"
#include "drivers/kubernetes/removing.h"
#include "drivers/kubernetes/scope.h"

namespace greenwave::drivers::kubernetes {

namespace {

/// Bounds the memory of what is sent, and how long a sync goes without asking whether it shall stop.
constexpr std::size_t most_steps = 120;

bool removes(const plan::Step& step) {
  return step.verb == plan::Verb::remove;
}

int rank_of_step(const plan::Step& step) {
  return step.desired != nullptr ? step.desired->footprint.rank : step.entry->rank;
}

}  // namespace

KubernetesDriver::KubernetesDriver(const config::Kubernetes& settings, const std::string& device,
                                   const std::string& key, const std::atomic<bool>& stop,
                                   std::function<void()> while_waiting)
    : while_waiting_(while_waiting ? std::move(while_waiting) : [] {}),
      server_(settings, device, key, stop, while_waiting_),
      listings_(server_),
      preview_(server_) {}

bool KubernetesDriver::serves(const ObjectId& id) const {
  return group_of(id.api_version) != group_of(own_api);
}

plan::Footprint KubernetesDriver::footprint(const Manifest& manifest, Problems& problems) const {
  const auto& id = manifest.id;
  const auto namespace_ = server_.namespace_of(id);
  check_scope(server_.config, manifest, namespace_, problems);
  check_annotations(manifest, problems);
  plan::Footprint footprint;
  footprint.rank = rank_of(id);
  footprint.claims.push_back(
      fmt::format("object:{}/{}/{}", kind_and_group(id.api_version, id.kind), namespace_, id.name));
  footprint.sensitive = manifest.sensitive || is_secret(id);
  footprint.watch = watch_of(id);
  return footprint;
}

void KubernetesDriver::begin(const Pass& pass) {
  pass_ = pass;
  listings_.forget();
  preview_.forget();
  trouble_.reset();
  server_.away.reset();
  try {
    server_.api.refresh();
  } catch (const Error& error) {
    trouble_ = error;
  }
}

template <typename Look>
void KubernetesDriver::looking(const Look& look) {
  if (trouble_) return;
  try {
    look();
    if (server_.away) trouble_ = server_.away;
  } catch (const Error& error) {
    if (error.fault() == Fault::damaged) throw;
    trouble_ = error;
  }
}

void KubernetesDriver::foresee_drift(std::span<const Entry* const> entries) {
  std::vector<Target> targets;
  for (const auto* entry : entries) {
    const auto record = record_from(entry->record);
    if (!record.resource.plural.empty()) targets.push_back(Server::target_of(entry->id, record));
  }
  looking([&] { listings_.look(targets); });
}

std::optional<std::string> KubernetesDriver::drift(const Entry& entry,
                                                   std::optional<std::vector<FileSignature>>&) {
  if (trouble_) throw *trouble_;
  const auto record = record_from(entry.record);
  if (record.resource.plural.empty()) return {};
  const auto* seen = listings_.find(Server::target_of(entry.id, record));
  if (seen == nullptr) return "it is gone, or no longer carries the device's label";
  if (seen->deleting) return {};  // when it is gone it comes anew
  if (seen->uid != record.uid) return "others made it anew";
  if (seen->version == record.version || seen->fields == record.fields) return {};
  return fmt::format("changed by {}", seen->last_manager.empty() ? "somebody" : seen->last_manager);
}

void KubernetesDriver::foresee_compare(std::span<const Candidate> candidates) {
  looking([&] { preview_.look(candidates, pass_); });
}

plan::Difference KubernetesDriver::compare(const plan::Desired& desired, const Entry*, const SourceTree&) {
  if (trouble_) throw *trouble_;
  auto difference = preview_.take(desired.manifest.id);
  if (!difference)
    throw Error(Fault::internal, fmt::format("{} was not looked at", to_string(desired.manifest.id)));
  return std::move(*difference);
}

void KubernetesDriver::apply(std::span<const plan::Step* const> steps, const SourceTree&,
                             const Report& report, const std::function<bool()>& stop) {
  Applying applying(server_, while_waiting_);
  for (std::size_t begin = 0; begin < steps.size() && !stop();) {
    auto end = begin + 1;
    while (end < steps.size() && end - begin < most_steps && removes(*steps[end]) == removes(*steps[begin]) &&
           rank_of_step(*steps[end]) == rank_of_step(*steps[begin])) {
      ++end;
    }
    const auto group = steps.subspan(begin, end - begin);
    begin = end;
    if (trouble_) {
      for (const auto* step : group) {
        Outcome outcome;
        outcome.error = trouble_->what();
        report(*step, std::move(outcome));
      }
    } else if (removes(*group.front())) {
      remove(server_, group, report);
    } else {
      applying.run(group, report);
    }
    if (server_.away) trouble_ = server_.away;
  }
}

std::vector<Health> KubernetesDriver::health(std::span<const Entry* const> entries, Duration patience) {
  return inspect(server_, entries, patience);
}

std::optional<std::string> KubernetesDriver::away() const {
  if (trouble_) return trouble_->what();
  if (server_.away) return server_.away->what();
  return {};
}

}  // namespace greenwave::drivers::kubernetes
