#include "drivers/host/file_driver.h"

#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include "drivers/host/directory_object.h"
#include "drivers/host/file_apply.h"
#include "drivers/host/file_object.h"
#include "drivers/host/host_session.h"
#include "drivers/host/kept_text.h"
#include "drivers/host/overlaps.h"
#include "drivers/host/removal.h"

namespace greenwave::drivers::host {

namespace {

class FileComparison : public Comparison {
 public:
  FileComparison(const Host& host, Owners& owners, const LookOptions& options, const Render& render,
                 std::span<const Candidate> candidates, Kept& kept, systemd::ReloadDebt* debt)
      : holdings_(render.inventory),
        claimed_(render.desired),
        context_{host, owners, render, options, holdings_, kept, claimed_, {}, {}, Readers(claimed_), debt},
        overlaps_(candidates) {}

  plan::Difference difference(const Candidate& candidate) override { return compare(candidate, false); }
  plan::Difference succession(const Candidate& candidate) override { return compare(candidate, true); }
  void leave_out(std::span<const ObjectId> refused) override { claimed_.leave_out(refused); }

  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override {
    parents_.reset();
    context_.missing.clear();
    FileApply work(context_, report);
    for (const auto* step : steps) {
      if (stop()) break;
      work.add(*step);
    }
    work.flush();
  }

 private:
  plan::Difference compare(const Candidate& candidate, bool succeeds) {
    const auto& [desired, entry] = candidate;
    if (!parents_) parents_.emplace(context_.host, Parents::Purpose::look_at_still);
    if (!succeeds) overlaps_.refuse(context_.holdings, *parents_, candidate);
    if (desired->manifest.id.kind == "Directory") {
      return compare_directory(context_, *desired, entry, succeeds);
    }
    return compare_file(context_, *parents_, *desired, entry, succeeds);
  }

  Holdings holdings_;
  Claimed claimed_;
  FileContext context_;
  Overlaps overlaps_;
  std::optional<Parents> parents_;  ///< as they were found last, until the device changes
};

class FileSession : public HostSession {
 public:
  FileSession(const Host& host, Owners& owners, const LookOptions& options, systemd::ReloadDebt* debt,
              std::span<const Entry* const> entries)
      : host_(host), owners_(owners), options_(options), kept_(host), debt_(debt) {
    for (const auto* entry : entries) {
      if (entry->id.kind != "Directory") continue;
      for (const auto& claim : entry->claims) directories_.emplace(claim, entry->id);
    }
  }

  Drift drift(const Entry& entry) override {
    if (entry.id.kind == "Directory") {
      return drift_of_directory(host_, owners_, entry, options_.distrust, [&](const std::string& path) {
        const auto claim = directories_.find("path:" + path);
        return claim != directories_.end() && claim->second != entry.id;
      });
    }
    return drift_of_file(host_, owners_, entry, options_.distrust);
  }

  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate> candidates) override {
    return std::make_unique<FileComparison>(host_, owners_, options_, render, candidates, kept_, debt_);
  }

  std::vector<Health> health(std::span<const Entry* const> entries, Duration) override {
    return std::vector<Health>(entries.size());
  }

  std::string gives_back(const Entry& entry) const override {
    return host::gives_back(record_from_json(entry.record));
  }

 private:
  const Host& host_;
  Owners& owners_;
  const LookOptions options_;
  Kept kept_;
  systemd::ReloadDebt* const debt_;
  std::unordered_map<std::string, ObjectId> directories_;  ///< of the inventory, by their claims
};

}  // namespace

std::unique_ptr<Session> FileDriver::look(const LookOptions& options, std::span<const Entry* const> entries) {
  return std::make_unique<FileSession>(host_, owners_, options, debt_, entries);
}

Describe FileDriver::describe() const {
  return [host = host_](const Entry& entry) {
    if (entry.id.api_version != own_api || (entry.id.kind != "File" && entry.id.kind != "Directory")) {
      return nlohmann::json::object();
    }
    return nlohmann::json{{"kept", describe_kept(host, entry)}};
  };
}

}  // namespace greenwave::drivers::host
