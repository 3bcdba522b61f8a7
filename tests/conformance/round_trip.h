#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

// A document through the codec and back, judged by another parser.
namespace lodge::conformance {

struct RoundTrip {
  std::string refused;              // why it was not read; empty if it was
  std::vector<std::string> faults;  // "lost /pool/name=x", "made up …", "reads back as another message"
  std::string printed;

  bool ok() const { return refused.empty() && faults.empty(); }
};

// With nothing taken out: neither runtime facts nor secrets.
RoundTrip round_trip(const google::protobuf::Message& prototype, const std::string& xml, const std::string& name);

// What `output` says less or more than `input`: lines as in RoundTrip::faults. Elements that say nothing do not count, nor
// what the vocabulary adds where the document leaves a case open.
std::vector<std::string> differences(const std::string& input, const std::string& output);

}  // namespace lodge::conformance
