#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "client/cli/session.h"
#include "lodge/v1/domain_service.pb.h"

namespace lodge::cli {

// Ctrl-], as telnet and virsh have it.
inline constexpr char kEscape = 0x1d;

// Connects standard input and output with a guest's character device until the guest closes it, the user types the escape
// (on a terminal only, which is in raw mode meanwhile), or --timeout passes. At the end of piped input it goes on showing
// output. Blocks; uses one more thread while it runs.
Result<ExitCode> join_console(Session& session, const std::string& name, const v1::OpenConsoleRequest::Open& open);

// What of typed input goes to the guest: all before the escape; `left` if there was one.
struct Typed {
  std::string_view input;
  bool left = false;
};
Typed split_at_escape(std::string_view typed);

}  // namespace lodge::cli
