#include "drivers/host/check_probe.h"

#include <atomic>

#include <fmt/format.h>

#include "base/error.h"
#include "base/process.h"
#include "base/tcp.h"
#include "base/text.h"
#include "drivers/host/programs.h"
#include "http/status.h"

namespace greenwave::drivers::host {

namespace {

std::optional<std::string> get_http(const std::string& url, Duration timeout) {
  try {
    const auto status = http::get_status(url, {}, timeout);
    if (status >= 200 && status < 300) return {};
    return fmt::format("it answers with status {}", status);
  } catch (const Error& error) {
    return error.message();
  }
}

std::optional<std::string> connect_to(const std::string& target, Duration timeout) {
  const auto [host, port] = host_and_port(target);
  const std::atomic<bool> never = false;
  try {
    connect_tcp(host, port, timeout, never, "spec.tcp");
    return {};
  } catch (const Error& error) {
    return error.message();
  }
}

std::optional<std::string> ask_program(const Host& host, const CheckSpec& check, Duration timeout) {
  Command command;
  command.argv = check.command;
  command.timeout = timeout;
  command.output_cap = 4096;
  try {
    const auto result = run_program(host, as_user(std::move(command), check.user));
    if (result.timed_out) return fmt::format("it did not end within {}", to_words(timeout));
    if (result.status == 0) return {};
    const auto output = trim(result.output);
    const auto line = printable(output.substr(output.rfind('\n') + 1));
    const auto status = fmt::format("it exited with status {}", result.status);
    return line.empty() ? status : fmt::format("{}: {}", status, line);
  } catch (const Error& error) {
    return error.message();
  }
}

}  // namespace

std::optional<std::string> probe(const Host& host, const CheckSpec& check, Duration timeout) {
  switch (check.kind) {
    case CheckSpec::Kind::http:
      return get_http(check.target, timeout);
    case CheckSpec::Kind::tcp:
      return connect_to(check.target, timeout);
    case CheckSpec::Kind::command:
      return ask_program(host, check, timeout);
    case CheckSpec::Kind::unit:
      break;
  }
  throw Error(Fault::internal, "a unit check is not probed here");
}

}  // namespace greenwave::drivers::host
