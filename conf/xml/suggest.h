#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/xml/plan.h"

// What to tell someone who wrote a name that is not known where it stands.
namespace lodge::conf::xml {

// The attributes (or child elements) that the branch knows under the chosen cases, messages mounted there aside.
void collect_names(const Branch& branch, bool attributes, const std::function<bool(const FieldPlan&)>& is_active,
                   std::vector<std::string>& names);

// "unknown attribute; did you mean 'type'?", else what is known there. `what`: attribute, element, field.
std::string unknown_name_message(std::string_view what, std::string_view name, std::vector<std::string> known);

// Whether the member of a union would know `name` in the element that `steps` lead to from the union's own.
bool knows(const FieldPlan& member, const std::vector<std::string>& steps, std::string_view name, bool attribute);

}  // namespace lodge::conf::xml
