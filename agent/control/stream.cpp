#include "control/stream.h"

#include <new>
#include <string>

#include <nlohmann/json.hpp>

#include "control/request.h"

namespace greenwave::control {

namespace {

constexpr std::size_t block = 4096;
// How soon a stop of the server is noticed, and how often a fetch is looked at.
constexpr Duration slice = std::chrono::milliseconds(250);
constexpr Duration fetch_beat = std::chrono::seconds(1);
constexpr Duration heartbeat = std::chrono::seconds(5);

struct Stream {
  std::shared_ptr<daemon::Run> run;
  const daemon::Agent& agent;
  Streams& streams;
  std::string pending;      ///< not sent yet
  std::uint64_t bytes = 0;  ///< of the fetch that was last told of, and when
  Instant told{};
  bool earlier = false;  ///< it waits for what is under way
  bool done = false;

  Stream(std::shared_ptr<daemon::Run> followed, const daemon::Agent& asked, Streams& all)
      : run(std::move(followed)), agent(asked), streams(all) {
    ++streams.open;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { --streams.open; }

  void wait() {
    const auto start = std::chrono::steady_clock::now();
    while (pending.empty()) {
      if (auto event = run->next(slice)) {
        earlier = event->earlier;
        add(*event);
      } else if (streams.stopping) {
        add({"done", "the agent is shutting down before the sync has finished", "", false, 2});
      } else {
        const auto now = std::chrono::steady_clock::now();
        tell_of_fetch(now);
        if (pending.empty() && now - start >= heartbeat) pending.assign(1, '\n');
      }
    }
  }

  void tell_of_fetch(Instant now) {
    auto fetch = agent.fetching();
    if (!fetch || (fetch->bytes == bytes && now - told < fetch_beat)) return;
    bytes = fetch->bytes;
    told = now;
    sync::Event event{.kind = "progress", .text = in_words(*fetch)};
    event.fetch = std::move(fetch);
    event.earlier = earlier;
    add(event);
  }

  void add(const sync::Event& event) {
    pending = to_json(event).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    pending += '\n';
    done = event.kind == "done";
  }
};

ssize_t read_stream(void* closure, std::uint64_t, char* buffer, std::size_t room) {
  auto& stream = *static_cast<Stream*>(closure);
  try {
    if (stream.pending.empty() && stream.done) return MHD_CONTENT_READER_END_OF_STREAM;
    stream.wait();
    const auto count = stream.pending.copy(buffer, room);
    stream.pending.erase(0, count);
    return static_cast<ssize_t>(count);
  } catch (const std::exception&) {  // exceptions must not pass through libmicrohttpd
    return MHD_CONTENT_READER_END_WITH_ERROR;
  }
}

void free_stream(void* closure) {
  delete static_cast<Stream*>(closure);
}

}  // namespace

Response stream_of(std::shared_ptr<daemon::Run> run, const daemon::Agent& agent, Streams& streams) {
  auto stream = std::make_unique<Stream>(std::move(run), agent, streams);
  Response response(
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, read_stream, stream.get(), free_stream));
  if (!response) throw std::bad_alloc();
  static_cast<void>(stream.release());  // owned by the response from here on
  return response;
}

}  // namespace greenwave::control
