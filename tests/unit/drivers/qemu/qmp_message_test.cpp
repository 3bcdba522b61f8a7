#include <catch2/catch.hpp>

#include "drivers/qemu/qmp/lines.h"
#include "drivers/qemu/qmp/message.h"

using namespace lodge;
using namespace lodge::drivers::qemu::qmp;

namespace {

template <class T>
T parsed(std::string_view line) {
  auto message = parse(line);
  REQUIRE(message);
  REQUIRE(std::holds_alternative<T>(*message));
  return std::get<T>(*message);
}

}  // namespace

TEST_CASE("QEMU's greeting carries its version") {
  const auto greeting = parsed<Greeting>(R"({"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": ["oob"]}})");
  CHECK(number(member(greeting.version, "qemu"), "major") == 7);
}

TEST_CASE("an answer has the id of its command and its value") {
  const auto reply = parsed<Reply>(R"({"return": {"status": "running"}, "id": 5})");
  CHECK(reply.id == 5);
  CHECK(text(reply.value, "status") == "running");
  CHECK(reply.error_class.empty());
}

TEST_CASE("a refused command tells QEMU's sentence") {
  const auto reply = parsed<Reply>(R"({"id": 1, "error": {"class": "GenericError", "desc": "Device 'x' not found"}})");
  CHECK(reply.error_class == "GenericError");
  CHECK(reply.error == "Device 'x' not found");
}

TEST_CASE("an event without data has none") {
  const auto event = parsed<Event>(R"({"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"})");
  CHECK(event.name == "STOP");
  CHECK(event.data == Json::object());
}

TEST_CASE("an error without an id is a complaint about what was no command") {
  CHECK(parsed<Complaint>(R"({"error": {"class": "GenericError", "desc": "JSON parse error"}})").error ==
        "JSON parse error");
}

TEST_CASE("what is not a QMP message is refused and never believed") {
  const std::string_view line = GENERATE(
      as<std::string_view>{}, "", "{", "[]", "7", "null", "\"return\"", "{}", R"({"return": {}})", R"({"id": 1})",
      R"({"return": {}, "id": "1"})", R"({"return": {}, "id": -1})", R"({"return": {}, "id": 1.5})",
      R"({"error": {"class": "GenericError"}})", R"({"id": 1, "error": "text"})",
      R"({"id": 1, "error": {"desc": "no class"}})", R"({"event": 7})", R"({"event": ""})", R"({"QMP": 1})",
      "{\"event\": \"\xff\"}", R"({"id": 1, "return": 1} trailing)", "\x00\x01\x02");
  const auto message = parse(line);
  REQUIRE_FALSE(message);
  CHECK(message.error().code() == Code::invalid_argument);
}

TEST_CASE("a message nested as deep as a line is long is no trouble") {
  const std::string deep = R"({"id": 1, "return": )" + std::string(200'000, '[') + std::string(200'000, ']') + "}";
  CHECK(parse(deep).has_value());
}

TEST_CASE("an error shows only the beginning of a line, without control characters") {
  const auto message = parse("\x1b[2J" + std::string(1000, 'x'));
  CHECK(message.error().message().find('\x1b') == std::string::npos);
  CHECK(message.error().message().size() < 200);
}

TEST_CASE("a command is one line with its id") {
  CHECK(format("set_link", {{"name", "net0"}, {"up", false}}, 3) ==
        "{\"arguments\":{\"name\":\"net0\",\"up\":false},\"execute\":\"set_link\",\"id\":3}\n");
  CHECK(format("stop", Json::object(), 4) == "{\"execute\":\"stop\",\"id\":4}\n");
}

TEST_CASE("a newline inside an argument does not end the command") {
  const std::string line = format("x", {{"text", "a\nb"}}, 1);
  CHECK(line.find('\n') == line.size() - 1);
}

TEST_CASE("members of the wrong type count as missing") {
  const Json json = {{"number", "7"}, {"text", 7}, {"flag", "yes"}};
  CHECK(number(json, "number", -1) == -1);
  CHECK(text(json, "text").empty());
  CHECK_FALSE(flag(json, "flag"));
  CHECK(member(Json(7), "anything").is_null());
}

TEST_CASE("lines come out whole, however they arrive") {
  Lines lines;
  lines.add("{\"a\"");
  CHECK_FALSE(*lines.next());
  lines.add(":1}\r\nsecond\nthi");
  CHECK(**lines.next() == "{\"a\":1}");
  CHECK(**lines.next() == "second");
  CHECK_FALSE(*lines.next());
  lines.add("rd\n");
  CHECK(**lines.next() == "third");
  CHECK_FALSE(*lines.next());
}

TEST_CASE("a line that does not end is given up at its bound") {
  Lines lines(10);
  lines.add("0123456789");
  CHECK_FALSE(*lines.next());
  lines.add("0");
  CHECK(lines.next().error().code() == Code::resource_exhausted);
}

TEST_CASE("a finished line over the bound is refused too") {
  Lines lines(3);
  lines.add("abcd\n");
  CHECK(lines.next().error().code() == Code::resource_exhausted);
}
