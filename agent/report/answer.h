#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

/// What a hub answers. Its bytes come from outside: each reader takes any, and throws Error (invalid) for
/// what is not of the form of /v1/reports, /v1/enroll or /v1/renew. Members that are not known are passed
/// over.
namespace greenwave::report {

/// No answer may be larger: to a report, and with a chain of certificates.
inline constexpr std::size_t most_answer_bytes = std::size_t{16} * 1024;
inline constexpr std::size_t most_chain_bytes = std::size_t{64} * 1024;

/// A person at the hub wants a sync. Printable, and short.
struct Wish {
  std::string who;
  std::string reason;
};

/// 200 to a report.
struct Acknowledgement {
  std::optional<Wish> sync;
  bool wants_state = false;           ///< the hub has no state of this device
  std::optional<Duration> heartbeat;  ///< from now on; from 1 minute to 1 hour
};
Acknowledgement read_acknowledgement(std::string_view body);

/// 409: the boot that the hub knows; from 0 to 2^52.
std::int64_t read_known_boot(std::string_view body);

/// Whether it is the hub's own, and not a proxy's on the way: {"error": TEXT}. Does not throw.
bool is_refusal(std::string_view body);
/// Any other answer, for people: "error; remedy", or the beginning of the text; never empty. Does not throw.
std::string read_refusal(long status, std::string_view body);

/// 200 of enroll and renew.
struct Issued {
  std::string certificate;  ///< PEM, the leaf first; not checked
  std::string city;         ///< may be empty
};
Issued read_issued(std::string_view body);

/// 202 of enroll: an operator is to approve the key.
struct Pending {
  std::string key;      ///< its fingerprint, as the hub made it
  std::string approve;  ///< the command that does it; may be empty
};
Pending read_pending(std::string_view body);

}  // namespace greenwave::report
