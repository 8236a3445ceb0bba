#include "drivers/host/packages/package_driver.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/listed.h"
#include "drivers/host/host_session.h"
#include "drivers/host/packages/package_comparison.h"
#include "drivers/host/packages/package_record.h"

namespace greenwave::drivers::host {

namespace {

constexpr std::size_t most_broken_named = 5;

class PackageSession : public HostSession {
 public:
  explicit PackageSession(PackageTools& tools) : tools_(tools) {}

  Drift drift(const Entry& entry) override {
    if (!tools_.serves()) return {};
    const auto record = package_record_from(entry.record);
    return {.how = package_drift(record, tools_.status.read().find(record.name))};
  }

  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate>) override {
    return std::make_unique<PackageComparison>(tools_, render);
  }

  /// Of the package alone; what runs of it has HealthChecks and SystemdUnits.
  std::vector<Health> health(std::span<const Entry* const> entries, Duration) override {
    std::vector<Health> found(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (const auto how = drift(*entries[i]).how) found[i] = {Health::State::bad, *how};
    }
    return found;
  }

  std::string gives_back(const Entry& entry) const override {
    const auto record = package_record_from(entry.record);
    const auto& before = record.before;
    if (record.deletes || before.version.empty() || before.version == record.version) return {};
    if (record.version.empty() && record.state != PackageSpec::State::absent) return {};
    return fmt::format("{} {}\n", record.name, in_words(before));
  }

 private:
  PackageTools& tools_;
};

/// "foo (half-configured), …"; empty: dpkg has finished everything.
std::string unfinished(PackageTools& tools) {
  if (!tools.status.is_there()) return {};
  std::vector<std::string> names;
  try {
    for (const auto& package : tools.status.read().packages()) {
      if (package.is_broken()) names.push_back(fmt::format("{} ({})", package.name, package.state));
    }
  } catch (const Error& error) {
    return error.what();
  }
  return listed(names, most_broken_named);
}

}  // namespace

bool PackageTools::serves() {
  if (status.is_there()) return true;
  if (host.is_live()) {
    throw Error(Fault::invalid, "this device has no dpkg, which installs Packages",
                "leave them out of this device's layers");
  }
  left_out = true;
  return false;
}

PackageDriver::PackageDriver(Parts parts)
    : tools_{.host = parts.host,
             .status = dpkg::StatusFile(parts.host.root),
             .debs = {},
             .jobs = PackageJobs(std::move(parts.jobs)),
             .store = PackageStore(std::move(parts.store))} {}

std::unique_ptr<Session> PackageDriver::look(const LookOptions&, std::span<const Entry* const> entries) {
  tools_.jobs.await_earlier();
  broken_ = entries.empty() ? "" : unfinished(tools_);
  return std::make_unique<PackageSession>(tools_);
}

std::vector<std::string> PackageDriver::notes() const {
  std::vector<std::string> notes;
  if (tools_.left_out) {
    notes.push_back(fmt::format("{} has no dpkg: Packages are left out", tools_.host.root.native()));
  }
  if (!broken_.empty()) {
    notes.push_back(fmt::format(
        "dpkg has not finished: {}; the next change of a Package repairs it, or run dpkg --configure -a",
        broken_));
  }
  return notes;
}

}  // namespace greenwave::drivers::host
