#pragma once

#include <atomic>
#include <string>

#include <catch2/catch.hpp>

#include "base/error.h"
#include "config/config.h"
#include "support/unconfined_transport.h"

namespace greenwave::test {

/// The fault of what `action` throws; the test fails when it throws nothing.
Fault fault_of(auto action) {
  try {
    action();
  } catch (const Error& error) {
    UNSCOPED_INFO(error.what());
    return error.fault();
  }
  FAIL("nothing was thrown");
  return Fault::internal;
}

/// The error of a poll, "FAULT: what", or "none".
inline std::string poll_error(const config::Repository& repository) {
  static const std::atomic<bool> never{false};
  try {
    unconfined_transport(repository, never)->poll();
  } catch (const Error& error) {
    return std::string(to_string(error.fault())) + ": " + error.what();
  }
  return "none";
}

}  // namespace greenwave::test
