#pragma once

#include <memory>

#include <microhttpd.h>

#include "base/handle.h"

namespace greenwave::control {

/// Owners of libmicrohttpd's handles.
using Daemon = std::unique_ptr<MHD_Daemon, Freed<MHD_stop_daemon>>;
using Response = std::unique_ptr<MHD_Response, Freed<MHD_destroy_response>>;

}  // namespace greenwave::control
