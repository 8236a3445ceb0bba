#include "git/store_landing.h"

#include "base/error.h"
#include "git/library.h"

namespace greenwave::git {

namespace {

Odb objects_of(const Store& store) {
  Odb odb;
  if (git_repository_odb(Out(odb), store.raw()) < 0) {
    throw failure(Fault::damaged, "write to the store", damaged_store_remedy);
  }
  return odb;
}

}  // namespace

StoreLanding::StoreLanding(const Store& store, const std::atomic<bool>& stop, const FetchLimits& limits,
                           FetchProgress* progress)
    : odb_(objects_of(store)),
      landing_{.packs = odb_.get(), .objects = *this, .stop = stop, .limits = limits, .progress = progress} {}

void StoreLanding::expect(std::uint32_t objects) {
  sink_.emplace(landing_);
  writer_.emplace(objects, [this](std::string_view bytes) { sink_->append(bytes); });
}

void StoreLanding::add(git_object_t type, std::string_view content) {
  writer_->add(type, content);
}

void StoreLanding::finish() {
  writer_->finish();
  sink_->finish();
  writer_.reset();
  sink_.reset();
}

}  // namespace greenwave::git
