#include "git/confined/quarantine.h"

#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "git/pack_sink.h"

namespace greenwave::git::confined {

namespace fs = std::filesystem;

Quarantine::Quarantine(fs::path directory) : directory_(std::move(directory)) {
  if (!fs::is_directory(directory_)) make_directories(directory_, 0700);
  opened_ = Fd(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!opened_) throw system_error("open", directory_.native());
  empty();
}

void Quarantine::empty() const {
  std::error_code error;
  for (fs::directory_iterator item(directory_, error), end; !error && item != end; item.increment(error)) {
    std::error_code ignored;
    fs::remove_all(item->path(), ignored);
  }
}

void Quarantine::require_at_most(std::uint64_t most) const {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator item(directory_, error), end; !error && item != end;
       item.increment(error)) {
    std::error_code gone;
    if (!item->is_regular_file(gone)) continue;
    const auto size = item->file_size(gone);
    if (!gone) bytes += size;  // else it has just been removed, and the number says nothing
  }
  if (bytes <= most) return;
  throw Unusable(Fault::transient, fmt::format("the fetcher writes more than {}", bytes_in_words(most)),
                 "keep large files out of the repository");
}

}  // namespace greenwave::git::confined
