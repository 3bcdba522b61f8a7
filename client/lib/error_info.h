#pragma once

#include <optional>
#include <string_view>

#include "base/error.h"
#include "lodge/v1/error.pb.h"

namespace lodge::client {

// "not_found" and its like, as to_string() spells them; empty for a name that a newer daemon may have.
std::optional<Code> code_from_name(std::string_view name);

// The error as the daemon meant it. `unknown` is for codes that this library does not know.
Error error_from_info(const v1::ErrorInfo& info, Code unknown = Code::internal);

}  // namespace lodge::client
