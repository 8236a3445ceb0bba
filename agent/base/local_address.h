#pragma once

#include <string>
#include <vector>

namespace greenwave {

/// The addresses by which others reach this machine, at most one of each family: first the one that it sends
/// from by default, else one of an interface that is up. Without those of loopback and links. Sends nothing.
std::vector<std::string> local_addresses();

}  // namespace greenwave
