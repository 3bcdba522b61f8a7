#pragma once

#include <string_view>

#include "base/result.h"
#include "conf/domain/validated.h"
#include "conf/xml/source_map.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

// The way every definition takes before it is stored or run, in the daemon and offline alike.
namespace lodge::conf {

// Completes a definition and checks it. What belongs to a run (aliases, generated names, ports) is taken out first.
// `source` gives findings their lines; an empty one gives none.
// Error: invalid_argument with all findings.
Result<ValidatedDomain> prepare(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source = {});

// The same for a document. `name` is what errors call it: a file name, or empty.
Result<ValidatedDomain> prepare_xml(std::string_view document, const v1::Capabilities& host,
                                    std::string_view name = {});

}  // namespace lodge::conf
