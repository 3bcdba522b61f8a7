#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

#include "base/error.h"

// The log facade. Only whoever owns an operation logs, and once: library code returns errors instead.
namespace lodge::log {

// `level`: trace, debug, info, warning, error, off. To standard error, which systemd and tests both collect.
void setup(std::string_view level);

// Logs an error with its findings and the place where it was made: `failed` what its caller could not do, `degraded` what
// went on without it.
void failed(std::string_view what, const Error& error);
void degraded(std::string_view what, const Error& error);

using spdlog::debug;
using spdlog::info;
using spdlog::warn;

}  // namespace lodge::log
