#pragma once

#include <google/protobuf/message.h>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "conf/view.h"
#include "conf/xml/source_map.h"

// XML in and out of annotated messages (lodge/xml/options.proto). Everything here may be called on any thread.
namespace lodge::conf::xml {

struct ParseOptions {
  // What a document of this kind may carry; the rest is taken out after reading. LIVE trusts the document's generated names.
  View view = View::inactive;
  std::string_view name = {};               // of the file, for the error's sentence
  std::size_t max_bytes = 4 * 1024 * 1024;  // refused before a byte is parsed
  std::size_t max_nodes = 100'000;          // elements, texts and comments
  int max_depth = 64;
};

// A message and where it was read from.
template <class M>
struct Document {
  M message;
  SourceMap source;
};

// Reads a document strictly into a cleared `message`: what is not described is refused, all mistakes at once.
// Error: invalid_argument with a finding for each ({line, path, what would have been right}; at most 100), in document
// order; internal if the annotations of the message are broken (see plan.h).
Result<SourceMap> parse_into(std::string_view xml, google::protobuf::Message& message,
                             const ParseOptions& options = {});

template <std::derived_from<google::protobuf::Message> M>
Result<Document<M>> parse(std::string_view xml, const ParseOptions& options = {}) {
  Document<M> document;
  auto source = parse_into(xml, document.message, options);
  if (!source) return Failure(std::move(source).error());
  document.source = std::move(*source);
  return document;
}

struct FormatOptions {
  ViewOptions view = {};  // by default everything of a running guest, but no secrets
};

// The document, as libvirt prints it: two spaces deep, single quotes, <a/> for what is empty, a newline at the end.
// Error: invalid_argument for what XML cannot say: control characters, enum values without a name, RAW content that is not
// well-formed.
Result<std::string> format(const google::protobuf::Message& message, const FormatOptions& options = {});

// RAW content (metadata) as it is kept: without layout, namespaces declared where they are used. Printed documents lay it
// out anew. Error: invalid_argument if it is not well-formed.
Result<std::string> canonical_raw(std::string_view xml);

}  // namespace lodge::conf::xml
