#pragma once

#include <string>
#include <vector>

namespace greenwave {

/// From now on, freed heap stays with the process until give_back_memory(). A sync frees and allocates the
/// same megabytes many times, and returning them to the system each time costs page faults. Call before the
/// first thread starts.
void keep_freed_memory();

/// Shrinks an idle process: returns free heap to the system, and unmaps the pages of program text and
/// constants (its own and its libraries'), which fault in from the page cache at their next use. These
/// pages are clean, so nothing is written. A small device can then use the memory at once instead of
/// reclaiming it under pressure. Takes about a millisecond, as does faulting the pages in again. Any
/// thread.
void give_back_memory();

/// Protects the memory of a process that handles secrets, until it exits. Call it before the first secret is
/// read; calling it again does nothing. Any thread.
///
/// - All heap memory is overwritten when it is freed. A secret passes through many strings (the cipher's
/// output, a parsed value, a manifest, a file's content), and every string that grows or is moved from leaves
/// a copy behind. Wiping only the known strings misses those copies, and exceptions skip it.
/// - give_back_memory() overwrites the dead part of the stack.
/// - Pages are locked: they are never swapped out.
/// - No core is dumped, and no other process of the same user can read the memory.
///
/// The cost is a pass over every freed block (a few percent of a render), and idle heap that memory pressure
/// cannot reclaim. Returns what could not be done, in words for people.
std::vector<std::string> guard_memory();

}  // namespace greenwave
