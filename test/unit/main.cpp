#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <signal.h>

#include "daemon/confined.h"
#include "support/source_directory.h"

std::filesystem::path greenwave::test::source_directory() {
  return GREENWAVE_SOURCE;
}

int main(int argc, char** argv) {
  // An agent in a test starts this program, as it would start itself.
  if (const auto status = greenwave::daemon::run_if_confined(argc, argv)) return *status;
  // As in the programs: a peer that hangs up fails that call and does not kill the process.
  ::signal(SIGPIPE, SIG_IGN);
  return Catch::Session().run(argc, argv);
}
