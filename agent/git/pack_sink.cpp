#include "git/pack_sink.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/text.h"
#include "git/library.h"

namespace greenwave::git {

PackSink::PackSink(Landing& landing)
    : landing_(landing),
      before_(landing.fetched),
      budget_(landing.limits.work, landing.fetched.spent, landing.stop) {
  if (git_odb_write_pack(Out(pack_), landing_.packs, on_progress, this) < 0) {
    throw failure(Fault::damaged, "write to the store", damaged_store_remedy);
  }
}

PackSink::~PackSink() = default;

void PackSink::count() {
  landing_.fetched = {before_.bytes + bytes_, before_.objects + progress_.total_objects, budget_.spent()};
}

void PackSink::append(std::string_view bytes) {
  if (landing_.stop) throw stopped();
  const auto& limits = landing_.limits;
  bytes_ += bytes.size();
  count();
  if (landing_.fetched.bytes > limits.bytes) {
    throw Unusable(Fault::transient,
                   fmt::format("the server sends more than {} in one fetch", bytes_in_words(limits.bytes)),
                   "keep large files out of the repository");
  }
  {
    const WorkBudget::Use use(budget_);
    if (pack_->append(pack_.get(), bytes.data(), bytes.size(), &progress_) < 0) fail();
  }
  count();
  const auto announced = landing_.fetched.objects;
  if (landing_.progress != nullptr) {
    landing_.progress->count(before_.objects + progress_.received_objects, announced);
  }
  if (announced > limits.objects) {
    throw Unusable(
        Fault::transient,
        fmt::format("the server sends {} objects, more than {} in one fetch", announced, limits.objects),
        "a device's repository should be much smaller");
  }
}

void PackSink::finish() {
  {
    const WorkBudget::Use use(budget_);
    if (pack_->commit(pack_.get(), &progress_) < 0) fail();
  }
  count();
}

int PackSink::on_progress(const git_indexer_progress*, void* sink) {
  auto& self = *static_cast<PackSink*>(sink);
  if (self.landing_.progress != nullptr) self.landing_.progress->work();
  return self.budget_.lasts() ? 0 : GIT_EUSER;
}

void PackSink::fail() const {
  if (landing_.stop) throw stopped();
  if (const auto overrun = budget_.overrun()) {
    throw Unusable(Fault::transient, *overrun, "keep large files out of the repository");
  }
  throw failure(Fault::transient, "store the server's pack", "the next sync fetches it again");
}

Error stopped() {
  return Error(Fault::transient, "the transfer was stopped");
}

}  // namespace greenwave::git
