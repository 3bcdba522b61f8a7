#pragma once

#include <string>
#include <string_view>

namespace lodge::access {

// The caller's trace, as it says it in the call's metadata: taken over if it is well-formed, else as if it had said nothing.
// @source W3C Trace Context, traceparent: 00-<32 hex digits>-<16 hex digits>-<2 hex digits>, none but the last all zeros.
std::string valid_traceparent(std::string_view text);

}  // namespace lodge::access
