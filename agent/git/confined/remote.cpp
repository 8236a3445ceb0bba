#include "git/confined/remote.h"

#include <fmt/format.h>
#include <poll.h>

#include "base/contains.h"
#include "base/error.h"
#include "base/text.h"
#include "git/handle.h"
#include "git/library.h"
#include "git/pack_sink.h"

namespace greenwave::git::confined {

namespace {

/// Of the files in its quarantine: a pack, what completes it, and its index.
constexpr std::uint64_t most_in_quarantine = std::uint64_t{768} << 20;
/// What a fetch may put into the store, unpacked.
constexpr std::uint64_t most_content = std::uint64_t{1} << 30;
constexpr std::size_t most_lacks = 10;

/// The objects of one answer, as they are said to come.
class Incoming {
 public:
  explicit Incoming(Landing* landing) : landing_(landing) {}

  void expect(sandbox::Reader& reader) {
    if (landing_ == nullptr || expects_) throw sandbox::Malformed("objects that nobody asked for");
    const auto count = reader.one<std::uint32_t>();
    reader.finish();
    if (count > landing_->limits.objects) throw sandbox::Malformed("more objects than are allowed");
    expects_ = true;
    left_ = count;
    landing_->objects.expect(count);
  }

  void add(sandbox::Reader& reader) {
    for (auto count = reader.count(); count > 0; --count) {
      if (left_-- == 0) throw sandbox::Malformed("more objects than it announced");
      const auto type = reader.one<std::int32_t>();
      if (type < GIT_OBJECT_COMMIT || type > GIT_OBJECT_TAG) throw sandbox::Malformed("an object of no type");
      const auto content = reader.view();
      bytes_ += content.size();
      if (bytes_ > most_content) throw sandbox::Malformed("more than may be kept");
      landing_->objects.add(static_cast<git_object_t>(type), content);
    }
    reader.finish();
  }

  void finish() {
    if (!expects_) return;
    if (left_ != 0) throw sandbox::Malformed("fewer objects than it announced");
    landing_->objects.finish();
  }

 private:
  Landing* landing_;
  bool expects_ = false;
  std::uint32_t left_ = 0;
  std::uint64_t bytes_ = 0;
};

/// What is said of a failure comes from outside.
Failure printable_of(Failure failure) {
  failure.message = printable(failure.message);
  failure.remedy = printable(failure.remedy);
  return failure;
}

}  // namespace

std::unique_ptr<sandbox::Peer> start_fetcher(sandbox::Channel::Patience patience, int directory) {
  return std::make_unique<sandbox::Child>(sandbox::Role::fetcher, longest_message, std::move(patience),
                                          directory);
}

Remote::Remote(RemoteParts parts, Begin begin, std::vector<Endpoint> endpoints, int bundle)
    : parts_(std::move(parts)),
      begin_(std::move(begin)),
      endpoints_(std::move(endpoints)),
      bundle_(bundle),
      quarantine_(parts_.quarantine) {}

Counters Remote::counters() const {
  auto all = counters_;
  all.bytes_received += received_before_;
  return all;
}

void Remote::end() {
  if (!child_) return;
  child_.reset();
  quarantine_.empty();
  received_before_ += std::exchange(counters_.bytes_received, 0);
}

Error Remote::lost(const Error& error) {
  auto why = child_ ? child_->lost(error) : error;
  end();
  return why;
}

void Remote::start() {
  if (is_running()) return;
  end();
  const sandbox::Channel::Patience patience{
      .silence = parts_.silence, .stop = &parts_.stop, .while_waiting = [this] {
        quarantine_.require_at_most(most_in_quarantine);
      }};
  child_ = parts_.start(patience, quarantine_.descriptor());
  child_->channel().send(sandbox::to_bytes(begin_), bundle_);
  const auto first = child_->channel().receive();
  sandbox::Reader reader(first);
  if (reader.one<Say>() != Say::ready) throw sandbox::Malformed("it is not ready");
  auto lacks = reader.one<std::vector<std::string>>();
  reader.finish();
  if (lacks.size() > most_lacks) throw sandbox::Malformed("a list that is too long");
  for (auto& lack : lacks) lack = printable(lack);
  if (parts_.lacks) parts_.lacks(lacks);
}

std::string Remote::converse(const std::string& message, Landing* landing) {
  struct NoMoreWaiting {
    int& end;
    ~NoMoreWaiting() { end = -1; }
  };
  const NoMoreWaiting after{end_};
  try {
    start();
    child_->channel().send(message);
    return listen(landing);
  } catch (const sandbox::Gone& error) {
    throw lost(error);
  } catch (const sandbox::Malformed& error) {
    throw lost(error);
  } catch (const Error&) {
    // It is in the middle of something, unless it has said so itself.
    if (!is_idle_) end();
    throw;
  }
}

std::string Remote::listen(Landing* landing) {
  is_idle_ = false;
  Incoming incoming(landing);
  for (;;) {
    await();
    const auto message = child_->channel().receive();
    sandbox::Reader reader(message);
    switch (reader.one<Say>()) {
      case Say::ready:
        throw sandbox::Malformed("it is ready again");
      case Say::progress:
        show(reader);
        break;
      case Say::connect:
        connect(reader);
        break;
      case Say::base:
        give_base(reader, landing);
        break;
      case Say::expect:
        incoming.expect(reader);
        break;
      case Say::objects:
        incoming.add(reader);
        break;
      case Say::answer:
        reader.get(counters_);
        incoming.finish();
        is_idle_ = true;
        return std::string(reader.rest());
      case Say::failure: {
        reader.get(counters_);
        const auto failure = reader.one<Failure>();
        reader.finish();
        is_idle_ = true;
        raise(printable_of(failure));
      }
    }
  }
}

void Remote::await() {
  if (end_ < 0 || child_->channel().has_more()) return;
  pollfd looks[2] = {{child_->channel().raw(), POLLIN, 0}, {end_, POLLIN, 0}};
  while (::poll(looks, 2, -1) < 0 && errno == EINTR) {
  }
  if (looks[0].revents != 0) return;
  end_ = -1;
  child_->channel().send(sandbox::to_bytes(Ask::end_hold));
}

void Remote::show(sandbox::Reader& reader) {
  const auto progress = reader.one<Progress>();
  reader.finish();
  if (progress_ == nullptr) return;
  progress_->receive(progress.bytes);
  progress_->count(progress.objects, progress.announced);
  progress_->work();
}

void Remote::connect(sandbox::Reader& reader) {
  const Endpoint wanted{.host = reader.one<std::string>(), .port = reader.one<std::uint32_t>()};
  reader.finish();
  if (!contains(endpoints_, wanted)) throw sandbox::Malformed("it wants to be connected elsewhere");
  std::optional<Failure> failure;
  Fd socket;
  try {
    socket = connect_to_repository(wanted.host, wanted.port, parts_.stop);
  } catch (const Error& error) {
    failure = failure_of(error);
  }
  child_->channel().send(sandbox::to_bytes(failure), socket.get());
}

/// From the store: whoever knows an object's name may have it.
void Remote::give_base(sandbox::Reader& reader, Landing* landing) {
  const auto oid = to_oid(reader.one<std::string>());
  reader.finish();
  Base base;
  OdbObject object;
  if (landing != nullptr && git_odb_read(Out(object), landing->packs, &oid) == 0) {
    base.is_there = true;
    base.type = git_odb_object_type(object.get());
    base.content.assign(static_cast<const char*>(git_odb_object_data(object.get())),
                        git_odb_object_size(object.get()));
  }
  child_->channel().send(sandbox::to_bytes(base));
}

}  // namespace greenwave::git::confined
