#include "tests/conformance/round_trip.h"

#include <google/protobuf/util/message_differencer.h>

#include <memory>

#include "conf/xml/codec.h"
#include "tests/conformance/xml_facts.h"

namespace lodge::conformance {
namespace {

using google::protobuf::Message;

constexpr conf::ViewOptions kEverything{.view = conf::View::live, .secure = true};

// What the output may add to a fact of the input: what the vocabulary gives a value where the document left it out.
bool is_default(const std::string& fact) {
  for (const std::string_view end : {"/@state=on", "/@type=file", "/@mode=subsystem", "/@type=mount", "/@type=pty",
                                     "/@type=dynamic", "/adapter[1]/@type=scsi_host"}) {
    if (fact.ends_with(end)) return true;
  }
  return false;
}

// What the output may leave out: elements and attributes that say nothing, and the words for what is meant without them.
bool says_nothing(const std::string& fact) {
  const bool any_device = fact.find("/redirfilter") != fact.npos && fact.ends_with("=-1");
  const bool meant_anyway = fact.ends_with("/source[1]/@protocol=adapter") ||
                            fact.ends_with("/adapter[1]/@type=scsi_host");
  return fact.find('=') == fact.npos || fact.ends_with('=') || any_device || meant_anyway;
}

// The place of credentials moved from the source to the disk.
std::string at_todays_place(std::string fact) {
  if (!fact.starts_with("/domain/")) return fact;
  if (const auto at = fact.find("/source[1]/auth[1]"); at != fact.npos)
    fact.erase(at, std::string_view("/source[1]").size());
  return fact;
}

std::map<std::string, int> facts_today(const std::string& xml) {
  std::map<std::string, int> facts;
  for (const auto& [fact, count] : facts_of(xml)) facts[at_todays_place(fact)] += count;
  return facts;
}

}  // namespace

std::vector<std::string> differences(const std::string& input, const std::string& output) {
  const auto before = facts_today(input);
  const auto after = facts_today(output);
  std::vector<std::string> out;
  for (const auto& [fact, count] : before) {
    if (!after.contains(fact) && !says_nothing(fact)) out.push_back("lost " + fact);
  }
  for (const auto& [fact, count] : after) {
    if (!before.contains(fact) && !says_nothing(fact) && !is_default(fact)) out.push_back("made up " + fact);
  }
  return out;
}

RoundTrip round_trip(const Message& prototype, const std::string& xml, const std::string& name) {
  RoundTrip trip;
  const std::unique_ptr<Message> read(prototype.New());
  if (auto source = conf::xml::parse_into(xml, *read, {.view = conf::View::live, .name = name}); !source) {
    trip.refused = source.error().message();
    return trip;
  }
  const auto printed = conf::xml::format(*read, {.view = kEverything});
  if (!printed) {
    trip.faults.push_back("read but not printable: " + printed.error().message());
    return trip;
  }
  trip.printed = *printed;
  trip.faults = differences(xml, *printed);
  const std::unique_ptr<Message> again(prototype.New());
  if (auto source = conf::xml::parse_into(*printed, *again, {.view = conf::View::live}); !source) {
    trip.faults.push_back("printed but not readable: " + source.error().message());
  } else if (!google::protobuf::util::MessageDifferencer::Equals(*read, *again)) {
    trip.faults.push_back("reads back as another message");
  }
  return trip;
}

}  // namespace lodge::conformance
