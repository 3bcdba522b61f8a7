#include "conf/domain/changes.h"

#include "conf/xml/codec.h"

namespace lodge::conf {
namespace {

Result<std::string> definition(const v1::DomainSpec& spec, bool secure = false) {
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

}  // namespace

Result<Changes> changes(const v1::DomainSpec* stored, const v1::DomainSpec* running, const v1::DomainSpec& next) {
  Changes found;
  if (const v1::DomainSpec* const before = stored ? stored : running) {
    TRY_ASSIGN(const std::string old_text, definition(*before));
    TRY_ASSIGN(const std::string new_text, definition(next));
    TRY_ASSIGN(found.differences, xml::diff(old_text, new_text));
  }
  if (running) {
    // A new password needs a restart too, though it is not shown.
    TRY_ASSIGN(const std::string runs, definition(machine(*running), /*secure=*/true));
    TRY_ASSIGN(const std::string would_run, definition(machine(next), /*secure=*/true));
    found.needs_restart = runs != would_run;
  }
  return found;
}

}  // namespace lodge::conf
