#include "client/cli/command.h"

#include <cstdlib>

namespace lodge::cli {

std::string_view to_string(Form form) {
  switch (form) {
    case Form::table: return "table";
    case Form::json: return "json";
    case Form::yaml: return "yaml";
    case Form::xml: return "xml";
    case Form::name: return "name";
  }
  return "table";
}

const std::vector<std::string>& Args::all(std::string_view name) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(name);
  return found == values_.end() ? kNone : found->second;
}

const std::string& Args::text(std::string_view name) const {
  static const std::string kEmpty;
  const auto& values = all(name);
  return values.empty() ? kEmpty : values.back();
}

double Args::number(std::string_view name, double fallback) const {
  const std::string& value = text(name);
  return value.empty() ? fallback : std::strtod(value.c_str(), nullptr);
}

}  // namespace lodge::cli
