#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace lodge {

template <class T = void>
using Result = std::expected<T, Error>;

using Failure = std::unexpected<Error>;

namespace detail {
// Carries the caller's source location past the parameter pack.
struct Format {
  std::string_view text;
  std::source_location where;
  template <class S>
    requires std::convertible_to<const S&, std::string_view>
  Format(const S& s, std::source_location w = std::source_location::current()) : text(s), where(w) {}  // NOLINT
};
}  // namespace detail

// An error with a message made by fmt: `return fail(Code::busy, "attach {} to {}: in use by {}", name, bridge, owner);`
template <class... Args>
Failure fail(Code code, detail::Format format, const Args&... args) {
  return Failure(Error(code, fmt::vformat(format.text, fmt::make_format_args(args...)), 0, format.where));
}

// The same for a failed system call; the errno's text is appended: "open /dev/tap7: No such file or directory".
template <class... Args>
Failure fail_errno(int err, detail::Format format, const Args&... args) {
  return Failure(
      Error(code_from_errno(err),
            fmt::format("{}: {}", fmt::vformat(format.text, fmt::make_format_args(args...)), errno_text(err)), err,
            format.where));
}

// Passes an error on with context in front: `return wrap(std::move(result).error(), "start {}", name);`
template <class... Args>
Failure wrap(Error&& error, std::string_view format, const Args&... args) {
  return Failure(std::move(error).with_context(fmt::vformat(format, fmt::make_format_args(args...))));
}

}  // namespace lodge

#define LODGE_CONCAT_(a, b) a##b
#define LODGE_CONCAT(a, b) LODGE_CONCAT_(a, b)

// TRY(expr): leave the function with expr's error, if it has one. The CO_ forms are for coroutines; `co_await` may stand
// in their expression, since it is awaited into a named variable.
#define TRY(...)                                                                 \
  do {                                                                           \
    auto lodge_result = (__VA_ARGS__);                                           \
    if (!lodge_result) return ::lodge::Failure(std::move(lodge_result).error()); \
  } while (false)

#define CO_TRY(...)                                                                 \
  do {                                                                              \
    auto lodge_result = (__VA_ARGS__);                                              \
    if (!lodge_result) co_return ::lodge::Failure(std::move(lodge_result).error()); \
  } while (false)

// TRY_ASSIGN(Fd fd, open_tap(name)): declare (or assign to) the left with the value of the right.
#define LODGE_TRY_ASSIGN(result, ret, target, ...)              \
  auto result = (__VA_ARGS__);                                  \
  if (!result) ret ::lodge::Failure(std::move(result).error()); \
  target = std::move(*result)

#define TRY_ASSIGN(target, ...) LODGE_TRY_ASSIGN(LODGE_CONCAT(lodge_result_, __LINE__), return, target, __VA_ARGS__)
#define CO_TRY_ASSIGN(target, ...) \
  LODGE_TRY_ASSIGN(LODGE_CONCAT(lodge_result_, __LINE__), co_return, target, __VA_ARGS__)
