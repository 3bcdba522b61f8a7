#include "conf/domain/prepare.h"

#include "conf/domain/normalize.h"
#include "conf/view.h"
#include "conf/xml/codec.h"

namespace lodge::conf {

Result<ValidatedDomain> prepare(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source) {
  apply_view(spec, {.view = View::inactive, .secure = true, .foreign = true});
  TRY_ASSIGN(auto complete, normalize(std::move(spec), host, source));
  return validate(std::move(complete), host, source);
}

Result<ValidatedDomain> prepare_xml(std::string_view document, const v1::Capabilities& host, std::string_view name) {
  TRY_ASSIGN(auto read, xml::parse<v1::DomainSpec>(document, {.view = View::inactive, .name = name}));
  return prepare(std::move(read.message), host, read.source);
}

}  // namespace lodge::conf
