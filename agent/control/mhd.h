#pragma once

#include <memory>

#include <microhttpd.h>

namespace greenwave::control {

/// Owners of libmicrohttpd's handles.
template <auto Free>
struct Freed {
  void operator()(auto* raw) const { Free(raw); }
};

using Daemon = std::unique_ptr<MHD_Daemon, Freed<MHD_stop_daemon>>;
using Response = std::unique_ptr<MHD_Response, Freed<MHD_destroy_response>>;

}  // namespace greenwave::control
