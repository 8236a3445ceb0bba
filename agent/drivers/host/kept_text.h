#pragma once

#include <string>
#include <vector>

#include "drivers/host/file_record.h"

namespace greenwave::drivers::host {

/// What is kept of what the device had before an object, a line each, for people. Empty: the device had
/// nothing.
std::vector<std::string> describe_kept(const Host& host, const Entry& entry);

/// What removing the object gives back, a line each; empty: nothing.
std::string gives_back(const FileRecord& record);

}  // namespace greenwave::drivers::host
