#include "client/cli/report.h"

#include <catch2/catch.hpp>

#include "client/cli/exit_code.h"

using namespace lodge;
using namespace lodge::cli;

TEST_CASE("an error says what was tried, once") {
  CHECK(render_error(Error(Code::busy, "another has it"), "start web1", "") == "lodge: start web1: another has it\n");
  CHECK(render_error(Error(Code::busy, "start web1: another has it"), "start web1", "") ==
        "lodge: start web1: another has it\n");
  CHECK(render_error(Error(Code::busy, "start web12: another has it"), "start web1", "") ==
        "lodge: start web1: start web12: another has it\n");
}

TEST_CASE("a refused document's mistakes come line by line, then their number") {
  const Error error = Error(Code::invalid_argument, "all of it in one sentence")
                          .with_findings({{14, "/domain/@type", "'x' is not one of kvm, qemu"}, {0, "", "no name"}});
  CHECK(render_error(error, "define web1.xml", "web1.xml") ==
        "web1.xml:14: /domain/@type: 'x' is not one of kvm, qemu\n"
        "web1.xml: no name\n"
        "lodge: define web1.xml: the document has 2 mistakes\n");
}

TEST_CASE("findings about a stored guest come with the daemon's sentence") {
  const Error error =
      Error(Code::invalid_argument, "it does not fit this host").with_findings({{0, "/domain/cpu", "no"}});
  CHECK(render_error(error, "start web1", "") ==
        "/domain/cpu: no\n"
        "lodge: start web1: it does not fit this host\n");
}

TEST_CASE("what a daemon says cannot drive the terminal") {
  CHECK(render_error(Error(Code::internal, "a\x1b[2Jb"), "list", "") == "lodge: list: a\\x1b[2Jb\n");
}

TEST_CASE("exit codes tell scripts what to do next") {
  CHECK(exit_code(Code::not_found) == ExitCode::not_found);
  CHECK(exit_code(Code::invalid_argument) == ExitCode::refused);
  CHECK(exit_code(Code::unavailable) == ExitCode::unreachable);
  CHECK(exit_code(Code::permission_denied) == ExitCode::permission);
  CHECK(exit_code(Code::unauthenticated) == ExitCode::permission);
  CHECK(exit_code(Code::deadline_exceeded) == ExitCode::deadline);
  CHECK(exit_code(Code::busy) == ExitCode::error);
}
