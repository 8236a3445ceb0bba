#include "drivers/host/file_driver.h"

#include "drivers/host/directory_object.h"
#include "drivers/host/file_apply.h"
#include "drivers/host/file_object.h"
#include "drivers/host/host_session.h"

namespace greenwave::drivers::host {

namespace {

class FileComparison : public Comparison {
 public:
  FileComparison(const Host& host, Owners& owners, const LookOptions& options, const Render& render)
      : host_(host), owners_(owners), options_(options), render_(render) {}

  plan::Difference difference(const Candidate& candidate) override { return compare(candidate, false); }
  plan::Difference succession(const Candidate& candidate) override { return compare(candidate, true); }

  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override {
    parents_.reset();
    FileApply work(host_, owners_, render_, report, options_.distrust);
    for (const auto* step : steps) {
      if (stop()) break;
      work.add(*step);
    }
    work.flush();
  }

 private:
  plan::Difference compare(const Candidate& candidate, bool succeeds) {
    const auto& [desired, entry] = candidate;
    const Others others(render_, desired->manifest.id);
    if (desired->manifest.id.kind == "Directory") {
      return compare_directory(host_, owners_, *desired, entry, render_.tree, options_.distrust, others,
                               succeeds);
    }
    if (!parents_) parents_.emplace(host_, true);
    return compare_file(*parents_, owners_, *desired, entry, render_.tree, options_, others, succeeds);
  }

  const Host& host_;
  Owners& owners_;
  const LookOptions options_;
  const Render render_;
  std::optional<Parents> parents_;  ///< as they were found last, until the device changes
};

class FileSession : public HostSession {
 public:
  FileSession(const Host& host, Owners& owners, const LookOptions& options)
      : host_(host), owners_(owners), options_(options) {}

  Drift drift(const Entry& entry) override {
    if (entry.id.kind == "Directory") return drift_of_directory(host_, entry, options_.distrust);
    return drift_of_file(host_, entry, options_.distrust);
  }

  std::unique_ptr<Comparison> compare(const Render& render, std::span<const Candidate>) override {
    return std::make_unique<FileComparison>(host_, owners_, options_, render);
  }

  std::vector<Health> health(std::span<const Entry* const> entries, Duration) override {
    return std::vector<Health>(entries.size());
  }

 private:
  const Host& host_;
  Owners& owners_;
  const LookOptions options_;
};

}  // namespace

std::unique_ptr<Session> FileDriver::look(const LookOptions& options, std::span<const Entry* const>) {
  return std::make_unique<FileSession>(host_, owners_, options);
}

}  // namespace greenwave::drivers::host
