#include "conf/domain/prepare.h"

#include "conf/domain/arrange.h"
#include "conf/domain/device.h"
#include "conf/domain/findings.h"
#include "conf/domain/limits.h"
#include "conf/domain/normalize.h"
#include "conf/view.h"
#include "conf/xml/codec.h"

namespace lodge::conf {

namespace {

// Tells findings about the completed definition as findings about the document.
Failure locate(const Error& error, const Arrangement& arrangement, const xml::SourceMap& source) {
  Findings findings(source);
  for (const auto& finding : error.findings()) {
    findings.add(arrangement.document_path(finding.path), "{}", finding.message);
  }
  auto located = std::move(findings).result();
  return Failure(located ? error : std::move(located).error());
}

}  // namespace

Result<ValidatedDomain> prepare(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source) {
  apply_view(spec, {.view = View::inactive, .secure = true, .foreign = true});
  // Too many devices to arrange are too many for normalize(), which says so.
  const auto arrangement = count_devices(spec) <= kMaxDevices ? arrange(spec) : Arrangement();
  auto complete = normalize(std::move(spec), host, {});
  if (!complete) return locate(complete.error(), arrangement, source);
  auto valid = validate(std::move(*complete), host, {});
  if (!valid) return locate(valid.error(), arrangement, source);
  return valid;
}

Result<ValidatedDomain> prepare_xml(std::string_view document, const v1::Capabilities& host, std::string_view name) {
  TRY_ASSIGN(auto read, xml::parse<v1::DomainSpec>(document, {.view = View::inactive, .name = name}));
  return prepare(std::move(read.message), host, read.source);
}

}  // namespace lodge::conf
