#pragma once

#include <string>
#include <string_view>

#include "conf/domain/findings.h"

namespace lodge::conf {

// A <secret> that names one the daemon keeps: by its uuid or by what it is kept for, never by both.
// `path`: the element's.
void check_secret_reference(const std::string& path, std::string_view uuid, std::string_view usage, Findings& findings);

}  // namespace lodge::conf
