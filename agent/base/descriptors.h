#pragma once

#include <cstddef>

namespace greenwave {

/// Lets this process open as many descriptors as its hard limit allows; returns how many.
std::size_t raise_descriptor_limit();

}  // namespace greenwave
