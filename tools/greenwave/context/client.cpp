#include "context/client.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "context/context.h"
#include "daemon/status.h"
#include "http/client.h"

namespace greenwave::cli {

namespace {

constexpr std::size_t reply_cap = 64 << 20;
constexpr std::size_t line_cap = 1 << 20;

Error too_large() {
  return {Fault::transient, "greenwaved's response is too large"};
}

/// Splits a response into lines, without empty ones.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view line)>& on_line) : on_line_(on_line) {}

  bool add(std::string_view bytes) {
    begun_ += bytes;
    for (auto end = begun_.find('\n'); end != std::string::npos; end = begun_.find('\n')) {
      if (end > 0) on_line_(std::string_view(begun_).substr(0, end));
      begun_.erase(0, end + 1);
    }
    if (begun_.size() > line_cap) throw too_large();
    return true;
  }

 private:
  const std::function<void(std::string_view line)>& on_line_;
  std::string begun_;
};

[[noreturn]] void fail(const http::TransferError& failure, const std::filesystem::path& socket,
                       const std::string& config_problem) {
  using http::Trouble;
  const auto trouble = failure.trouble();
  if (trouble == Trouble::unreachable && (failure.os_error() == EACCES || failure.os_error() == EPERM)) {
    throw Refused(403, fmt::format("this user may not use {}", socket.native()),
                  "use sudo, or join the group greenwave: sudo adduser $USER greenwave, then log in again");
  }
  if (trouble == Trouble::unreachable && !config_problem.empty()) {
    throw Unreachable(
        Fault::invalid, config_problem,
        "greenwaved does not run, and would not start with this configuration; fix it; check it "
        "with: greenwaved --check-config; then: sudo systemctl start greenwaved");
  }
  if (trouble == Trouble::unreachable) {
    throw Unreachable(Fault::transient,
                      fmt::format("greenwaved is not running: nothing listens on {}", socket.native()),
                      "start it with: sudo systemctl start greenwaved; see why it stopped with: journalctl "
                      "-u greenwaved -n 50");
  }
  if (trouble == Trouble::silent) {
    throw Unreachable(Fault::transient, "greenwaved is running but does not answer",
                      "see what it is doing with: journalctl -u greenwaved -n 50; restart it with: sudo "
                      "systemctl restart greenwaved");
  }
  if (trouble == Trouble::lost) {
    throw Unreachable(Fault::transient, "greenwaved closed the connection: it is stopping, or busy",
                      "try again in a few seconds");
  }
  if (trouble == Trouble::too_large) throw too_large();
  throw Error(Fault::transient, fmt::format("cannot talk to greenwaved: {}", failure.message()));
}

/// Once, however many requests a command makes.
void note_old_configuration(const std::string& config_problem) {
  static bool noted = false;
  if (!std::exchange(noted, true)) {
    print_note("greenwaved runs with an earlier configuration, since this one is wrong: " + config_problem);
  }
}

nlohmann::json parsed(const http::Response& response) {
  auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (json.is_discarded()) {
    throw Error(Fault::transient, "the server on the control socket does not speak greenwaved's API",
                "check --socket and runtimeDirectory in agent.yaml");
  }
  return json;
}

/// A request whose response comes at once, within `limit`.
http::Request plain(const std::string& path, const Timeouts& timeouts, Duration limit) {
  http::Request request;
  request.path = path;
  request.connect = timeouts.connect;
  request.timeout = limit;
  request.silence = {};
  return request;
}

/// A request whose response goes on until the sync has ended.
http::Request stream(const std::string& path, const Timeouts& timeouts, Lines& lines) {
  http::Request request;
  request.method = "POST";
  request.path = path;
  request.connect = timeouts.connect;
  request.timeout = {};
  request.silence = timeouts.silence;
  request.sink = [&lines](std::string_view bytes) { return lines.add(bytes); };
  return request;
}

void set_body(http::Request& request, const nlohmann::json& body) {
  request.method = "POST";
  request.headers.emplace_back("Content-Type: application/json");
  request.body = body.dump();
}

}  // namespace

Client::Client(std::filesystem::path socket, const Timeouts& timeouts, std::string config_problem)
    : socket_(std::move(socket)), timeouts_(timeouts), config_problem_(std::move(config_problem)) {}

/// Throws Refused for an HTTP error.
http::Response Client::ask(http::Request request) const {
  static const std::atomic<bool> never = false;
  http::Endpoint endpoint;
  endpoint.address = "http://greenwaved";
  endpoint.unix_socket = socket_;
  request.most_bytes = reply_cap;
  http::Response response;
  try {
    response = http::Client(std::move(endpoint), never).send(request);
  } catch (const http::TransferError& failure) {
    fail(failure, socket_, config_problem_);
  }
  if (!config_problem_.empty()) note_old_configuration(config_problem_);
  if (response.status < 400) return response;
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (!json.is_object()) {
    throw Refused(response.status, fmt::format("greenwaved answered HTTP {}", response.status), "");
  }
  throw Refused(response.status, json.value("error", ""), json.value("remedy", ""));
}

nlohmann::json Client::get(const std::string& path) const {
  return parsed(ask(plain(path, timeouts_, timeouts_.reply)));
}

nlohmann::json Client::diff() const {
  try {
    return parsed(ask(plain("/v1/diff", timeouts_, timeouts_.diff)));
  } catch (const Unreachable&) {
    const auto activity = what_it_does();
    if (activity.empty()) throw;
    throw Error(Fault::transient,
                fmt::format("no diff within {}: greenwaved is {}", to_words(timeouts_.diff), activity),
                "watch it with: greenwave status; then ask again");
  }
}

std::string Client::what_it_does() const {
  try {
    const auto status = daemon::status_from_json(get("/v1/status"));
    if (status.fetch) return git::in_words(*status.fetch);
    return status.phase == "idle" ? "" : printable(status.phase);
  } catch (const Error&) {
    return {};
  }
}

nlohmann::json Client::post(const std::string& path, const nlohmann::json& body) const {
  auto request = plain(path, timeouts_, timeouts_.reply);
  set_body(request, body);
  return parsed(ask(std::move(request)));
}

void Client::follow(const std::string& path, const nlohmann::json& body,
                    const std::function<void(std::string_view line)>& on_line) const {
  Lines lines(on_line);
  auto request = stream(path, timeouts_, lines);
  set_body(request, body);
  ask(std::move(request));
}

void Client::send(const std::string& path, const std::filesystem::path& file,
                  const std::function<void(std::string_view line)>& on_line) const {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!fd || ::fstat(fd.get(), &about) != 0) throw system_error("open", file.native());
  if (!S_ISREG(about.st_mode) || about.st_size == 0) {
    throw Error(Fault::invalid, fmt::format("{} is not a file, or is empty", file.native()),
                "name a file made by git bundle create or greenwave bundle");
  }
  Lines lines(on_line);
  auto request = stream(path, timeouts_, lines);
  request.headers.emplace_back("Content-Type: application/x-git-bundle");
  request.asks_first = true;
  request.source_bytes = static_cast<std::uint64_t>(about.st_size);
  request.source = [&](std::span<char> buffer) {
    const auto count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0) throw system_error("read", file.native());
    return static_cast<std::size_t>(count);
  };
  ask(std::move(request));
}

}  // namespace greenwave::cli
