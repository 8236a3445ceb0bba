#pragma once

namespace greenwave {

/// Makes an idle process small: returns free heap to the system, and unmaps the pages of program text and
/// constants (its own and its libraries'), which fault in again from the page cache when they are next used.
/// They are clean, so nothing is written; what is gained is that a small device can use the memory at once
/// rather than having to find out under pressure that nobody needs these pages. Takes about a millisecond,
/// and so does their return. Any thread.
void give_back_memory();

}  // namespace greenwave
