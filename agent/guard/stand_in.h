#pragma once

#include <filesystem>

namespace greenwave::guard {

/// While a package changes the agent, and the guard with it, the guard of the agent that runs now stands in:
/// its script is `directory`/run, and a unit of the installed one's name in /etc/systemd/system starts that.
/// Whatever the package brings, also after a power cut, it counts only when the change is decided. A unit
/// that people have put there stays, and counts. Both throw Error.

/// True where systemd is to read its files again.
bool bring_stand_in(const std::filesystem::path& directory);
/// The same. Cheap where there is none.
bool remove_stand_in();

}  // namespace greenwave::guard
