#include "drivers/host/program_call.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "systemd/manager.h"

namespace greenwave::drivers::host {

namespace {

constexpr const char* programs_log = "see: journalctl -u greenwave-programs";
/// How much longer than the program the service may take.
constexpr auto service_grace = std::chrono::seconds(30);
constexpr timeval send_timeout{.tv_sec = 10, .tv_usec = 0};

std::string to_bytes(const nlohmann::json& json) {
  const auto bytes = nlohmann::json::to_cbor(json);
  return {bytes.begin(), bytes.end()};
}

Error malformed(const char* what) {
  return {Fault::internal, fmt::format("{} about a program cannot be read", what)};
}

/// Sent by the service's socket unit, or by nobody: then that unit is asked for.
Error nobody_listens(const std::string& program, int failure) {
  const auto message =
      fmt::format("cannot run {}: {} does not answer: {}", program, programs_unit, std::strerror(failure));
  try {
    systemd::Manager().queue(systemd::Job::start, std::string(programs_unit));
  } catch (const Error& error) {
    return {Fault::transient, fmt::format("{}; {}", message, error.message()), error.remedy()};
  }
  return {Fault::transient, message, "it has just been started"};
}

Fd connected_to(const std::filesystem::path& socket, const std::string& program) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.native().size() >= sizeof address.sun_path) {
    throw Error(Fault::invalid, fmt::format("{} is too long for a socket's path", socket.native()));
  }
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size() + 1);
  Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!connection) throw system_error("make", "a unix socket");
  ::setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &send_timeout, sizeof send_timeout);
  if (::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw nobody_listens(program, errno);
  }
  return connection;
}

void send_request(int connection, const std::string& bytes) {
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto sent = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) throw Error(Fault::transient, "greenwave-programs.service does not listen", programs_log);
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  ::shutdown(connection, SHUT_WR);
}

/// To the end of what the service sends; what is there when it takes too long.
std::string receive_answer(int connection, const Command& command) {
  const std::size_t cap = command.output_cap + 64 * 1024;
  const auto deadline = std::chrono::steady_clock::now() + command.timeout + service_grace;
  std::string answer;
  while (std::chrono::steady_clock::now() < deadline && answer.size() <= cap) {
    pollfd wait{connection, POLLIN, 0};
    const int ready = ::poll(&wait, 1, 1000);
    if (command.while_waiting) command.while_waiting();
    if (ready <= 0) continue;
    char chunk[16 * 1024];
    const auto count = ::recv(connection, chunk, sizeof chunk, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    answer.append(chunk, static_cast<std::size_t>(count));
  }
  return answer;
}

nlohmann::json directory_in_words(int directory) {
  struct stat about {};
  if (::fstat(directory, &about) != 0) throw system_error("look at", "the working directory");
  const auto path = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", directory)).native();
  return {{"path", path}, {"device", about.st_dev}, {"inode", about.st_ino}};
}

Fd open_directory(const nlohmann::json& words) {
  const auto path = words.at("path").get<std::string>();
  Fd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat about {};
  if (!directory || ::fstat(directory.get(), &about) != 0) throw system_error("open", path);
  if (about.st_dev != words.at("device") || about.st_ino != words.at("inode")) {
    throw Error(Fault::transient, fmt::format("the working directory {} has just been replaced", path));
  }
  return directory;
}

}  // namespace

std::string request_of(const Command& command) {
  nlohmann::json json{{"argv", command.argv},
                      {"environment", command.environment},
                      {"timeout", command.timeout.count()},
                      {"outputCap", command.output_cap}};
  if (command.directory >= 0) json["directory"] = directory_in_words(command.directory);
  return to_bytes(json);
}

ProgramRequest read_request(std::string_view bytes) {
  try {
    const auto json = nlohmann::json::from_cbor(bytes);
    ProgramRequest request;
    json.at("argv").get_to(request.command.argv);
    json.at("environment").get_to(request.command.environment);
    request.command.timeout = Duration(json.at("timeout").get<Duration::rep>());
    json.at("outputCap").get_to(request.command.output_cap);
    if (json.contains("directory")) request.directory = open_directory(json["directory"]);
    request.command.directory = request.directory.get();
    return request;
  } catch (const nlohmann::json::exception&) {
    throw malformed("a request");
  }
}

std::string answer_of(const CommandResult& result) {
  return to_bytes({{"status", result.status}, {"timedOut", result.timed_out}, {"output", result.output}});
}

std::string answer_of(const Error& error) {
  return to_bytes(
      {{"fault", static_cast<int>(error.fault())}, {"message", error.message()}, {"remedy", error.remedy()}});
}

CommandResult read_answer(std::string_view bytes) {
  try {
    const auto json = nlohmann::json::from_cbor(bytes);
    if (json.contains("fault")) {
      throw Error(static_cast<Fault>(json["fault"].get<int>()), json.at("message"), json.at("remedy"));
    }
    CommandResult result;
    json.at("status").get_to(result.status);
    json.at("timedOut").get_to(result.timed_out);
    json.at("output").get_to(result.output);
    return result;
  } catch (const nlohmann::json::exception&) {
    throw malformed("an answer");
  }
}

CommandResult run_elsewhere(const std::filesystem::path& socket, const Command& command) {
  if (command.argv.empty()) throw Error(Fault::internal, "a command without arguments");
  const auto connection = connected_to(socket, command.argv.front());
  send_request(connection.get(), request_of(command));
  const auto answer = receive_answer(connection.get(), command);
  if (answer.empty()) {
    throw Error(Fault::transient,
                fmt::format("greenwave-programs.service did not say what became of {}", command.argv.front()),
                programs_log);
  }
  return read_answer(answer);
}

}  // namespace greenwave::drivers::host
