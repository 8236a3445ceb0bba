#pragma once

#include <compare>
#include <string_view>

/// What dpkg knows about a device's packages, read and judged without running it.
namespace greenwave::dpkg {

/// Whether it is a version as deb-version(7) has them: [epoch:]upstream[-revision].
bool is_version(std::string_view text);

/// The order of deb-version(7), in which "1.0~rc1" < "1.0" < "1.0-1" < "1:0.1". Pure.
std::strong_ordering compare_versions(std::string_view a, std::string_view b);

/// Whether it may name a package (deb-control(5)).
bool is_package_name(std::string_view text);

}  // namespace greenwave::dpkg
