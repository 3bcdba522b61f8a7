#include <catch2/catch.hpp>

#include "base/result.h"

using namespace lodge;

namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Code::invalid_argument, "{} is odd", n);
  return n / 2;
}

Result<int> quarter(int n) {
  TRY_ASSIGN(const int h, half(n));
  TRY_ASSIGN(const int q, half(h));
  return q;
}

Result<void> need_even(int n) {
  TRY(half(n));
  return {};
}

}  // namespace

TEST_CASE("TRY_ASSIGN hands on the value, or leaves with the first error") {
  CHECK(quarter(8) == 2);
  CHECK(quarter(6).error().message() == "3 is odd");
  CHECK(quarter(5).error().message() == "5 is odd");
}

TEST_CASE("TRY leaves with the error of what it tried") {
  CHECK(need_even(2));
  CHECK(need_even(3).error().code() == Code::invalid_argument);
}

TEST_CASE("context goes in front of the sentence and keeps code and findings") {
  auto error = Error(Code::not_found, "no such link").with_findings({{.line = 3, .path = "/a", .message = "m"}});
  const Failure wrapped = wrap(std::move(error), "start {}", "web1");
  CHECK(wrapped.error().message() == "start web1: no such link");
  CHECK(wrapped.error().code() == Code::not_found);
  CHECK(wrapped.error().findings().size() == 1);
}

TEST_CASE("a failed system call says what was tried and why it failed") {
  const Failure failure = fail_errno(ENOENT, "open {}", "/dev/tap7");
  CHECK(failure.error().message() == "open /dev/tap7: No such file or directory");
  CHECK(failure.error().code() == Code::not_found);
  CHECK(failure.error().sys() == ENOENT);
}

TEST_CASE("an error remembers where it was made") {
  const Failure failure = fail(Code::internal, "x");
  CHECK(std::string_view(failure.error().where().file_name()).ends_with("error_test.cpp"));
}

TEST_CASE("every code has a name of its own") {
  std::vector<std::string_view> names;
  for (int c = 0; c <= static_cast<int>(Code::internal); ++c) names.push_back(to_string(static_cast<Code>(c)));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}
