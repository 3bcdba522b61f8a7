#include "daemon/access/audit.h"

#include <catch2/catch.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "daemon/access/trace.h"
#include "tests/unit/daemon/store/temp_folder.h"

using namespace lodge;
using namespace lodge::access;
using Json = nlohmann::json;

namespace {

AuditEntry entry(const std::string& what) {
  AuditEntry one;
  one.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  one.who = "uid:1000";
  one.from = "pid 7";
  one.what = what;
  one.took = std::chrono::microseconds(12'345);
  one.request_id = "r1";
  return one;
}

// Hands lines to a test, and writes none before it is let.
struct Gate {
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::mutex mutex;
  std::vector<std::string> lines;

  AuditSink sink() {
    return [this](const AuditEntry&, const std::string& line) -> Result<void> {
      opened.wait();
      const std::lock_guard lock(mutex);
      lines.push_back(line);
      return {};
    };
  }
};

}  // namespace

TEST_CASE("an audit entry is one line of JSON") {
  CHECK(
      audit_line(entry("StartDomain")) ==
      R"({"at":"2023-11-14T22:13:20.123Z","who":"uid:1000","from":"pid 7","what":"StartDomain","outcome":"ok","ms":12.3,"request":"r1"})");
}

TEST_CASE("a line stays a line whatever a caller puts into a name") {
  AuditEntry odd = entry("StartDomain");
  odd.object = "x\"\n\"outcome\":\"ok\"\xff";
  odd.outcome = "not_found";
  odd.error =
      "\xc2\x9b"
      "2J";
  const std::string line = audit_line(odd);
  CHECK(line.find('\n') == std::string::npos);
  const Json read = Json::parse(line);
  CHECK(read["object"] == "x\"\n\"outcome\":\"ok\"\uFFFD");
  CHECK(read["outcome"] == "not_found");
  CHECK(read["error"] == "\\x9b2J");
}

TEST_CASE("what a caller makes long is cut before it waits, between characters") {
  std::vector<AuditEntry> written;
  {
    Auditor auditor([&](const AuditEntry& one, const std::string&) -> Result<void> {
      written.push_back(one);
      return {};
    });
    AuditEntry odd = entry("StartDomain");
    odd.object = std::string(499, 'x') + "ü" + std::string(2000, 'y');
    auditor.record(odd);
  }
  REQUIRE(written.size() == 1);
  CHECK(written[0].object == std::string(499, 'x') + "…");
}

TEST_CASE("strangers who are refused again and again are one line with a number") {
  Gate gate;
  {
    Auditor auditor(gate.sink());
    AuditEntry stranger = entry("Connect");
    stranger.who.clear();
    stranger.outcome = "unauthenticated";
    for (int i = 0; i < 1000; ++i) auditor.record(stranger);
    gate.open.set_value();
  }
  CHECK(gate.lines.size() < 100);
  CHECK_FALSE(Json::parse(gate.lines.front()).contains("who"));
}

TEST_CASE("a limit that a caller runs against again and again is one line with a number, and nothing else is") {
  Gate gate;
  {
    Auditor auditor(gate.sink());
    AuditEntry limit = entry("ListDomains");
    limit.outcome = "resource_exhausted";
    auditor.record(entry("first"));
    for (int i = 0; i < 1000; ++i) auditor.record(limit);
    for (int i = 0; i < 3; ++i) auditor.record(entry("last"));
    gate.open.set_value();
  }
  std::uint64_t times = 0;
  for (const std::string& line : gate.lines) {
    const Json read = Json::parse(line);
    if (read["what"] == "ListDomains") times += read.value("times", std::uint64_t{1});
  }
  CHECK(times == 1000);
  CHECK(gate.lines.size() < 100);
  CHECK(gate.lines.size() >= 5);
}

TEST_CASE("entries are written in order, all of them by the end") {
  Gate gate;
  gate.open.set_value();
  {
    Auditor auditor(gate.sink());
    for (int i = 0; i < 100; ++i) auditor.record(entry(std::to_string(i)));
  }
  REQUIRE(gate.lines.size() == 100);
  for (int i = 0; i < 100; ++i)
    CHECK(Json::parse(gate.lines[static_cast<std::size_t>(i)])["what"] == std::to_string(i));
}

TEST_CASE("a sink that hangs stops nobody: what does not fit is counted, and told once it goes on") {
  Gate gate;
  {
    Auditor auditor(gate.sink(), 4);
    for (int i = 0; i < 20; ++i) auditor.record(entry("StartDomain"));
    // One may be in the sink already, beside the four that wait.
    CHECK(auditor.dropped() >= 15);
    CHECK(auditor.dropped() <= 16);
    gate.open.set_value();
  }
  REQUIRE(gate.lines.size() >= 5);
  std::size_t told = 0;
  for (const std::string& line : gate.lines) {
    const Json read = Json::parse(line);
    if (read["what"] != "AuditDropped") continue;
    ++told;
    CHECK_THAT(read["error"].get<std::string>(), Catch::StartsWith("audit dropped 1"));
  }
  CHECK(told == 1);
}

TEST_CASE("a file that is rotated away is followed by a new one") {
  const test::TempFolder folder;
  const fs::path file = folder.path() / "audit.log";
  auto sink = audit_to_file(file);
  REQUIRE(sink);
  REQUIRE((*sink)({}, "one"));
  fs::rename(file, folder.path() / "audit.log.1");
  REQUIRE((*sink)({}, "two"));
  CHECK(read_file(file) == "two\n");
  CHECK(read_file(folder.path() / "audit.log.1") == "one\n");
  CHECK_FALSE(audit_to_file(folder.path() / "nowhere" / "audit.log"));
}

TEST_CASE("a trace is taken over if it is well-formed, and else ignored") {
  const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(valid_traceparent(good) == good);
  for (const std::string& bad : {std::string(), good + "0", "01" + good.substr(2), good.substr(0, 54) + "\n",
                                 std::string("00-00000000000000000000000000000000-00f067aa0ba902b7-01"),
                                 std::string("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"),
                                 std::string("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01")})
    CHECK(valid_traceparent(bad).empty());
}
