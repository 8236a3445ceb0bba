// A pack, as servers and bundles bring it. Whatever is in it, it ends whole in the store or leaves nothing
// there, within the limits of a fetch, and all that it brought can be read.

#include <atomic>

#include "fuzz/loose_pack.h"
#include "fuzz/scratch_store.h"
#include "git/store_landing.h"

using namespace greenwave;

namespace {

const std::atomic<bool> never{false};

bool take_in(git::Store& store, std::string_view pack) {
  try {
    git::StoreLanding into(store, never, fuzz::limits, nullptr);
    git::PackSink sink(into.landing());
    const auto piece = pack.size() / 3 + 1;
    for (std::size_t at = 0; at < pack.size(); at += piece) sink.append(pack.substr(at, piece));
    sink.finish();
    const auto& fetched = into.landing().fetched;
    if (fetched.objects > fuzz::limits.objects || fetched.spent.unpacked > fuzz::limits.work.unpacked)
      std::abort();
    return true;
  } catch (const Error& error) {
    if (error.fault() != Fault::transient) std::abort();
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::ScratchStore scratch;
  const bool whole = take_in(scratch.store(), {reinterpret_cast<const char*>(data), size});
  if (!whole && !scratch.packs().empty()) std::abort();
  fuzz::read_objects(scratch.store());
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                               unsigned seed) {
  fuzz::Random random(seed);
  fuzz::LoosePack pack({reinterpret_cast<const char*>(data), size});
  if (pack.empty() || random() % 32 == 0) return LLVMFuzzerMutate(data, size, most);
  for (auto left = 1 + random() % 4; left > 0; --left) pack.mutate(random);
  return fuzz::hand_back(pack.write(), data, most);
}

extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* one, std::size_t size_of_one,
                                                 const std::uint8_t* other, std::size_t size_of_other,
                                                 std::uint8_t* out, std::size_t most, unsigned seed) {
  fuzz::Random random(seed);
  fuzz::LoosePack pack({reinterpret_cast<const char*>(one), size_of_one});
  pack.mix(fuzz::LoosePack({reinterpret_cast<const char*>(other), size_of_other}), random);
  return fuzz::hand_back(pack.write(), out, most);
}
