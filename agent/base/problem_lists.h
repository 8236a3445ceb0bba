#pragma once

#include "base/problem.h"

namespace greenwave {

/// The problems of one file in the order of their places in it.
Problems in_file_order(const Problems& problems);

/// Each one once: what is read for several reasons is wrong only once. The order stays.
Problems without_repeats(const Problems& problems);

}  // namespace greenwave
