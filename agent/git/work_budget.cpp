#include "git/work_budget.h"

#include <cstdlib>
#include <cstring>
#include <ctime>

#include <fmt/format.h>
#include <git2.h>
#include <git2/sys/alloc.h>
#include <malloc.h>

#include "base/text.h"

namespace greenwave::git {

namespace {

constexpr std::uint64_t between_looks = 1 << 20;  ///< bytes unpacked between two looks at the clock

thread_local WorkBudget* in_use = nullptr;

std::chrono::nanoseconds cpu_time_of_thread() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

bool is_granted(std::size_t size) {
  return in_use == nullptr || in_use->grant(size) || in_use->spare(size);
}

void* held(void* memory) {
  if (in_use != nullptr && memory != nullptr) in_use->hold(::malloc_usable_size(memory));
  return memory;
}

/// The bytes of `count` elements; none when there are more than a number can tell.
std::optional<std::size_t> product(std::size_t count, std::size_t size) {
  std::size_t bytes = 0;
  if (__builtin_mul_overflow(count, size, &bytes)) return {};
  return bytes;
}

// git2/sys/alloc.h says what each of these must do.

void* allocate(std::size_t size, const char*, int) {
  return is_granted(size) ? held(std::malloc(size)) : nullptr;
}

void* allocate_array(std::size_t count, std::size_t size, const char* file, int line) {
  const auto bytes = product(count, size);
  return bytes ? allocate(*bytes, file, line) : nullptr;
}

void* allocate_zeroed(std::size_t count, std::size_t size, const char*, int) {
  const auto bytes = product(count, size);
  return bytes && is_granted(*bytes) ? held(std::calloc(count, size)) : nullptr;
}

void release(void* memory) {
  if (in_use != nullptr && memory != nullptr) in_use->release(::malloc_usable_size(memory));
  std::free(memory);
}

void* resize(void* memory, std::size_t size, const char*, int) {
  const auto before = memory != nullptr ? ::malloc_usable_size(memory) : 0;
  if (size > before && !is_granted(size - before)) return nullptr;
  auto* resized = std::realloc(memory, size);
  if (in_use != nullptr && resized != nullptr) {
    in_use->release(before);
    in_use->hold(::malloc_usable_size(resized));
  }
  return resized;
}

void* resize_array(void* memory, std::size_t count, std::size_t size, const char* file, int line) {
  const auto bytes = product(count, size);
  return bytes ? resize(memory, *bytes, file, line) : nullptr;
}

char* copy(const char* text, std::size_t size, const char* file, int line) {
  auto* copied = static_cast<char*>(allocate(size + 1, file, line));
  if (copied == nullptr) return nullptr;
  std::memcpy(copied, text, size);
  copied[size] = '\0';
  return copied;
}

char* copy_whole(const char* text, const char* file, int line) {
  return copy(text, std::strlen(text), file, line);
}

char* copy_at_most(const char* text, std::size_t size, const char* file, int line) {
  return copy(text, ::strnlen(text, size), file, line);
}

}  // namespace

WorkBudget::WorkBudget(const WorkLimits& limits, const Spent& before, const std::atomic<bool>& stop)
    : limits_(limits), stop_(stop), spent_(before), timed_at_(before.unpacked) {}

WorkBudget::Use::Use(WorkBudget& budget) : budget_(budget) {
  budget_.counted_ = cpu_time_of_thread();
  in_use = &budget_;
}

WorkBudget::Use::~Use() {
  in_use = nullptr;
  budget_.count_time();
}

void WorkBudget::count_time() {
  const auto now = cpu_time_of_thread();
  spent_.cpu += now - counted_;
  counted_ = now;
}

bool WorkBudget::lasts() {
  if (over_ != Over::nothing) return false;
  count_time();
  timed_at_ = spent_.unpacked;
  if (spent_.cpu > limits_.cpu) over_ = Over::cpu;
  if (stop_) over_ = Over::stopped;
  return over_ == Over::nothing;
}

bool WorkBudget::spare(std::size_t bytes) {
  if (bytes > reserve_) return false;
  reserve_ -= bytes;
  return true;
}

bool WorkBudget::grant(std::size_t bytes) {
  if (over_ != Over::nothing) return false;
  if (bytes > limits_.memory ||
      held_ + static_cast<std::int64_t>(bytes) > static_cast<std::int64_t>(limits_.memory)) {
    over_ = Over::memory;
    return false;
  }
  spent_.unpacked += bytes;
  if (spent_.unpacked > limits_.unpacked) over_ = Over::unpacked;
  if (spent_.unpacked - timed_at_ > between_looks) return lasts();
  return over_ == Over::nothing;
}

std::optional<std::string> WorkBudget::overrun() const {
  switch (over_) {
    case Over::nothing:
    case Over::stopped:
      break;
    case Over::memory:
      return fmt::format("unpacking what was fetched takes more than {} of memory",
                         bytes_in_words(limits_.memory));
    case Over::unpacked:
      return fmt::format("what was fetched unpacks to more than {}", bytes_in_words(limits_.unpacked));
    case Over::cpu:
      return fmt::format("unpacking what was fetched takes more than {} of CPU time", to_words(limits_.cpu));
  }
  return {};
}

void install_allocator() {
  git_allocator allocator{};
  allocator.gmalloc = allocate;
  allocator.gcalloc = allocate_zeroed;
  allocator.gstrdup = copy_whole;
  allocator.gstrndup = copy_at_most;
  allocator.gsubstrdup = copy;
  allocator.grealloc = resize;
  allocator.greallocarray = resize_array;
  allocator.gmallocarray = allocate_array;
  allocator.gfree = release;
  git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
}

}  // namespace greenwave::git
