#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <signal.h>

#include "support/source_directory.h"

std::filesystem::path greenwave::test::source_directory() {
  return GREENWAVE_SOURCE;
}

int main(int argc, char** argv) {
  // As in the programs: a peer that hangs up fails that call and does not kill the process.
  ::signal(SIGPIPE, SIG_IGN);
  return Catch::Session().run(argc, argv);
}
