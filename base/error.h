#pragma once

#include <fmt/format.h>

#include <cerrno>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lodge {

// The closed list of reasons a caller can act on. The doors map each to one gRPC status and the CLI to an exit code.
enum class Code {
  invalid_argument,     // the request or document is wrong; sending it again cannot help
  not_found,            // the named object does not exist
  already_exists,       // the name or identity is taken
  failed_precondition,  // right request, wrong state: start a running guest
  permission_denied,    // the caller may not
  unauthenticated,      // the caller is unknown
  unsupported,          // this driver, emulator or host cannot do it
  busy,                 // someone else holds it; the message says who and for how long
  deadline_exceeded,    // the caller's deadline passed; the message says what was waited for
  cancelled,            // the caller went away or cancelled the operation
  resource_exhausted,   // a bound of ours or of the host was reached
  unavailable,          // the other end (daemon, QEMU) is not there; trying again may help
  data_loss,            // stored state cannot be read
  internal,             // a bug of ours
};

// The code's name as the API and the CLI spell it, e.g. "not_found".
std::string_view to_string(Code code);

// One finding inside a document: where, and what would have been right.
struct Finding {
  int line = 0;         // 1-based; 0 where there is no document behind it
  std::string path;     // e.g. /domain/devices/interface[2]/@type; empty if it concerns the whole
  std::string message;  // e.g. 'foo' is not one of bridge, network, direct
};

// What went wrong, told so that the reader can act: what was wanted, what stood in the way, what to do. Library code
// makes and returns errors; it does not log them. Whoever owns the operation logs once.
class Error {
 public:
  Error(Code code, std::string message, int saved_errno = 0,
        std::source_location where = std::source_location::current())
      : code_(code), errno_(saved_errno), message_(std::move(message)), where_(where) {}

  Code code() const { return code_; }
  // The system's errno behind it, or 0.
  int sys() const { return errno_; }
  // The whole sentence, context first: "start web1: macvtap on eth7: no such link (links here: lo, eth0)".
  const std::string& message() const { return message_; }
  // Where it was made, for the log; never shown to a remote caller.
  const std::source_location& where() const { return where_; }
  // For a refused document: every finding, in document order.
  const std::vector<Finding>& findings() const { return findings_; }

  // Puts `context: ` in front of the message; adds nothing to the findings.
  Error&& with_context(std::string_view context) &&;
  Error&& with_findings(std::vector<Finding> findings) &&;
  Error&& with_code(Code code) &&;

 private:
  Code code_;
  int errno_;
  std::string message_;
  std::source_location where_;
  std::vector<Finding> findings_;
};

// The text of an errno: "No such file or directory".
std::string errno_text(int err);

// The code that best tells a caller what an errno means: ENOENT is not_found, EACCES permission_denied, …
Code code_from_errno(int err);

}  // namespace lodge
