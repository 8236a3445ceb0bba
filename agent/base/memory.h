#pragma once

#include <string>
#include <vector>

namespace greenwave {

/// From now on, freed heap stays with the process until give_back_memory(): a sync frees and takes the same
/// megabytes again and again, and each time that they go to the system and come back costs page faults. Call
/// it before the first thread begins.
void keep_freed_memory();

/// Makes an idle process small: returns free heap to the system, and unmaps the pages of program text and
/// constants (its own and its libraries'), which fault in again from the page cache when they are next used.
/// They are clean, so nothing is written; what is gained is that a small device can use the memory at once
/// rather than having to find out under pressure that nobody needs these pages. Takes about a millisecond,
/// and so does their return. Any thread.
void give_back_memory();

/// Keeps what the process holds to itself, from now to its end: for one that handles secrets. Call it before
/// the first; calling it again does nothing. Any thread.
///
/// - Heap is overwritten when it is freed, all of it. A secret passes through many strings (the cipher's
///   output, a parsed value, a manifest, a file's content), and every string that grows or is moved from
///   leaves a copy behind: wiping the ones that one thinks of misses the rest, and exceptions skip it.
/// - The dead part of the stack is overwritten by give_back_memory().
/// - Pages stay out of the swap.
/// - No core is dumped, and no other process of the same user may look inside.
///
/// It costs a pass over every freed block (some percent of a render), and that idle heap is not taken by
/// memory pressure. Returns what could not be done, for people.
std::vector<std::string> guard_memory();

}  // namespace greenwave
