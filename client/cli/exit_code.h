#pragma once

#include "base/error.h"

namespace lodge::cli {

// What scripts see; lodge(1) lists them.
enum class ExitCode {
  ok = 0,
  error = 1,        // whatever has no number of its own
  usage = 2,        // the command line itself is wrong
  not_found = 3,    // no such guest, operation or file
  refused = 4,      // the document or request is wrong; sending it again cannot help
  unreachable = 5,  // lodged, or what it needs, is not there; trying again may help
  permission = 6,   // the caller is unknown or may not
  deadline = 7,     // the time given was not enough
};

ExitCode exit_code(Code code);

}  // namespace lodge::cli
