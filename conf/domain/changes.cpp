#include "conf/domain/changes.h"

#include <algorithm>

#include "conf/xml/codec.h"

namespace lodge::conf {
namespace {

Result<std::string> definition(const v1::DomainSpec& spec, bool secure) {
  auto text = xml::format(spec, {.view = {.view = View::inactive, .secure = secure}});
  if (!text) return Failure(Error(Code::internal, text.error().message()).with_context("print a definition"));
  return text;
}

// What a guest is made of: without what is only said about it.
v1::DomainSpec machine(v1::DomainSpec spec) {
  spec.clear_title();
  spec.clear_description();
  spec.clear_metadata();
  return spec;
}

Result<std::vector<xml::Difference>> differences(const v1::DomainSpec& before, const v1::DomainSpec& after,
                                                 bool secure) {
  TRY_ASSIGN(const std::string old_text, definition(before, secure));
  TRY_ASSIGN(const std::string new_text, definition(after, secure));
  return xml::diff(old_text, new_text);
}

// The place itself, or an element around it that comes or goes as a whole.
bool is_told(const std::vector<xml::Difference>& told, const std::string& path) {
  return std::ranges::any_of(told, [&](const xml::Difference& difference) {
    return path == difference.path || path.starts_with(difference.path + "/");
  });
}

// What differs in a secret is told by its place alone.
xml::Difference hidden(xml::Difference difference) {
  constexpr const char* kHidden = "(secret)";
  if (!difference.before.empty()) difference.before = kHidden;
  if (!difference.after.empty()) difference.after = kHidden;
  return difference;
}

}  // namespace

Result<Changes> changes(const v1::DomainSpec* stored, const v1::DomainSpec* running, const v1::DomainSpec& next) {
  Changes found;
  if (const v1::DomainSpec* const before = stored ? stored : running) {
    TRY_ASSIGN(found.differences, differences(*before, next, /*secure=*/false));
    TRY_ASSIGN(auto with_secrets, differences(*before, next, /*secure=*/true));
    for (xml::Difference& difference : with_secrets) {
      if (!is_told(found.differences, difference.path)) found.differences.push_back(hidden(std::move(difference)));
    }
  }
  if (running) {
    TRY_ASSIGN(const std::string runs, definition(machine(*running), /*secure=*/true));
    TRY_ASSIGN(const std::string would_run, definition(machine(next), /*secure=*/true));
    found.needs_restart = runs != would_run;
  }
  return found;
}

}  // namespace lodge::conf
