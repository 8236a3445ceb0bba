#include "git/bundle.h"

#include <algorithm>
#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "git/evp.h"
#include "git/library.h"
#include "git/ref_name.h"

namespace greenwave::git {

namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t checksum_bytes = 20;
constexpr std::size_t most_refs = 10;

/// Calls `take` with the bytes from `from` to `to`, piece by piece.
void read_range(const BundleFile& file, std::uint64_t from, std::uint64_t to,
                const std::function<void(std::string_view)>& take) {
  std::string chunk(chunk_bytes, '\0');
  while (from < to) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(chunk.size(), to - from));
    const auto count = ::pread(file.fd.get(), chunk.data(), wanted, static_cast<off_t>(from));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("read", file.name);
    if (count == 0) {
      throw Error(Fault::invalid, fmt::format("{} was truncated while it was being read", file.name),
                  "copy it again");
    }
    take({chunk.data(), static_cast<std::size_t>(count)});
    from += static_cast<std::uint64_t>(count);
  }
}

}  // namespace

std::shared_ptr<const BundleFile> open_bundle(const std::filesystem::path& file) {
  // Non-blocking, so that a pipe of that name can't block the agent.
  Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0) throw system_error("open", file.native());
  if (!S_ISREG(about.st_mode)) {
    throw Error(Fault::invalid, fmt::format("{} is not a file", file.native()),
                "name a file made by git bundle create");
  }
  return std::make_shared<const BundleFile>(BundleFile{std::move(fd), file.native()});
}

Bundle::Bundle(std::shared_ptr<const BundleFile> file, const config::Repository& repository,
               const std::atomic<bool>& stop, const FetchLimits& limits)
    : file_(std::move(file)),
      ref_(full_ref_name(repository.branch)),
      path_(repository.path),
      stop_(stop),
      limits_(limits) {
  follow({ref_});
  struct stat about {};
  if (::fstat(file_->fd.get(), &about) != 0) throw system_error("open", file_->name);
  size_ = static_cast<std::uint64_t>(about.st_size);
  std::string start;
  read_range(*file_, 0, std::min<std::uint64_t>(size_, most_bundle_header),
             [&](std::string_view bytes) { start += bytes; });
  try {
    header_ = parse_bundle_header(start);
  } catch (Error& error) {
    throw error.during("reading " + file_->name);
  }
}

CommitId Bundle::poll() {
  for (const auto& wanted : refs_) {
    for (const auto& [name, commit] : header_.refs) {
      if (name != wanted) continue;
      found_ = name;
      return commit;
    }
  }
  std::vector<std::string> names;
  for (const auto& [name, commit] : header_.refs) {
    if (names.size() < most_refs) names.push_back(printable(name));
  }
  throw Error(Fault::invalid,
              fmt::format("{} has no {}, only: {}", file_->name, ref_,
                          names.empty() ? "nothing" : fmt::format("{}", fmt::join(names, ", "))),
              fmt::format("create it with: git bundle create FILE {}", ref_));
}

void Bundle::fetch(const CommitId& commit, Store& store, const Visit& visit) {
  if (is_there(commit, store, visit)) return;
  require_prerequisites(store);
  require_whole();
  const ShownFetch shown(progress_);
  shown.begin(commit);
  try {
    PackSink sink(store, stop_, limits_, {}, progress_);
    read_range(*file_, header_.size, size_, [&](std::string_view bytes) {
      shown.receive(bytes.size());
      sink.append(bytes);
      received_ += bytes.size();
    });
    sink.finish();
  } catch (Error& error) {
    throw error.during("reading " + file_->name);
  }
  if (is_there(commit, store, visit)) return;
  const auto* what = store.has(commit) ? "all files of commit" : "commit";
  throw Error(Fault::invalid, fmt::format("{} does not hold {} {}", file_->name, what, commit.text()),
              fmt::format("create one without prerequisites: git bundle create FILE {}", ref_));
}

bool Bundle::is_there(const CommitId& commit, const Store& store, const Visit& visit) const {
  if (!store.has(commit)) return false;
  if (!visit) return true;
  Missing missing;
  const auto tree = store.partial_tree(commit, path_, missing);
  try {
    visit(*tree);
  } catch (const Error&) {
    // The render that follows reports errors in the files themselves.
  }
  return missing.empty();
}

void Bundle::require_prerequisites(const Store& store) const {
  for (const auto& commit : header_.prerequisites) {
    if (store.has(commit)) continue;
    throw Error(
        Fault::invalid,
        fmt::format("{} requires commit {}, which this device does not have", file_->name, commit.text()),
        fmt::format("create one without prerequisites: git bundle create FILE {}", ref_));
  }
}

/// A pack ends with the SHA-1 of everything before it. This detects read errors and truncated copies before
/// the store is touched.
void Bundle::require_whole() const {
  const auto damaged = [&] {
    return Error(Fault::invalid, fmt::format("{} is damaged: its checksum is wrong", file_->name),
                 "copy it again");
  };
  if (size_ < header_.size + checksum_bytes) throw damaged();
  const DigestContext context(EVP_MD_CTX_new());
  bool good = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1;
  read_range(*file_, header_.size, size_ - checksum_bytes, [&](std::string_view bytes) {
    if (stop_) throw stopped();
    good = good && EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1;
  });
  std::string computed(EVP_MAX_MD_SIZE, '\0');
  unsigned computed_size = 0;
  good = good && EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(computed.data()),
                                    &computed_size) == 1;
  if (!good) throw Error(Fault::internal, "OpenSSL cannot compute SHA-1");
  computed.resize(computed_size);
  std::string written;
  read_range(*file_, size_ - checksum_bytes, size_, [&](std::string_view bytes) { written += bytes; });
  if (written != computed) throw damaged();
}

}  // namespace greenwave::git
