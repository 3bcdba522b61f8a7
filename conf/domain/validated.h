#pragma once

#include <memory>
#include <utility>

#include "base/result.h"
#include "conf/xml/source_map.h"
#include "lodge/v1/capabilities.pb.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf {

// A definition that has been normalized and checked: complete, with every address assigned and every default written out.
// Only validate() makes one, and drivers accept nothing else. Cheap to copy; never changes.
class ValidatedDomain {
 public:
  const v1::DomainSpec& spec() const { return *spec_; }

 private:
  friend Result<ValidatedDomain> validate(v1::DomainSpec, const v1::Capabilities&, const xml::SourceMap&);
  explicit ValidatedDomain(v1::DomainSpec spec) : spec_(std::make_shared<const v1::DomainSpec>(std::move(spec))) {}

  std::shared_ptr<const v1::DomainSpec> spec_;
};

// Refuses what cannot mean anything: with every finding at once, each with its path, and its line where `source` knows it.
// Error: invalid_argument with findings. Takes normalized specs; `host` says what the emulators here can do.
Result<ValidatedDomain> validate(v1::DomainSpec spec, const v1::Capabilities& host, const xml::SourceMap& source);

}  // namespace lodge::conf
