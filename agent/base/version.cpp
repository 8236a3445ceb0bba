#include "base/version.h"

namespace greenwave {

const char* const program_version = GREENWAVE_VERSION;

}  // namespace greenwave
