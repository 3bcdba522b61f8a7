#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "conf/kinds.h"
#include "conf/view.h"
#include "conf/xml/source_map.h"
#include "lodge/v1/document_service.pb.h"
#include "lodge/v1/domain_service.pb.h"

namespace lodge::cli {

// A file's whole content; "-" is standard input. At most 16 MiB. Blocks.
Result<std::string> read_text(const std::string& file);

// The name to use for it in messages: "standard input" for "-".
std::string display_name(const std::string& file);

// A guest's description in any of its spellings. What begins with '<' is XML, and is left for its reader to judge; what
// begins with '{', or comes from a file called *.json, *.yaml or *.yml, is the DomainSpec in JSON or YAML; anything else is
// taken for XML too. Error: invalid_argument if JSON or YAML does not fit the message, or says nothing.
Result<v1::DomainDocument> read_document(const std::string& text, const std::string& file);

// What is wrong with the name of a kind; nothing if it is one, or empty.
std::optional<std::string> wrong_kind(const std::string& name);

// The kind of an object's description: the one named, else that of its root element, else, where that cannot be seen, a
// domain. Error: invalid_argument for a name or a root that is no kind's.
Result<const conf::Kind*> kind_of(const std::string& text, const std::string& name);

// A description of another kind than a domain, in any of its spellings, for the daemon to judge.
Result<v1::Document> read_other_document(const std::string& text, const std::string& file, const conf::Kind& kind);

// An object's description, whatever its kind, and where things are said in it.
struct KindDocument {
  const conf::Kind* kind;
  std::unique_ptr<google::protobuf::Message> message;
  conf::xml::SourceMap source;
};

// The same for any kind of object, by its name ("network"); empty: by the document's root element, and a domain where that
// says nothing. What `view` does not carry is taken out. Error: invalid_argument for an unknown kind or a bad document.
Result<KindDocument> read_kind_document(const std::string& text, const std::string& file, const std::string& kind,
                                        conf::View view);

}  // namespace lodge::cli
