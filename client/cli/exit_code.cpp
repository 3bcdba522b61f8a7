#include "client/cli/exit_code.h"

namespace lodge::cli {

ExitCode exit_code(Code code) {
  switch (code) {
    case Code::not_found: return ExitCode::not_found;
    case Code::invalid_argument: return ExitCode::refused;
    case Code::unavailable: return ExitCode::unreachable;
    case Code::permission_denied:
    case Code::unauthenticated: return ExitCode::permission;
    case Code::deadline_exceeded: return ExitCode::deadline;
    case Code::already_exists:
    case Code::failed_precondition:
    case Code::unsupported:
    case Code::busy:
    case Code::cancelled:
    case Code::resource_exhausted:
    case Code::data_loss:
    case Code::internal: return ExitCode::error;
  }
  return ExitCode::error;
}

}  // namespace lodge::cli
