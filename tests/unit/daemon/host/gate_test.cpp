#include "daemon/host/gate.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <map>

namespace lodge::host {
namespace {

using Pass = Gate::Pass;

// Visitors of one gate, each of whom keeps what it got.
struct Visits {
  Result<void> outcome(const std::string& who) {
    const auto& result = results.at(who);
    return result ? Result<void>{} : Failure(result.error());
  }
  void visit(const std::string& who, Deadline deadline = Deadline::after(std::chrono::hours(1)),
             bool take_over = false) {
    Gate::Holder me{.verb = who, .who = "uid:0", .cancel = [this, who] { cancelled += who; }};
    auto entering = take_over ? gate.take_over(std::move(me), deadline) : gate.enter(std::move(me), deadline);
    asio::co_spawn(loop, keep(who, std::move(entering)),
                   asio::bind_cancellation_slot(signals[who].slot(), asio::detached));
    step();
  }
  Task<void> keep(std::string who, Task<Result<Pass>> entering) {
    auto result = co_await std::move(entering);
    results.emplace(std::move(who), std::move(result));
  }
  void leave(const std::string& who) {
    results.erase(who);
    step();
  }
  void step() {
    loop.restart();
    loop.poll();
  }

  asio::io_context loop;
  int changes = 0;
  Gate gate{[this] { ++changes; }};
  std::map<std::string, asio::cancellation_signal> signals;
  std::map<std::string, Result<Pass>> results;
  std::string cancelled;
};

TEST_CASE("a gate lets one in at a time, in the order they came") {
  Visits visits;
  visits.visit("start");
  visits.visit("suspend");
  visits.visit("resume");
  CHECK(visits.outcome("start"));
  CHECK(visits.results.size() == 1);
  visits.leave("start");
  CHECK(visits.outcome("suspend"));
  CHECK(visits.results.size() == 1);
  visits.leave("suspend");
  CHECK(visits.outcome("resume"));
  visits.leave("resume");
  CHECK(visits.gate.idle());
  CHECK(visits.changes == 4);
}

TEST_CASE("who waits in vain is told for whom, for how long, and since when that one is there") {
  Visits visits;
  visits.visit("start");
  visits.visit("suspend", Deadline::after(std::chrono::milliseconds(-1)));
  const auto outcome = visits.outcome("suspend");
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code() == Code::deadline_exceeded);
  CHECK_THAT(outcome.error().message(), Catch::Matches("waited .* s for start, begun .* s ago by uid:0"));
  visits.leave("start");
  CHECK(visits.gate.idle());
}

TEST_CASE("who is cancelled while waiting leaves the queue") {
  Visits visits;
  visits.visit("start");
  visits.visit("suspend");
  visits.visit("resume");
  visits.signals["suspend"].emit(asio::cancellation_type::terminal);
  visits.step();
  CHECK(visits.outcome("suspend").error().code() == Code::cancelled);
  visits.leave("start");
  CHECK(visits.outcome("resume"));
}

TEST_CASE("a take-over cancels the holder and goes before all who wait") {
  Visits visits;
  visits.visit("start");
  visits.visit("suspend");
  visits.visit("destroy", Deadline::after(std::chrono::hours(1)), true);
  CHECK(visits.cancelled == "start");
  CHECK(visits.results.size() == 1);
  visits.leave("start");
  CHECK(visits.outcome("destroy"));
  CHECK_FALSE(visits.results.contains("suspend"));
}

TEST_CASE("lengths of time are told in one decimal while they are short") {
  CHECK(duration_text(std::chrono::milliseconds(5040)) == "5.0 s");
  CHECK(duration_text(std::chrono::milliseconds(12400)) == "12 s");
}

}  // namespace
}  // namespace lodge::host
