#pragma once

#include <google/protobuf/generated_enum_reflection.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "conf/xml/source_map.h"
#include "conf/xml/value.h"

namespace lodge::conf {

// Everything that is wrong with a document, collected.
class Findings {
 public:
  explicit Findings(const xml::SourceMap& source) : source_(source) {}

  // `message` says what is wrong and what would have been right; the line comes from the document.
  template <class... Args>
  void add(std::string path, fmt::format_string<const Args&...> message, const Args&... args) {
    push(std::move(path), fmt::vformat(message, fmt::make_format_args(args...)));
  }

  // Success if nothing was found; else invalid_argument with all of it, in document order; at most 100.
  Result<void> result() &&;

 private:
  void push(std::string path, std::string message);

  const xml::SourceMap& source_;
  std::vector<Finding> findings_;
};

// A value as the document spells it: v1::DISK_BUS_VIRTIO is "virtio".
template <class E>
std::string spelling(E value) {
  const auto spellings = xml::spellings_of(*google::protobuf::GetEnumDescriptor<E>());
  const auto* known = spellings.by_number(value);
  return known ? known->text : std::string("none");
}

}  // namespace lodge::conf
