#include "git/pack_sink.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/library.h"

namespace greenwave::git {

PackSink::PackSink(Store& store, const std::atomic<bool>& stop, const FetchLimits& limits,
                   const Fetched& before, FetchProgress* progress)
    : stop_(stop),
      limits_(limits),
      before_(before),
      shown_(progress),
      budget_(limits.work, before.spent, stop) {
  const auto unwritable = [] { return failure(Fault::damaged, "write to the store", damaged_store_remedy); };
  if (git_repository_odb(Out(odb_), store.raw()) < 0) throw unwritable();
  if (git_odb_write_pack(Out(pack_), odb_.get(), on_progress, this) < 0) throw unwritable();
}

void PackSink::append(std::string_view bytes) {
  if (stop_) throw stopped();
  bytes_ += bytes.size();
  if (fetched().bytes > limits_.bytes) {
    throw Unusable(Fault::transient,
                   fmt::format("the server sends more than {} in one fetch", bytes_in_words(limits_.bytes)),
                   "keep large files out of the repository");
  }
  {
    const WorkBudget::Use use(budget_);
    if (pack_->append(pack_.get(), bytes.data(), bytes.size(), &progress_) < 0) fail();
  }
  if (shown_ != nullptr) shown_->count(before_.objects + progress_.received_objects, fetched().objects);
  if (fetched().objects > limits_.objects) {
    throw Unusable(Fault::transient,
                   fmt::format("the server sends {} objects, more than {} in one fetch", fetched().objects,
                               limits_.objects),
                   "a device's repository should be much smaller");
  }
}

void PackSink::finish() {
  const WorkBudget::Use use(budget_);
  if (pack_->commit(pack_.get(), &progress_) < 0) fail();
}

int PackSink::on_progress(const git_indexer_progress*, void* sink) {
  auto& self = *static_cast<PackSink*>(sink);
  if (self.shown_ != nullptr) self.shown_->work();
  return self.budget_.lasts() ? 0 : GIT_EUSER;
}

void PackSink::fail() const {
  if (stop_) throw stopped();
  if (const auto overrun = budget_.overrun()) {
    throw Unusable(Fault::transient, *overrun, "keep large files out of the repository");
  }
  throw failure(Fault::transient, "store the server's pack", "the next sync fetches it again");
}

Error stopped() {
  return Error(Fault::transient, "the transfer was stopped");
}

}  // namespace greenwave::git
