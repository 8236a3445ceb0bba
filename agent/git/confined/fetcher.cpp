#include "git/confined/fetcher.h"

#include <cerrno>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "config/url.h"
#include "git/bundle_reader.h"
#include "git/confined/messages.h"
#include "git/confined/unpacked.h"
#include "git/signed_tip.h"
#include "git/store.h"
#include "git/transport.h"
#include "sandbox/channel.h"
#include "sandbox/confine.h"

namespace greenwave::git::confined {

namespace {

using sandbox::Channel;

/// The agent's requests: the longest have a login, and some thousand names of objects.
constexpr std::size_t longest_request = 16 << 20;
constexpr Duration between_reports = std::chrono::milliseconds(200);

/// The certificates that the system trusts, and what the C library and OpenSSL read of their own.
const std::vector<std::string> system_files{"/etc/ssl",
                                            "/usr/lib/ssl",
                                            "/usr/share/ca-certificates",
                                            "/usr/local/share/ca-certificates",
                                            "/etc/pki",
                                            "/dev/urandom",
                                            "/etc/localtime",
                                            "/usr/share/zoneinfo"};

class Fetcher {
 public:
  explicit Fetcher(Channel& channel)
      : channel_(channel),
        progress_(
            clock_, [this] { report(); }, between_reports) {}

  void begin();
  void answer(const std::string& message);
  int kept_connection() const { return upstream_ ? upstream_->kept_connection() : -1; }

 private:
  void open();
  void answer_to(Ask ask, sandbox::Reader& reader, sandbox::Writer& answer);
  bool fetch(sandbox::Reader& reader);
  void unpack(sandbox::Reader& reader);
  Fd connect(const std::string& host, unsigned port);
  void report();
  void fail(const Error& error);
  Counters counters() const;

  Channel& channel_;
  const SystemClock clock_;
  const std::atomic<bool> never_ = false;
  FetchProgress progress_;
  std::uint64_t reported_ = 0;  ///< bytes, of the fetch under way
  Begin begin_;
  Login login_;
  std::unique_ptr<Upstream> upstream_;
  std::optional<BundleFile> bundle_;
  std::unique_ptr<BundleReader> reader_;
};

void Fetcher::begin() {
  begin_ = sandbox::from_bytes<Begin>(channel_.receive());
  open();
  sandbox::Allowed allowed{.role = sandbox::Role::fetcher, .read = system_files, .write = {"."}};
  if (!begin_.address.empty()) {
    const auto url = config::parse_url(begin_.address);
    if (url.scheme == config::Url::Scheme::file) {
      allowed.read = {url.path, tips_beside(url.path).native()};
      allowed.reads_all = true;
    }
  }
  sandbox::Writer ready;
  ready.all(Say::ready, sandbox::confine(allowed));
  channel_.send(ready.bytes());
}

/// Nothing of what it is about is read here.
void Fetcher::open() {
  initialize();
  if (begin_.address.empty()) {
    bundle_ = BundleFile{channel_.take_descriptor(), begin_.bundle};
    reader_ = read_here(*bundle_, never_);
    reader_->show_in(&progress_);
    return;
  }
  upstream_ = make_upstream(
      begin_.address, [this] { return login_; },
      [this](const std::string& host, unsigned port) { return connect(host, port); }, never_);
  upstream_->show_in(&progress_);
}

void Fetcher::answer(const std::string& message) {
  sandbox::Reader reader(message);
  const auto ask = reader.one<Ask>();
  if (ask == Ask::end_hold) return;  // it has ended already
  sandbox::Writer said;
  try {
    sandbox::Writer answer;
    answer_to(ask, reader, answer);
    said.all(Say::answer, counters());
    channel_.send(said.take().append(answer.bytes()));
  } catch (const sandbox::Gone&) {
    throw;
  } catch (const sandbox::Malformed&) {
    throw;
  } catch (const Error& error) {
    fail(error);
  } catch (const std::bad_alloc&) {
    fail(
        {Fault::transient, "there is no memory for what was sent", "keep large files out of the repository"});
  }
}

void Fetcher::fail(const Error& error) {
  sandbox::Writer failed;
  failed.all(Say::failure, counters(), failure_of(error));
  channel_.send(failed.bytes());
}

void Fetcher::answer_to(Ask ask, sandbox::Reader& reader, sandbox::Writer& answer) {
  const bool is_bundle = ask == Ask::header || ask == Ask::unpack;
  if (is_bundle != (reader_ != nullptr)) throw sandbox::Malformed("a question about something else");
  switch (ask) {
    case Ask::poll: {
      auto poll = reader.one<Poll>();
      login_ = std::move(poll.login);
      answer.add(upstream_->poll(poll.refs));
      break;
    }
    case Ask::stated_tip: {
      auto poll = reader.one<Poll>();
      login_ = std::move(poll.login);
      answer.add(upstream_->stated_tip(poll.refs));
      break;
    }
    case Ask::find: {
      auto poll = reader.one<Poll>();
      login_ = std::move(poll.login);
      if (poll.refs.size() != 1) throw sandbox::Malformed("a question about no ref");
      answer.add(upstream_->find(poll.refs.front()));
      break;
    }
    case Ask::single_objects:
      reader.get(login_);
      answer.add(upstream_->sends_single_objects());
      break;
    case Ask::fetch:
      answer.add(fetch(reader));
      break;
    case Ask::leave:
      upstream_->leave();
      answer.add(kept_connection() >= 0);
      break;
    case Ask::header:
      answer.add(reader_->header());
      break;
    case Ask::unpack:
      unpack(reader);
      answer.add(true);
      break;
    case Ask::hold: {
      auto waiting = reader.one<Waiting>();
      login_ = std::move(waiting.login);
      answer.add(upstream_->hold({.most = waiting.most, .end = channel_.raw()}));
      break;
    }
    case Ask::end_hold:
      throw sandbox::Malformed("an end of nothing");
  }
}

bool Fetcher::fetch(sandbox::Reader& reader) {
  auto question = reader.one<Fetch>();
  login_ = std::move(question.login);
  reported_ = 0;
  const ShownFetch shown(&progress_);
  shown.begin(CommitId(question.request.wants.front()));
  Unpacked unpacked(channel_, never_, question.limits, question.so_far, &progress_);
  const bool came = upstream_->fetch(question.request, unpacked.landing());
  if (came) unpacked.hand_over();
  report();
  return came;
}

void Fetcher::unpack(sandbox::Reader& reader) {
  const auto limits = reader.one<FetchLimits>();
  reported_ = 0;
  const ShownFetch shown(&progress_);
  shown.begin(CommitId("bundle"));
  Unpacked unpacked(channel_, never_, limits, {}, &progress_);
  reader_->unpack(unpacked.landing());
  unpacked.hand_over();
}

Fd Fetcher::connect(const std::string& host, unsigned port) {
  sandbox::Writer wanted;
  wanted.all(Say::connect, host, static_cast<std::uint32_t>(port));
  channel_.send(wanted.bytes());
  const auto failure = sandbox::from_bytes<std::optional<Failure>>(channel_.receive());
  if (failure) raise(*failure);
  return channel_.take_descriptor();
}

void Fetcher::report() {
  const auto now = progress_.read();
  if (!now) return;
  sandbox::Writer said;
  said.all(Say::progress,
           Progress{now->bytes - std::exchange(reported_, now->bytes), now->objects, now->announced});
  channel_.send(said.bytes());
}

Counters Fetcher::counters() const {
  if (reader_) return {reader_->bytes_read(), {}};
  return {upstream_->bytes_received(), upstream_->retry_after()};
}

/// False when the server has closed the connection that was kept.
bool has_question(const Channel& channel, int kept_connection) {
  if (channel.has_more()) return true;
  if (kept_connection >= 0) give_back_memory();
  pollfd looks[2] = {{channel.raw(), POLLIN, 0}, {kept_connection, POLLRDHUP, 0}};
  while (::poll(looks, 2, -1) < 0 && errno == EINTR) {
  }
  return looks[0].revents != 0 || looks[1].revents == 0;
}

}  // namespace

int run_fetcher(Fd descriptor) {
  Channel channel(std::move(descriptor), longest_request, {});
  try {
    Fetcher fetcher(channel);
    fetcher.begin();
    while (has_question(channel, fetcher.kept_connection())) fetcher.answer(channel.receive());
  } catch (const sandbox::Gone&) {
    return 0;  // the agent has no more questions
  }
  return 0;
}

}  // namespace greenwave::git::confined
