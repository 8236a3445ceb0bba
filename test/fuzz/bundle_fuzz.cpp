// A bundle that someone carried to the device: its header, and its pack into a store.

#include <atomic>

#include <sys/mman.h>

#include "base/file.h"
#include "fuzz/loose_pack.h"
#include "fuzz/scratch_store.h"
#include "git/bundle.h"

using namespace greenwave;

namespace {

const std::atomic<bool> never{false};

std::shared_ptr<const git::BundleFile> file_of(std::string_view bytes) {
  Fd fd(::memfd_create("bundle", MFD_CLOEXEC));
  write_all(fd.get(), bytes, "bundle");
  return std::make_shared<const git::BundleFile>(git::BundleFile{std::move(fd), "bundle"});
}

/// How long the header is; zero where it cannot be read.
std::size_t header_size(std::string_view bytes) {
  try {
    return git::parse_bundle_header(bytes).size;
  } catch (const Error&) {
    return 0;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto header = header_size(bytes);
  if (header > size) std::abort();
  if (header == 0) return 0;
  fuzz::ScratchStore scratch;
  try {
    git::Bundle bundle(file_of(bytes), config::Repository{}, never, fuzz::limits);
    const auto commit = bundle.poll();
    bundle.fetch(commit, scratch.store(), [](const SourceTree& tree) { fuzz::read_tree(tree); });
    if (!scratch.store().has(commit)) std::abort();
    fuzz::read_objects(scratch.store());
  } catch (const Error&) {
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  fuzz::Random random(seed);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto end = header_size(bytes);
  fuzz::LoosePack pack(bytes.substr(end));
  if (pack.empty() || random() % 16 == 0) return LLVMFuzzerMutate(data, size, most);
  std::string header(bytes.substr(0, end));
  if (random() % 4 == 0) header = fuzz::mutated(std::move(header));
  for (const auto& [from, to] : pack.mutate(random)) fuzz::replace_all(header, from, to);
  return fuzz::hand_back(header + pack.write(), data, most);
}
