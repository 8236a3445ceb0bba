#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "drivers/driver.h"
#include "drivers/host/confined.h"
#include "drivers/host/kept.h"
#include "drivers/host/unit_record.h"
#include "drivers/host/unit_spec.h"
#include "drivers/host/units.h"

namespace greenwave::drivers::host {

/// The steps of one apply() together: all files are written first, then systemd reads them once, then the
/// jobs run in the order of the steps, and a moment later the jobs' results are checked once more.
class UnitBatch {
 public:
  /// `render` must outlive it.
  UnitBatch(Units& units, const Render& render)
      : units_(units),
        host_(units.host),
        jobs_(units.runs_systemd ? &units.jobs : nullptr),
        render_(render),
        parents_(units.host),
        kept_(units.host) {}

  void run(std::span<const plan::Step* const> steps, const ReportStep& report,
           const std::function<bool()>& stop);

 private:
  struct Work {
    const plan::Step* step = nullptr;
    UnitSpec spec;      ///< empty for a step that applies no manifest
    UnitRecord before;  ///< as in the inventory
    UnitRecord record;  ///< as it will be
    /// For an object that moves to another unit: its old unit, with the files of both, until that is given
    /// up.
    std::optional<UnitRecord> former;
    std::vector<FileSignature> files;
    bool renamed = false;  ///< it was another unit's before
    bool rewritten = false;
    bool stale = false;  ///< it still runs with the files before an earlier change
    bool started = false;
    bool owes = false;               ///< a restart that had to wait
    std::optional<Duration> within;  ///< see Occasion
    std::optional<Error> error;

    bool writes() const;
    bool lets_go() const { return step->verb == plan::Verb::remove; }
  };

  Work begin(const plan::Step& step);
  void write(std::vector<Work>& works);
  void reload(std::vector<Work>& works);
  void write_files(std::vector<Work>& works);
  void set_aside(Work& work, const std::string& path);
  void take_back(const ObjectId& id, const UnitRecord& record, const std::string& path);
  void remove_surplus(Work& work);
  void link(Work& work);
  void put_link(const std::string& path, const std::string& target);
  void remove(const ObjectId& id, const std::string& path);
  void remove_files(const ObjectId& id, const UnitRecord& record);
  void let_go(const ObjectId& id, const UnitRecord& record);
  void leave_former(Work& work);
  void settle(Work& work, const std::function<bool()>& stop);
  bool is_others(const ObjectId& id, const std::string& unit);
  bool is_redefined(const Work& work);
  void check(Work& work);
  void finish(std::vector<Work>& works, const ReportStep& report);
  StepResult result_of(Work& work) const;
  void sign(Work& work);

  Units& units_;
  const Host& host_;
  UnitJobs* jobs_;  ///< null if systemd does not run: units are then enabled by links, and not started
  const Render& render_;
  Parents parents_;
  Kept kept_;
  DirectorySync removed_;
};

}  // namespace greenwave::drivers::host
