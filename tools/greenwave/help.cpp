#include "cli.h"

namespace greenwave::cli {

std::string help_of(const char* particular) {
  return std::string(particular) +
         "\n\nEvery command takes -o json, --no-color, --config, --root and --socket: greenwave --help";
}

}  // namespace greenwave::cli
