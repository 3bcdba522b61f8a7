#include "drivers/qemu/qmp/link.h"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <optional>

using namespace lodge;
using namespace lodge::drivers::qemu::qmp;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kComplaint =
    R"({"error": {"class": "GenericError", "desc": "JSON parse error, stray '?'"}})";

// A link, and the other end of its socket in the hands of the test. Everything happens on one loop, when told to.
struct Peer {
  asio::io_context loop;
  Fd qemu;
  std::vector<std::string> heard;
  std::optional<Link> link;

  explicit Peer(bool again = false) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
    qemu.reset(ends[1]);
    link.emplace(loop.get_executor(), Fd(ends[0]),
                 Listener{.on_event = [this](const Event& event) { heard.push_back(event.name); },
                          .on_silent = [this] { heard.push_back("silent"); },
                          .on_answering = [this] { heard.push_back("answering"); },
                          .on_closed = [this](const Error& error) { heard.push_back("closed: " + error.message()); }});
    link->start(again);
    turn();
    CHECK(said() == std::string(again ? "\xff\n" : "") + "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
    if (again) says(kComplaint);
    says(R"({"return": {}, "id": 1})");
  }

  void turn() {
    loop.restart();
    loop.poll();
  }
  void says(std::string_view line) {
    const std::string text = std::string(line) + "\r\n";
    REQUIRE(::write(qemu.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    turn();
  }
  std::string said() {
    char buffer[4096];
    const ssize_t n = ::read(qemu.get(), buffer, sizeof buffer);
    return n > 0 ? std::string(buffer, static_cast<std::size_t>(n)) : std::string();
  }
};

// A command under way.
struct Call {
  std::optional<Result<Json>> result;
  asio::cancellation_signal cancel;

  Call(Peer& peer, std::string command, Deadline deadline = Deadline::after(1h)) {
    asio::co_spawn(peer.loop, peer.link->execute(std::move(command), Json::object(), deadline),
                   asio::bind_cancellation_slot(
                       cancel.slot(), [this](std::exception_ptr, Result<Json> answer) { result = std::move(answer); }));
    peer.turn();
  }
};

}  // namespace

TEST_CASE("a command is sent at once and its answer comes back") {
  Peer peer;
  Call status(peer, "query-status");
  CHECK(peer.said() == "{\"execute\":\"query-status\",\"id\":2}\n");
  CHECK_FALSE(status.result.has_value());
  peer.says(R"({"return": {"status": "paused"}, "id": 2})");
  CHECK(text(**status.result, "status") == "paused");
}

TEST_CASE("several commands are in flight together") {
  Peer peer;
  Call one(peer, "one"), two(peer, "two");
  peer.says("{\"return\": 1, \"id\": 2}\r\n{\"return\": 2, \"id\": 3}");
  CHECK(**one.result == 1);
  CHECK(**two.result == 2);
}

TEST_CASE("QEMU's refusal is the command's error") {
  Peer peer;
  Call cont(peer, "cont");
  peer.says(R"({"error": {"class": "GenericError", "desc": "Resetting the Virtual Machine is required"}, "id": 2})");
  CHECK(cont.result->error().code() == Code::failed_precondition);
  CHECK(cont.result->error().message() == "QEMU's cont: Resetting the Virtual Machine is required");
}

TEST_CASE("a command that this QEMU does not have is unsupported") {
  Peer peer;
  Call call(peer, "frobnicate");
  peer.says(R"({"error": {"class": "CommandNotFound", "desc": "The command frobnicate has not been found"}, "id": 2})");
  CHECK(call.result->error().code() == Code::unsupported);
}

TEST_CASE("events are heard in order, between answers too") {
  Peer peer;
  Call stop(peer, "stop");
  peer.says("{\"event\": \"STOP\"}\r\n{\"return\": {}, \"id\": 2}\r\n{\"event\": \"RESUME\"}");
  CHECK(peer.heard == std::vector<std::string>{"STOP", "RESUME"});
  CHECK(stop.result.has_value());
}

TEST_CASE("a passed deadline ends only the wait; the late answer shows that QEMU lives") {
  Peer peer;
  Call slow(peer, "stop", Deadline::after(0s));
  CHECK(slow.result->error().code() == Code::deadline_exceeded);
  CHECK(slow.result->error().message() == "QEMU's stop: no answer within the deadline");
  CHECK(peer.link->is_silent());
  peer.says(R"({"return": {}, "id": 2})");
  CHECK_FALSE(peer.link->is_silent());
  CHECK(peer.heard == std::vector<std::string>{"silent", "answering"});
}

TEST_CASE("while QEMU is silent commands are held back, and sent when it answers") {
  Peer peer;
  Call slow(peer, "stop", Deadline::after(0s));
  peer.said();
  Call next(peer, "query-status");
  CHECK(peer.said().empty());
  peer.says(R"({"return": {}, "id": 2})");
  CHECK(peer.said() == "{\"execute\":\"query-status\",\"id\":3}\n");
  peer.says(R"({"return": {}, "id": 3})");
  CHECK(next.result->has_value());
}

TEST_CASE("a command given up while held back is never sent") {
  Peer peer;
  Call slow(peer, "stop", Deadline::after(0s));
  Call given_up(peer, "cont", Deadline::after(0s));
  peer.said();
  peer.says(R"({"return": {}, "id": 2})");
  CHECK(peer.said().empty());
  CHECK(given_up.result->error().code() == Code::deadline_exceeded);
  CHECK(peer.heard == std::vector<std::string>{"silent", "answering"});
}

TEST_CASE("a cancelled command says so, and does not make QEMU look silent") {
  Peer peer;
  Call call(peer, "stop");
  call.cancel.emit(asio::cancellation_type::terminal);
  peer.turn();
  CHECK(call.result->error().code() == Code::cancelled);
  CHECK_FALSE(peer.link->is_silent());
  peer.says(R"({"return": {}, "id": 2})");
  CHECK(peer.link->is_open());
}

TEST_CASE("commands that nobody answers are bounded") {
  Peer peer;
  for (std::size_t i = 0; i < Link::kMaxCommands; ++i) peer.link->send("query-status");
  Call one_more(peer, "query-status");
  CHECK(one_more.result->error().code() == Code::resource_exhausted);
}

TEST_CASE("when QEMU hangs up, what was waited for fails and so does what comes after") {
  Peer peer;
  Call waiting(peer, "query-status");
  peer.qemu.reset();
  peer.turn();
  CHECK(waiting.result->error().code() == Code::unavailable);
  CHECK(peer.heard == std::vector<std::string>{"closed: QEMU closed its monitor"});
  Call after(peer, "query-status");
  CHECK(after.result->error().code() == Code::unavailable);
}

TEST_CASE("what is not QMP closes the link") {
  Peer peer;
  Call waiting(peer, "query-status");
  peer.says(GENERATE(as<std::string_view>{}, "Segmentation fault", R"({"return": {}, "id": 99})",
                     R"({"return": {}, "id": 1})",
                     R"({"error": {"class": "GenericError", "desc": "JSON parse error"}})"));
  CHECK_FALSE(peer.link->is_open());
  CHECK(waiting.result->error().code() == Code::unavailable);
  CHECK(peer.heard.size() == 1);
}

TEST_CASE("last words are read without waiting") {
  Peer peer;
  const std::string_view words = "{\"event\": \"SHUTDOWN\"}\r\n";
  REQUIRE(::write(peer.qemu.get(), words.data(), words.size()) > 0);
  peer.link->drain();
  CHECK(peer.heard == std::vector<std::string>{"SHUTDOWN"});
}

TEST_CASE("a link that is destroyed while a command waits ends that wait") {
  Peer peer;
  Call waiting(peer, "query-status");
  peer.link.reset();
  peer.turn();
  CHECK(waiting.result->error().code() == Code::unavailable);
  CHECK(peer.heard.empty());
}

TEST_CASE("an event's listener may destroy the link") {
  Peer peer;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  const Fd other(ends[1]);
  std::optional<Link> link;
  link.emplace(peer.loop.get_executor(), Fd(ends[0]), Listener{.on_event = [&link](const Event&) { link.reset(); }});
  link->start();
  const std::string_view two = "{\"event\": \"A\"}\r\n{\"event\": \"B\"}\r\n";
  REQUIRE(::write(other.get(), two.data(), two.size()) > 0);
  peer.turn();
  CHECK_FALSE(link.has_value());
}

TEST_CASE("what somebody who died left half said is forgotten, and QEMU's complaint of that is no trouble") {
  Peer peer(true);
  Call status(peer, "query-status");
  CHECK(peer.said() == "{\"execute\":\"query-status\",\"id\":2}\n");
  peer.says(R"({"return": {"status": "paused"}, "id": 2})");
  REQUIRE(status.result.has_value());
  CHECK(status.result->has_value());
  CHECK(peer.heard.empty());
}

TEST_CASE("a complaint about what we said ends the link") {
  Peer peer;
  peer.says(kComplaint);
  REQUIRE(peer.heard.size() == 1);
  CHECK(peer.heard[0] == "closed: QEMU could not read a command: JSON parse error, stray '?'");
}
