#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/problem.h"
#include "drivers/host/confined.h"
#include "model/manifest.h"
#include "plan/step.h"

namespace greenwave::drivers::host {

/// A HealthCheck manifest's spec.
struct CheckSpec {
  enum class Kind {
    unit,     ///< this systemd unit is active, and stays so for a while
    http,     ///< a GET of this URL is answered with a 2xx status
    tcp,      ///< HOST:PORT takes a connection
    command,  ///< this program succeeds
  };
  Kind kind = Kind::unit;
  std::string target;                ///< of all but `command`
  std::vector<std::string> command;  ///< argv
  std::string user = "root";         ///< as whom `command` runs
  Duration interval = std::chrono::seconds(5);
  Duration timeout = std::chrono::seconds(5);
  Duration within = std::chrono::minutes(2);
};

/// Reads and checks it; what is wrong goes into `problems`, also what could never pass. Pure.
CheckSpec read_check_spec(const Host& host, const Manifest& manifest, Problems& problems);

/// What a manifest claims; reads and checks the spec for that. Pure.
plan::Footprint check_footprint(const Host& host, const Manifest& manifest, Problems& problems);

/// What is asked, for people: "http http://127.0.0.1:8080/health".
std::string in_words(const CheckSpec& spec);

/// For Entry::record: what is asked, not how often.
std::string to_json(const CheckSpec& spec);
/// Throws Error (damaged) for what to_json did not write.
CheckSpec check_spec_from(const std::string& json);

/// "10.4.0.1:161" and "[fe80::1]:161" as host and port; port 0 when it is neither.
struct HostAndPort {
  std::string host;
  unsigned port = 0;
};
HostAndPort host_and_port(std::string_view text);

}  // namespace greenwave::drivers::host
