#include "client/cli/data.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "conf/json.h"

namespace lodge::cli {

namespace {

constexpr int kMaxValues = 200'000;
constexpr int kMaxDepth = 100;

// Whether YAML readers, old ones too, take the bare text for this very string.
bool safe_unquoted(std::string_view text) {
  constexpr std::string_view kTaken[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (std::ranges::find(kTaken, lower) != std::end(kTaken)) return false;
  const auto plain = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '/' || c == '.'; };
  return !text.empty() && (std::isalpha(static_cast<unsigned char>(text.front())) || text.front() == '/') &&
         std::ranges::all_of(text, plain);
}

void emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, member] : value.items()) {
      out << YAML::Key << key << YAML::Value;
      emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const Json& element : value) emit(out, element);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (!safe_unquoted(text)) out << YAML::DoubleQuoted;
    out << text;
  } else {
    out << value.dump();
  }
}

Result<Json> convert(const YAML::Node& node, int depth, int& values) {
  if (++values > kMaxValues) return fail(Code::invalid_argument, "the document has more than {} values", kMaxValues);
  if (depth > kMaxDepth) return fail(Code::invalid_argument, "line {}: nested too deeply", node.Mark().line + 1);
  switch (node.Type()) {
    case YAML::NodeType::Scalar: return Json(node.Scalar());
    case YAML::NodeType::Sequence: {
      Json array = Json::array();
      for (const YAML::Node& element : node) {
        TRY_ASSIGN(Json one, convert(element, depth + 1, values));
        array.push_back(std::move(one));
      }
      return array;
    }
    case YAML::NodeType::Map: {
      Json object = Json::object();
      for (const auto& entry : node) {
        if (!entry.first.IsScalar())
          return fail(Code::invalid_argument, "line {}: a key must be a word", entry.first.Mark().line + 1);
        if (object.contains(entry.first.Scalar()))
          return fail(Code::invalid_argument, "line {}: '{}' is there twice", entry.first.Mark().line + 1,
                      entry.first.Scalar());
        TRY_ASSIGN(Json one, convert(entry.second, depth + 1, values));
        object[entry.first.Scalar()] = std::move(one);
      }
      return object;
    }
    default: return Json(nullptr);
  }
}

}  // namespace

Result<Json> json_of(const google::protobuf::Message& message) {
  TRY_ASSIGN(const std::string text, conf::to_json(message, {.pretty = false}));
  return Json::parse(text);
}

Json json_of(const Table& table) {
  Json list = Json::array();
  for (const auto& row : table.rows()) {
    Json object = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      std::string key = table.headers()[i];
      std::ranges::transform(key, key.begin(), [](unsigned char c) { return c == ' ' ? '_' : std::tolower(c); });
      object[key] = row[i] == "-" ? Json(nullptr) : Json(row[i]);
    }
    list.push_back(std::move(object));
  }
  return list;
}

std::string print_data(const Json& data, Form form) {
  if (form == Form::json) return data.dump(2) + "\n";
  YAML::Emitter out;
  emit(out, data);
  return std::string(out.c_str()) + "\n";
}

std::string print_line(const Json& data) { return data.dump() + "\n"; }

Result<std::string> json_from_yaml(std::string_view text) {
  // yaml-cpp reports by exception, and only here.
  try {
    int values = 0;
    TRY_ASSIGN(const Json json, convert(YAML::Load(std::string(text)), 0, values));
    return json.dump();
  } catch (const YAML::Exception& e) {
    return fail(Code::invalid_argument, "line {}: {}", e.mark.line + 1, e.msg);
  } catch (const Json::exception&) {
    return fail(Code::invalid_argument, "the document is not UTF-8");
  }
}

}  // namespace lodge::cli
