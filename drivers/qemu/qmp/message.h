#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace lodge::drivers::qemu::qmp {

using Json = nlohmann::json;

// What QEMU says, one line each. @source QEMU docs/interop/qmp-spec.rst

struct Greeting {
  Json version;  // {"qemu": {"major", "minor", "micro"}, "package"}
};

struct Reply {
  std::uint64_t id = 0;
  Json value;               // what the command returned; unused if it failed
  std::string error_class;  // "GenericError", "CommandNotFound", …; empty if it succeeded
  std::string error;        // QEMU's sentence
};

struct Event {
  std::string name;  // "SHUTDOWN"
  Json data;         // an object, maybe empty
};

// Of input that is no command, and so has no id.
struct Complaint {
  std::string error;  // QEMU's sentence
};

using Message = std::variant<Greeting, Reply, Event, Complaint>;

// Reads one line. Pure, total, any bytes: invalid_argument for what is not a QMP message, with its first characters.
Result<Message> parse(std::string_view line);

// A command as it goes to QEMU, newline included. `arguments` is an object.
std::string format(std::string_view command, const Json& arguments, std::uint64_t id);

// Members of objects that came from outside, without trusting their types: the default if `object` is no object, has no
// such member or one of another type.
std::string text(const Json& object, std::string_view key);
std::int64_t number(const Json& object, std::string_view key, std::int64_t otherwise = 0);
bool flag(const Json& object, std::string_view key, bool otherwise = false);
const Json& member(const Json& object, std::string_view key);  // null if it is not there

}  // namespace lodge::drivers::qemu::qmp
