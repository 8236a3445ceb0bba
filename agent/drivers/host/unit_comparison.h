#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

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
  void finish() override;

 private:
  struct Found;
  struct Named {
    const plan::Desired* object;
    std::string primary;
    std::string name;
  };

  void refuse_second(const plan::Desired& desired, const std::string& unit);
  UnitRecord known_of(const Candidate& candidate, const UnitSpec& spec);
  void note_files(const ObjectId& id, Parents& parents, const UnitSpec& spec, const UnitRecord& known,
                  bool repairs, UnitRecord& record);
  void compare_files(Parents& parents, const UnitSpec& spec, const UnitRecord& record, Found& found);
  void compare_state(const UnitSpec& spec, const std::string& unit, const UnitRecord& record, bool applied,
                     Found& found);
  void compare_definition(const UnitSpec& spec, UnitRecord& record, Found& found);
  bool changes_names(const UnitSpec& spec, const UnitRecord& record);
  void compare_links(const UnitSpec& spec, const std::string& unit, const UnitRecord& record,
                     UnitRecord& intent, Found& found);
  UnitRecord intended(const UnitSpec& spec, const std::string& unit, const UnitRecord& known,
                      bool files_differ);
  std::optional<UnitRecord> record_of(const std::string& unit);
  UnitRecord moving(const UnitSpec& spec, const std::string& unit, const UnitRecord& known);
  std::optional<UnitRecord::Before> before(const UnitSpec& spec, const std::string& unit);
  plan::Disruption disruption(const UnitSpec& spec, const UnitRecord& record, bool renamed);

  Units& units_;
  const Render render_;
  std::optional<std::vector<Named>> named_;
};

}  // namespace greenwave::drivers::host
