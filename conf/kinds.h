#pragma once

#include <google/protobuf/message.h>

#include <span>
#include <string_view>

#include "base/result.h"
#include "conf/xml/source_map.h"

// The kinds of objects that have documents: the one list of them, for the command line, tests and fuzzers.
namespace lodge::conf {

class Findings;

struct Kind {
  std::string_view name;                       // as users say it: "nwfilter"
  std::string_view root;                       // of its document: "filter"
  std::string_view schema;                     // libvirt's RELAX NG file for it: "nwfilter.rng"; empty if it has none
  const google::protobuf::Message* prototype;  // its message, empty
  // Adds what is wrong with the meaning of a definition. Null for documents that nobody defines (capabilities), and for
  // domains, which are completed first (conf/domain/prepare.h).
  void (*check)(const google::protobuf::Message&, Findings&);
};

std::span<const Kind> kinds();

// Null if there is none of that name.
const Kind* find_kind(std::string_view name);

// The name of the document's root element, with its prefix, from a look at its beginning; empty if there is none.
std::string_view root_of(std::string_view document);

// The kind whose root element the document has, from a look at its beginning; null if that is nobody's.
const Kind* guess_kind(std::string_view document);

// Refuses a definition that is well-formed but cannot be meant: what libvirt 9.0 refuses when such an object is defined.
// `message` is of the kind's type. Error: invalid_argument with all findings.
Result<void> validate(const Kind& kind, const google::protobuf::Message& message, const xml::SourceMap& source = {});

}  // namespace lodge::conf
