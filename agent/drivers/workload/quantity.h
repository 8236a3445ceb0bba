#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/wide.h"
#include "drivers/workload/pod_field.h"

namespace greenwave::drivers::workload {

/// An amount as Kubernetes writes one ("0.5Gi", "1e3", "100m"), exact to a billionth. As there, what is finer
/// is rounded up, and what is larger than 2^63-1 is that.
class Quantity {
 public:
  /// In whole units of `divisor`, rounded up; `divisor` is positive.
  std::int64_t in_units_of(const Quantity& divisor) const;
  /// In whole units, rounded up.
  std::int64_t whole() const;
  /// In thousandths, rounded up.
  std::int64_t thousandths() const;
  bool is_negative() const { return negative_; }
  bool is_zero() const { return billionths_ == Wide{}; }

  bool operator==(const Quantity&) const = default;
  std::strong_ordering operator<=>(const Quantity& other) const;

 private:
  friend std::optional<Quantity> parse_quantity(std::string_view text);
  std::int64_t rounded_up(Wide divisor) const;

  Wide billionths_;
  bool negative_ = false;  ///< never of zero
};

/// By the grammar of k8s.io/apimachinery's resource.Quantity; nothing for anything else. Pure.
std::optional<Quantity> parse_quantity(std::string_view text);

/// The same of a field, where a number may stand without quotes. Pure.
std::optional<Quantity> quantity_of(const yaml::Node& node);

}  // namespace greenwave::drivers::workload
