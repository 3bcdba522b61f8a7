#include "daemon/host/operation.h"

#include <catch2/catch.hpp>

namespace lodge::host {
namespace {

OperationPtr begin(Operations& operations, const std::string& verb) {
  return operations
      .begin({.verb = verb,
              .caller = "uid:0",
              .project = "default",
              .domain_uuid = "u",
              .domain_name = "web1",
              .request_id = "request-1",
              .traceparent = {}})
      .value();
}

TEST_CASE("an operation tells what it does, and in the end how it went") {
  Operations operations;
  const OperationPtr operation = begin(operations, "start");
  CHECK(operation->facts().state() == v1::OPERATION_STATE_WAITING);
  operation->begin();
  operation->step("planning", 40);
  operation->step("earlier", 10);
  CHECK(operation->facts().state() == v1::OPERATION_STATE_RUNNING);
  CHECK(operation->facts().percent() == 40);

  const Error error(Code::busy, "no");
  operation->end(&error, "request-1");
  const v1::Operation facts = operations.find(operation->id()).value()->facts();
  CHECK(facts.state() == v1::OPERATION_STATE_FAILED);
  CHECK(facts.error().code() == "busy");
  CHECK(facts.error().subject() == "web1");
  CHECK(facts.error().request_id() == "request-1");
  CHECK(facts.percent() == 100);
}

TEST_CASE("operations are listed newest first, ended ones only if asked for") {
  Operations operations;
  begin(operations, "start")->end(nullptr, "");
  begin(operations, "suspend");
  REQUIRE(operations.list(true).size() == 2);
  CHECK(operations.list(true)[0].verb() == "suspend");
  CHECK(operations.list(true)[1].state() == v1::OPERATION_STATE_DONE);
  CHECK(operations.list(false).size() == 1);
}

TEST_CASE("ended operations are forgotten after an hour, or when they are too many; running ones never") {
  Operations operations;
  const OperationPtr running = begin(operations, "start");
  for (std::size_t i = 0; i < Operations::kMostEnded + 5; ++i) begin(operations, "suspend")->end(nullptr, "");
  const auto now = std::chrono::steady_clock::now();
  operations.prune(now);
  CHECK(operations.list(true).size() == Operations::kMostEnded + 1);
  operations.prune(now + Operations::kKeepEnded + std::chrono::minutes(1));
  REQUIRE(operations.list(true).size() == 1);
  CHECK(operations.list(true)[0].id() == running->id());
}

TEST_CASE("more operations at once than the daemon takes are refused") {
  Operations operations;
  for (std::size_t i = 0; i < Operations::kMostRunning; ++i) begin(operations, "start");
  const auto refused = operations.begin({.verb = "start",
                                         .caller = "uid:0",
                                         .project = "default",
                                         .domain_uuid = "u",
                                         .domain_name = "web1",
                                         .request_id = {},
                                         .traceparent = {}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code() == Code::resource_exhausted);
}

}  // namespace
}  // namespace lodge::host
