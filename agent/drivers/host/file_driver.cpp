#include "drivers/host/file_driver.h"

#include "drivers/host/directory_object.h"
#include "drivers/host/file_apply.h"
#include "drivers/host/file_object.h"
#include "drivers/host/host_session.h"

namespace greenwave::drivers::host {

namespace {

class FileComparison : public Comparison {
 public:
  FileComparison(const Host& host, Owners& owners, const LookOptions& options, const SourceTree& tree)
      : host_(host), owners_(owners), options_(options), tree_(tree) {}

  plan::Difference difference(const Candidate& candidate) override {
    const auto& [desired, entry] = candidate;
    if (desired->manifest.id.kind == "Directory") {
      return compare_directory(host_, owners_, *desired, entry, tree_, options_.distrust);
    }
    if (!parents_) parents_.emplace(host_, true);
    return compare_file(*parents_, owners_, *desired, entry, tree_, options_);
  }

  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override {
    parents_.reset();
    FileApply work(host_, owners_, tree_, report, steps, options_.distrust);
    for (const auto* step : steps) {
      if (stop()) break;
      work.add(*step);
    }
    work.flush();
  }

 private:
  const Host& host_;
  Owners& owners_;
  const LookOptions options_;
  const SourceTree& tree_;
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
    return std::make_unique<FileComparison>(host_, owners_, options_, render.tree);
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
