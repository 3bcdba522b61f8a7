// The main() of every test binary that needs a sandbox: each case runs in one of its own.
#define CATCH_CONFIG_RUNNER
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "tests/e2e/support/sandbox.h"

namespace {

// As Catch's filters want a name that is meant as it stands.
std::string as_filter(const std::string& name) {
  std::string filter;
  for (const char c : name) {
    if (c == ',' || c == '[' || c == '*' || c == '"' || c == '\\') filter += '\\';
    filter += c;
  }
  return filter;
}

// Runs one case in a process of its own, as if nothing else had been asked for; whether it passed.
bool passes(Catch::Session& session, Catch::ConfigData asked, const std::string& name) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    asked.testsOrTags = {as_filter(name)};
    session.useConfigData(asked);
    ::_exit(lodge::test::in_sandbox([&] { return session.run(); }));
  }
  int status = -1;
  return child > 0 && ::waitpid(child, &status, 0) == child && status == 0;
}

}  // namespace

int main(int argc, char** argv) {
  Catch::Session session;
  if (const int error = session.applyCommandLine(argc, argv); error != 0) return error;
  const auto asked = session.configData();
  if (asked.listTests || asked.listTags || asked.listTestNamesOnly || asked.listReporters || asked.showHelp)
    return session.run();

  const auto& config = session.config();
  const auto cases = Catch::filterTests(Catch::getAllTestCasesSorted(config), config.testSpec(), config);
  // ctest asks by name, and parts names at a semicolon: what nobody runs must not pass.
  if (cases.empty()) {
    std::fprintf(stderr, "no case is called so\n");
    return EXIT_FAILURE;
  }
  if (cases.size() < 2) return lodge::test::in_sandbox([&] { return session.run(); });
  std::size_t failed = 0;
  for (const auto& test : cases) failed += passes(session, asked, test.name) ? 0 : 1;
  std::printf("%zu of %zu cases failed\n", failed, cases.size());
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
