#pragma once

namespace greenwave {

/// The version of the programs built from this tree: "0.1.0".
extern const char* const program_version;

}  // namespace greenwave
