#include "control/stream.h"

#include <new>
#include <string>

#include <nlohmann/json.hpp>

#include "control/request.h"

namespace greenwave::control {

namespace {

constexpr std::size_t block = 4096;
constexpr Duration slice = std::chrono::milliseconds(250);  // how soon a stop of the server is noticed
constexpr Duration heartbeat = std::chrono::seconds(5);

struct Stream {
  std::shared_ptr<daemon::Run> run;
  Streams& streams;
  std::string pending;  ///< not sent yet
  bool done = false;

  Stream(std::shared_ptr<daemon::Run> followed, Streams& all) : run(std::move(followed)), streams(all) {
    ++streams.open;
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { --streams.open; }

  void wait() {
    const auto start = std::chrono::steady_clock::now();
    while (pending.empty()) {
      if (auto event = run->next(slice)) {
        add(*event);
      } else if (streams.stopping) {
        add({"done", "the agent is shutting down before the sync has finished", "", false, 2});
      } else if (std::chrono::steady_clock::now() - start >= heartbeat) {
        pending.assign(1, '\n');
      }
    }
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

Response stream_of(std::shared_ptr<daemon::Run> run, Streams& streams) {
  auto stream = std::make_unique<Stream>(std::move(run), streams);
  Response response(
      MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, block, read_stream, stream.get(), free_stream));
  if (!response) throw std::bad_alloc();
  static_cast<void>(stream.release());  // owned by the response from here on
  return response;
}

}  // namespace greenwave::control
