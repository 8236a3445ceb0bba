#include "base/memory.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <elf.h>
#include <link.h>
#include <linux/capability.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace greenwave {

namespace {

/// Pages of text that the dynamic linker has written to differ from the file.
bool has_changed_text(const dl_phdr_info& object) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const auto& segment = object.dlpi_phdr[i];
    if (segment.p_type != PT_DYNAMIC) continue;
    for (auto* tag = reinterpret_cast<const ElfW(Dyn)*>(object.dlpi_addr + segment.p_vaddr);
         tag->d_tag != DT_NULL; ++tag) {
      if (tag->d_tag == DT_TEXTREL || (tag->d_tag == DT_FLAGS && (tag->d_un.d_val & DF_TEXTREL) != 0)) {
        return true;
      }
    }
  }
  return false;
}

int unmap_read_only(dl_phdr_info* object, std::size_t, void*) {
  if (has_changed_text(*object)) return 0;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const auto begin = (object->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const auto end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // Locked pages are not unmapped. Where the kernel refuses (as for its own vdso), the pages stay.
    ::munlock(reinterpret_cast<void*>(begin), end - begin);
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

std::atomic<bool> guarded = false;

bool is_limited_to(int resource, rlim_t most) {
  struct rlimit limit {};
  return ::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 && limit.rlim_cur == most &&
         limit.rlim_max == most;
}

/// With a limit, mappings would start to fail once it is reached. A process with the capability has no limit.
bool locks_without_limit() {
  const struct rlimit unlimited { RLIM_INFINITY, RLIM_INFINITY };
  if (is_limited_to(RLIMIT_MEMLOCK, RLIM_INFINITY) || ::setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0)
    return true;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
  return ::syscall(SYS_capget, &header, data) == 0 && (data[0].effective & 1U << CAP_IPC_LOCK) != 0;
}

bool forbid_core_dumps() {
  const struct rlimit no_core { 0, 0 };
  return ::prctl(PR_SET_DUMPABLE, 0) == 0 &&
         (is_limited_to(RLIMIT_CORE, 0) || ::setrlimit(RLIMIT_CORE, &no_core) == 0);
}

bool lock_pages() {
  return locks_without_limit() && ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

/// Clears what functions that have returned left on this thread's stack: buffers, and strings too short for
/// the heap.
[[gnu::noinline]] void wipe_dead_stack() {
  char dead[256 * 1024];
  ::explicit_bzero(dead, sizeof dead);
}

void free_wiped(void* block) noexcept {
  if (block != nullptr && guarded.load(std::memory_order_relaxed)) {
    ::explicit_bzero(block, ::malloc_usable_size(block));
  }
  std::free(block);
}

}  // namespace

void keep_freed_memory() {
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
  ::mallopt(M_TOP_PAD, 1 << 20);
}

void give_back_memory() {
  const bool locked = guarded.load();
  // Between two syncs nothing in the heap has to be locked, and only unlocked free pages can be returned.
  if (locked) {
    wipe_dead_stack();
    ::munlockall();
  }
  ::malloc_trim(0);
  ::dl_iterate_phdr(unmap_read_only, nullptr);
  if (locked) lock_pages();
}

std::vector<std::string> guard_memory() {
  if (guarded.exchange(true)) return {};
  std::vector<std::string> undone;
  ::mallopt(M_PERTURB, 0xA5);  // wipes what C libraries free, except small blocks that are reused at once
  if (!forbid_core_dumps()) {
    undone.emplace_back("core dumps cannot be switched off");
  }
  if (!lock_pages()) {
    undone.emplace_back(
        "memory that holds secrets may be swapped out: set LimitMEMLOCK=infinity in the unit");
  }
  return undone;
}

}  // namespace greenwave

// Replaces the program's operators new and delete (C++17, [new.delete]), which all containers use. All forms
// except those for over-aligned types are replaced, so that no block allocated by one allocator is freed by
// another.
void* operator new(std::size_t size) {
  while (true) {
    if (void* block = std::malloc(std::max<std::size_t>(size, 1))) return block;
    const auto handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void operator delete(void* block) noexcept {
  greenwave::free_wiped(block);
}

void operator delete(void* block, std::size_t) noexcept {
  greenwave::free_wiped(block);
}

void* operator new[](std::size_t size) {
  return ::operator new(size);
}

void operator delete[](void* block) noexcept {
  greenwave::free_wiped(block);
}

void operator delete[](void* block, std::size_t) noexcept {
  greenwave::free_wiped(block);
}

void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(std::max<std::size_t>(size, 1));
}

void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return std::malloc(std::max<std::size_t>(size, 1));
}

void operator delete(void* block, const std::nothrow_t&) noexcept {
  greenwave::free_wiped(block);
}

void operator delete[](void* block, const std::nothrow_t&) noexcept {
  greenwave::free_wiped(block);
}
