#pragma once

#include <filesystem>
#include <string>

#include "base/log.h"
#include "control/server.h"
#include "support/temporary_directory.h"
#include "unit/control/fake_agent.h"

namespace greenwave::test {

inline config::Config config_in(const std::filesystem::path& directory) {
  config::Config config;
  config.root = "/";
  config.device = "sf-0042";
  config.state_directory = directory / "state";
  config.runtime_directory = directory / "run";
  return config;
}

/// The control API of a fake agent, over a real socket.
struct Served {
  TemporaryDirectory directory;
  FakeAgent agent;
  Log log{Level::error};
  config::Config config = config_in(directory.path());
  control::Server server;

  explicit Served(const control::Limits& limits = {}) : server(agent, config, log, limits) {}
  std::string socket() const { return config.socket().native(); }
};

}  // namespace greenwave::test
