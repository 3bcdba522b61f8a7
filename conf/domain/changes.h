#pragma once

#include <vector>

#include "base/result.h"
#include "conf/xml/diff.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::conf {

// What a new definition would change.
struct Changes {
  std::vector<xml::Difference> differences;  // from the stored definition; secrets by their place alone
  // The guest runs, and runs as something else than the new definition says. What is only said about a guest (title,
  // description, metadata) does not count.
  bool needs_restart = false;
};

// `stored` and `running` are null if there is no such specification; without a stored one, `running` stands in for it. Both
// null: everything is new, and nothing differs. Error: internal if a specification cannot be printed.
Result<Changes> changes(const v1::DomainSpec* stored, const v1::DomainSpec* running, const v1::DomainSpec& next);

}  // namespace lodge::conf
