// The main() of every test binary that needs a sandbox: all of its cases run in one; ctest starts it once per case.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "tests/e2e/support/sandbox.h"

int main(int argc, char** argv) {
  Catch::Session session;
  if (const int error = session.applyCommandLine(argc, argv); error != 0) return error;
  const auto& asked = session.configData();
  if (asked.listTests || asked.listTags || asked.listTestNamesOnly || asked.listReporters || asked.showHelp)
    return session.run();
  return lodge::test::in_sandbox([&] { return session.run(); });
}
