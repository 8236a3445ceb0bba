#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace greenwave::http {

/// Asks a gRPC server how `service` is, by grpc.health.v1.Health/Check
/// (https://github.com/grpc/grpc/blob/master/doc/health-checking.md), in HTTP/2 without TLS. `address` is
/// HOST:PORT; an empty service is the server's own. Returns why it does not serve; nothing: it serves. Throws
/// Error (transient) when there is no answer in time. Touches nothing that is shared.
std::optional<std::string> grpc_failure(const std::string& address, const std::string& service,
                                        Duration timeout);

/// The status in the body of an answer; nothing where it is none. Pure.
std::optional<unsigned> grpc_status_in(std::string_view body);

}  // namespace greenwave::http
