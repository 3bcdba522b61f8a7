#include "client/cli/data.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "conf/json.h"
#include "conf/xml/text.h"

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

// YAML's nodes as JSON.
class YamlReader {
 public:
  Result<Json> convert(const YAML::Node& node, const std::string& path, int depth) {
    if (++values_ > kMaxValues) return fail(Code::invalid_argument, "the document has more than {} values", kMaxValues);
    if (depth > kMaxDepth) return fail(Code::invalid_argument, "line {}: nested too deeply", node.Mark().line + 1);
    switch (node.Type()) {
      case YAML::NodeType::Scalar: return Json(node.Scalar());
      case YAML::NodeType::Sequence: return convert_list(node, path, depth);
      case YAML::NodeType::Map: return convert_map(node, path, depth);
      default: return Json(nullptr);
    }
  }

  std::map<std::string, int> take_lines() { return std::move(lines_); }

 private:
  Result<Json> convert_list(const YAML::Node& node, const std::string& path, int depth) {
    Json array = Json::array();
    for (const YAML::Node& element : node) {
      const std::string at = fmt::format("{}[{}]", path, array.size());
      lines_.try_emplace(at, element.Mark().line + 1);
      TRY_ASSIGN(Json one, convert(element, at, depth + 1));
      array.push_back(std::move(one));
    }
    return array;
  }

  Result<Json> convert_map(const YAML::Node& node, const std::string& path, int depth) {
    Json object = Json::object();
    for (const auto& entry : node) {
      const int line = entry.first.Mark().line + 1;
      if (!entry.first.IsScalar()) return fail(Code::invalid_argument, "line {}: a key must be a word", line);
      const std::string& key = entry.first.Scalar();
      if (object.contains(key)) return fail(Code::invalid_argument, "line {}: '{}' is there twice", line, key);
      const std::string at = fmt::format("{}.{}", path, key);
      lines_.try_emplace(at, line);
      TRY_ASSIGN(Json one, convert(entry.second, at, depth + 1));
      object[key] = std::move(one);
    }
    return object;
  }

  int values_ = 0;
  std::map<std::string, int> lines_;
};

// A place in a text, and the line of what was read last.
struct Place {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at;
  int* line;

  const char& operator*() const { return *at; }
  Place& operator++() {
    *line += *at == '\n' ? 1 : 0;
    ++at;
    return *this;
  }
  Place operator++(int) { return std::exchange(*this, Place(*this).operator++()); }
  bool operator==(const Place& other) const { return at == other.at; }
};

// Builds JSON from what the parser meets, and stops it where it is too much or says something twice.
class JsonReader final : public nlohmann::json_sax<Json> {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  Result<Data> run() {
    const char* const end = text_.data() + text_.size();
    if (!Json::sax_parse(Place{text_.data(), &line_}, Place{end, &line_}, this))
      return fail(Code::invalid_argument, "{}", wrong_);
    return Data{root_.dump(), std::move(lines_)};
  }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t&) override { return add(value); }
  bool string(string_t& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return refuse("JSON has no binary values"); }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (open_.back().value->contains(name))
      return refuse(fmt::format("line {}: {}.{}: is there twice", line_, open_.back().path, name));
    key_ = std::move(name);
    lines_.try_emplace(next_path(), line_);
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
    const auto line = 1 + std::ranges::count(text_.substr(0, position > 0 ? position - 1 : 0), '\n');
    std::string_view what = error.what();
    if (conf::xml::is_blank(text_)) {
      what = "the document is empty";
    } else if (what.find("; expected end of input") != what.npos) {
      what = "the document ended before this; only one is expected";
    } else if (const auto column = what.find("column "); column != what.npos) {
      what.remove_prefix(std::min(what.find(": ", column) + 2, what.size()));
    }
    return refuse(fmt::format("line {}: {}", line, what));
  }

 private:
  bool refuse(std::string message) {
    wrong_ = std::move(message);
    return false;
  }

  bool add(Json value) { return place(std::move(value)) != nullptr; }

  // A container stays where it is as long as it is open: nothing is added around it.
  bool open(Json value) {
    if (open_.size() >= kMaxDepth) return refuse("the document is nested too deeply");
    std::string path = next_path();
    Json* const placed = place(std::move(value));
    if (placed) open_.push_back({placed, std::move(path)});
    return placed != nullptr;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  // Null if it is one too many.
  Json* place(Json value) {
    if (++values_ > kMaxValues) {
      refuse(fmt::format("the document has more than {} values", kMaxValues));
      return nullptr;
    }
    if (open_.empty()) return &(root_ = std::move(value));
    Json& around = *open_.back().value;
    if (around.is_array()) lines_.try_emplace(next_path(), line_);
    if (around.is_object()) return &(around[key_] = std::move(value));
    around.push_back(std::move(value));
    return &around.back();
  }

  // Of what is placed next.
  std::string next_path() const {
    if (open_.empty()) return {};
    const auto& [around, path] = open_.back();
    return around->is_object() ? fmt::format("{}.{}", path, key_) : fmt::format("{}[{}]", path, around->size());
  }

  struct Open {
    Json* value;
    std::string path;
  };

  std::string_view text_;
  int line_ = 1;
  std::map<std::string, int> lines_;
  Json root_;
  std::vector<Open> open_;
  std::string key_;
  int values_ = 0;
  std::string wrong_;
};

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

Result<Data> read_yaml(std::string_view text) {
  // yaml-cpp reports by exception, and only here.
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.size() > 1)
      return fail(Code::invalid_argument, "line {}: another document begins here; one is expected",
                  documents[1].Mark().line + 1);
    YamlReader reader;
    TRY_ASSIGN(const Json json, reader.convert(documents.empty() ? YAML::Node() : documents.front(), {}, 0));
    return Data{json.dump(), reader.take_lines()};
  } catch (const YAML::DeepRecursion& e) {
    return fail(Code::invalid_argument, "line {}: nested too deeply", e.mark.line + 1);
  } catch (const YAML::Exception& e) {
    return fail(Code::invalid_argument, "line {}: {}", e.mark.line + 1, e.msg);
  } catch (const Json::exception&) {
    return fail(Code::invalid_argument, "the document is not UTF-8");
  }
}

Result<Data> read_json(std::string_view text) {
  try {
    return JsonReader(text).run();
  } catch (const Json::exception&) {
    return fail(Code::invalid_argument, "the document is not UTF-8");
  }
}

}  // namespace lodge::cli
