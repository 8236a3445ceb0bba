#include "git/bundle_reader.h"

#include <algorithm>
#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "git/evp.h"
#include "git/pack_sink.h"

namespace greenwave::git {

namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t checksum_bytes = 20;

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

class Reader : public BundleReader {
 public:
  Reader(const BundleFile& file, const std::atomic<bool>& stop) : file_(file), stop_(stop) {
    struct stat about {};
    if (::fstat(file_.fd.get(), &about) != 0) throw system_error("open", file_.name);
    size_ = static_cast<std::uint64_t>(about.st_size);
  }

  BundleHeader header() override;
  void unpack(Landing& landing) override;
  std::uint64_t bytes_read() const override { return read_; }

 private:
  void require_whole() const;

  const BundleFile& file_;
  const std::atomic<bool>& stop_;
  std::uint64_t size_ = 0;
  std::uint64_t pack_at_ = 0;
  std::uint64_t read_ = 0;
};

BundleHeader Reader::header() {
  std::string start;
  read_range(file_, 0, std::min<std::uint64_t>(size_, most_bundle_header),
             [&](std::string_view bytes) { start += bytes; });
  auto header = parse_bundle_header(start);
  pack_at_ = header.size;
  return header;
}

void Reader::unpack(Landing& landing) {
  require_whole();
  PackSink sink(landing);
  read_range(file_, pack_at_, size_, [&](std::string_view bytes) {
    if (progress_ != nullptr) progress_->receive(bytes.size());
    sink.append(bytes);
    read_ += bytes.size();
  });
  sink.finish();
}

/// A pack ends with the SHA-1 of everything before it. This detects read errors and truncated copies before
/// the store is touched.
void Reader::require_whole() const {
  const auto damaged = [&] {
    return Error(Fault::invalid, fmt::format("{} is damaged: its checksum is wrong", file_.name),
                 "copy it again");
  };
  if (size_ < pack_at_ + checksum_bytes) throw damaged();
  const DigestContext context(EVP_MD_CTX_new());
  bool good = context != nullptr && EVP_DigestInit_ex(context.get(), EVP_sha1(), nullptr) == 1;
  read_range(file_, pack_at_, size_ - checksum_bytes, [&](std::string_view bytes) {
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
  read_range(file_, size_ - checksum_bytes, size_, [&](std::string_view bytes) { written += bytes; });
  if (written != computed) throw damaged();
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

std::unique_ptr<BundleReader> read_here(const BundleFile& file, const std::atomic<bool>& stop) {
  return std::make_unique<Reader>(file, stop);
}

}  // namespace greenwave::git
