#pragma once

#include <optional>

#include "drivers/driver.h"
#include "drivers/host/unit_record.h"
#include "drivers/host/unit_spec.h"
#include "drivers/host/units.h"

namespace greenwave::drivers::host {

class UnitComparison : public Comparison {
 public:
  UnitComparison(Units& units, const Render& render) : units_(units), render_(render) {}

  plan::Difference difference(const Candidate& candidate) override;
  plan::Difference succession(const Candidate& candidate) override;
  void apply(std::span<const plan::Step* const> steps, const ReportStep& report,
             const std::function<bool()>& stop) override;

 private:
  struct Found;

  void note_files(Parents& parents, const UnitSpec& spec, const UnitRecord& known, bool repairs,
                  UnitRecord& record);
  void compare_files(Parents& parents, const UnitSpec& spec, const UnitRecord& record, Found& found);
  void compare_state(const UnitSpec& spec, const UnitRecord& record, bool applied, Found& found);
  void compare_links(const UnitSpec& spec, Found& found);
  UnitRecord intended(const UnitSpec& spec, const UnitRecord& known, bool files_differ);
  std::optional<UnitRecord::Before> before(const UnitSpec& spec);
  plan::Disruption disruption(const UnitSpec& spec, bool stale, bool renamed);

  Units& units_;
  const Render render_;
};

}  // namespace greenwave::drivers::host
