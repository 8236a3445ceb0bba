#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/error.h"
#include "http/client.h"

namespace greenwave::cli {

/// No answer on the socket: the daemon is not running, or hangs.
class Unreachable : public Error {
 public:
  using Error::Error;
};

/// The daemon refused the request.
class Refused : public Error {
 public:
  Refused(long status, std::string message, std::string remedy)
      : Error(Fault::invalid, std::move(message), std::move(remedy)), status_(status) {}
  long status() const { return status_; }

 private:
  long status_;
};

struct Timeouts {
  Duration connect = std::chrono::seconds(2);
  Duration reply = std::chrono::seconds(5);
  Duration diff = std::chrono::minutes(5);      ///< which polls and renders first
  Duration silence = std::chrono::seconds(30);  ///< in a stream, which has a heartbeat every 5 seconds
};

/// The daemon's local API (agent/control/README.md). Throws Unreachable, Refused, or another Error; each
/// says what to do about it.
class Client {
 public:
  /// `config_problem`: what is wrong with the configuration, which is why the daemon may not run, or runs
  /// with an earlier one; said in either case.
  explicit Client(std::filesystem::path socket, const Timeouts& timeouts = {},
                  std::string config_problem = {});

  nlohmann::json get(const std::string& path) const;
  /// GET /v1/diff.
  nlohmann::json diff() const;
  nlohmann::json post(const std::string& path, const nlohmann::json& body) const;
  /// Posts a file; passes on each line of the response as it arrives.
  void send(const std::string& path, const std::filesystem::path& file,
            const std::function<void(std::string_view line)>& on_line) const;
  /// Posts `body`; passes on each line of the response as it arrives, except empty ones.
  void follow(const std::string& path, const nlohmann::json& body,
              const std::function<void(std::string_view line)>& on_line) const;

 private:
  http::Response ask(http::Request request) const;
  /// "fetching 4fa52342af35: 1.2 MiB"; empty: nothing, or it does not answer.
  std::string what_it_does() const;

  std::filesystem::path socket_;
  Timeouts timeouts_;
  std::string config_problem_;
};

}  // namespace greenwave::cli
