#include "drivers/qemu/qmp/message.h"

#include <utility>

namespace lodge::drivers::qemu::qmp {

namespace {

const Json kNothing;

// Enough of a line to recognise it in an error message, harmless to print.
std::string excerpt(std::string_view line) {
  std::string out;
  for (const char c : line.substr(0, 80)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return line.size() > 80 ? out + "…" : out;
}

}  // namespace

Result<Message> parse(std::string_view line) {
  Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return fail(Code::invalid_argument, "not a QMP message: {}", excerpt(line));

  if (const Json& greeting = member(json, "QMP"); greeting.is_object()) return Greeting{member(greeting, "version")};

  if (std::string name = text(json, "event"); !name.empty()) {
    const Json& data = member(json, "data");
    return Event{std::move(name), data.is_object() ? data : Json::object()};
  }

  const auto id = json.find("id");
  if (std::string complaint = text(member(json, "error"), "desc"); id == json.end() && !complaint.empty())
    return Complaint{std::move(complaint)};
  if (id == json.end() || !id->is_number_unsigned()) {
    return fail(Code::invalid_argument, "a QMP message that answers nothing: {}", excerpt(line));
  }
  Reply reply{.id = id->get<std::uint64_t>()};
  if (const auto value = json.find("return"); value != json.end()) {
    reply.value = std::move(*value);
    return reply;
  }
  const Json& error = member(json, "error");
  reply.error_class = text(error, "class");
  reply.error = text(error, "desc");
  if (reply.error_class.empty()) {
    return fail(Code::invalid_argument, "a QMP answer without a result: {}", excerpt(line));
  }
  return reply;
}

std::string format(std::string_view command, const Json& arguments, std::uint64_t id) {
  Json json = {{"execute", command}, {"id", id}};
  if (!arguments.empty()) json["arguments"] = arguments;
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + '\n';
}

const Json& member(const Json& object, std::string_view key) {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

std::string text(const Json& object, std::string_view key) {
  const Json& value = member(object, key);
  return value.is_string() ? value.get_ref<const std::string&>() : std::string();
}

std::int64_t number(const Json& object, std::string_view key, std::int64_t otherwise) {
  const Json& value = member(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : otherwise;
}

bool flag(const Json& object, std::string_view key, bool otherwise) {
  const Json& value = member(object, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

}  // namespace lodge::drivers::qemu::qmp
