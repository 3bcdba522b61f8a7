#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace lodge::cli {

// An error as the user sees it, with a newline at the end:
//
//   web1.xml:14: /domain/devices/interface[2]/@type: 'foo' is not one of bridge, network, direct
//   lodge: define web1.xml: the document has 1 mistake
//
// `doing` is what was tried: "start web1". `document` is the file's name if a document was sent, else empty; findings
// that belong to no document are told as they are.
std::string render_error(const Error& error, std::string_view doing, std::string_view document);

}  // namespace lodge::cli
