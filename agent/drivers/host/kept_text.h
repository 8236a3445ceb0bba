#pragma once

#include <string>
#include <vector>

#include "drivers/host/file_record.h"
#include "drivers/host/unit_record.h"

namespace greenwave::drivers::host {

/// What is kept of what the device had before an object, a line each, for people. Empty: the device had
/// nothing.
std::vector<std::string> describe_kept(const Host& host, const Entry& entry);
/// The same of a unit: its files, and what systemd said of it.
std::vector<std::string> describe_kept(const Host& host, const UnitRecord& record);

/// What removing the object gives back, a line each; empty: nothing.
std::string gives_back(const FileRecord& record);
std::string gives_back(const UnitRecord& record);

}  // namespace greenwave::drivers::host
