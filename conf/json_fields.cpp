#include "conf/json_fields.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>

#include "conf/xml/suggest.h"
#include "conf/xml/text.h"
#include "conf/xml/value.h"

namespace lodge::conf {

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::OneofDescriptor;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxFindings = 100;
constexpr int kMaxDepth = 100;  // as deep as protobuf goes

std::string_view shape_of(const Json& json) {
  if (json.is_null()) return "empty";
  if (json.is_object()) return "an object";
  return json.is_array() ? "a list" : "a single value";
}

// As it was written, for messages.
std::string written(const Json& json) {
  return json.is_string() ? json.get<std::string>() : json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> names_of(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return names;
}

const FieldDescriptor* find_field(const Descriptor& type, const std::string& name) {
  if (const auto* field = type.FindFieldByName(name)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name) return type.field(i);
  }
  return nullptr;
}

// Of the whole text; nothing for anything else, or what has no room.
template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return number;
}

class Settler {
 public:
  explicit Settler(const FromJsonOptions& options) : options_(options) {}

  std::vector<Finding> run(Json& json, const Descriptor& type) {
    if (json.is_object()) {
      settle_object(json, type, {}, 0);
    } else {
      complain({}, fmt::format("the {} is {}; {} is an object with fields: {}{}", options_.form, shape_of(json),
                               subject(), xml::join(names_of(type), 4), aside()));
    }
    return std::move(findings_);
  }

 private:
  void complain(std::string path, std::string message) {
    if (findings_.size() < kMaxFindings)
      findings_.push_back({.line = 0, .path = std::move(path), .message = std::move(message)});
  }

  std::string subject() const {
    if (options_.kind.empty()) return "it";
    const bool vowel = std::string_view("aeiou").find(options_.kind.front()) != std::string_view::npos;
    return fmt::format("{} {}", vowel ? "an" : "a", options_.kind);
  }

  // Where nobody said what kind it is.
  std::string aside() const {
    return options_.otherwise.empty() ? "" : fmt::format(" (it is read as {}; {})", subject(), options_.otherwise);
  }

  void settle_object(Json& json, const Descriptor& type, const std::string& path, int depth) {
    if (depth > kMaxDepth) return complain(path, "nested too deeply");
    std::map<const OneofDescriptor*, std::string> chosen;
    std::map<const FieldDescriptor*, std::string> spelled;
    for (auto& [name, value] : json.items()) {
      const std::string at = fmt::format("{}.{}", path, name);
      const FieldDescriptor* field = find_field(type, name);
      if (!field) {
        std::string message = xml::unknown_name_message("field", name, names_of(type));
        complain(at, depth == 0 ? message + aside() : std::move(message));
        continue;
      }
      if (const auto [first, fresh] = spelled.try_emplace(field, name); !fresh) {
        complain(at, fmt::format("is there already, as '{}'", first->second));
        continue;
      }
      if (value.is_null()) continue;
      if (const auto* choice = field->real_containing_oneof()) {
        const auto [first, fresh] = chosen.try_emplace(choice, name);
        if (!fresh) complain(at, fmt::format("excludes '{}', which is there, too", first->second));
      }
      settle_field(value, *field, at, depth);
    }
  }

  void settle_field(Json& value, const FieldDescriptor& field, const std::string& path, int depth) {
    if (field.is_map()) return;
    if (!field.is_repeated()) return settle_one(value, field, path, depth);
    if (!value.is_array()) return complain(path, fmt::format("is {}; a list is expected", shape_of(value)));
    for (std::size_t i = 0; i < value.size(); ++i) {
      settle_one(value[i], field, fmt::format("{}[{}]", path, i), depth);
    }
  }

  void settle_one(Json& value, const FieldDescriptor& field, const std::string& path, int depth) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field.message_type()->full_name().starts_with("google.protobuf."))
        return;  // they have spellings of their own
      if (value.is_object()) return settle_object(value, *field.message_type(), path, depth + 1);
      const auto names = names_of(*field.message_type());
      return complain(path, fmt::format("is {}; an object is expected{}{}", shape_of(value),
                                        names.empty() ? "" : ", with fields: ", xml::join(names, 8)));
    }
    if (!value.is_primitive() || value.is_null())
      return complain(path, fmt::format("is {}; a single value is expected", shape_of(value)));
    settle_scalar(value, field, path);
  }

  void settle_scalar(Json& value, const FieldDescriptor& field, const std::string& path) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_ENUM: return settle_enum(value, *field.enum_type(), path);
      case FieldDescriptor::CPPTYPE_BOOL: return settle_bool(value, path);
      case FieldDescriptor::CPPTYPE_INT32: return check_number<std::int32_t>(value, field, path);
      case FieldDescriptor::CPPTYPE_INT64: return check_number<std::int64_t>(value, field, path);
      case FieldDescriptor::CPPTYPE_UINT32: return check_number<std::uint32_t>(value, field, path);
      case FieldDescriptor::CPPTYPE_UINT64: return check_number<std::uint64_t>(value, field, path);
      case FieldDescriptor::CPPTYPE_STRING: return settle_string(value, field, path);
      default: return;
    }
  }

  void settle_enum(Json& value, const EnumDescriptor& type, const std::string& path) {
    const std::string text = written(value);
    const auto number = number_in<std::int32_t>(text);
    if (type.FindValueByName(text) || (number && type.FindValueByNumber(*number))) return;
    const auto spellings = xml::spellings_of(type);
    const auto* known = spellings.by_text(text);
    if (!known) return complain(path, fmt::format("'{}' is not one of {}", text, xml::join(spellings.written, 24)));
    value = type.FindValueByNumber(known->number)->name();
  }

  void settle_bool(Json& value, const std::string& path) {
    const std::string text = written(value);
    if (text == "true" || text == "yes" || text == "on") {
      value = true;
    } else if (text == "false" || text == "no" || text == "off") {
      value = false;
    } else {
      complain(path, fmt::format("'{}' is not one of true, false", text));
    }
  }

  // What only documents with a certain form can carry is held to it here, with everything else.
  void settle_string(Json& value, const FieldDescriptor& field, const std::string& path) {
    if (!value.is_string()) return complain(path, fmt::format("text is expected: \"{}\"", written(value)));
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty()) return;
    const auto kept = xml::canonical_text(field, text);
    if (!kept) return complain(path, kept.error().message());
    value = *kept;
  }

  template <class Number>
  void check_number(Json& value, const FieldDescriptor& field, const std::string& path) {
    std::string text = written(value);
    // YAML's readers do not agree on what a leading zero means.
    const bool octal = field.options().GetExtension(::lodge::xml::kind) == ::lodge::xml::OCTAL;
    if (text.size() > 1 && text.front() == '0' && text.find_first_not_of("0123456789") == text.npos) {
      const auto read = number_in<std::uint32_t>(text, 8);
      if (!octal || !read)
        return complain(path,
                        fmt::format("'{}' may be meant as octal or as decimal: leave the leading zeros out", text));
      value = *read;
      return;
    }
    if (number_in<Number>(text) && !value.is_boolean()) return;
    complain(path, fmt::format("'{}' is not a whole number from {} to {}", text, std::numeric_limits<Number>::min(),
                               std::numeric_limits<Number>::max()));
  }

  const FromJsonOptions& options_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> settle_fields(Json& json, const Descriptor& type, const FromJsonOptions& options) {
  return Settler(options).run(json, type);
}

}  // namespace lodge::conf
