#include "conf/nwfilter/check.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>

#include "conf/ip_address.h"
#include "conf/numbered.h"
#include "conf/xml/canonical.h"
#include "conf/xml/text.h"
#include "lodge/xml/options.pb.h"

namespace lodge::conf {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr int kMostPriority = 1000;        // and as many below zero
constexpr std::size_t kLongestChain = 12;  // characters, what ebtables leaves for it
constexpr std::size_t kLongestComment = 256;
constexpr std::size_t kLongestIpset = 31;
constexpr std::array<std::string_view, 7> kChains{"mac", "stp", "vlan", "arp", "rarp", "ipv4", "ipv6"};

bool is_variable(const std::string& text) { return text.starts_with('$'); }

void check_chain(const std::string& chain, Findings& findings) {
  if (chain.empty() || chain == "root") return;
  const bool known = std::ranges::any_of(kChains, [&](std::string_view prefix) { return chain.starts_with(prefix); });
  if (!known)
    return findings.add("/filter/@chain", "'{}' is not root and does not begin with one of {}", chain,
                        fmt::format("{}", fmt::join(kChains, ", ")));
  if (chain.size() > kLongestChain)
    findings.add("/filter/@chain", "'{}' is longer than {} characters", chain, kLongestChain);
}

void check_priority(const std::string& path, int priority, Findings& findings) {
  if (priority < -kMostPriority || priority > kMostPriority)
    findings.add(path, "'{}' is not from -1000 to 1000", priority);
}

// A list of words with commas between.
bool consists_of(std::string_view text, std::span<const std::string_view> words) {
  while (true) {
    const auto comma = text.find(',');
    const auto word = text.substr(0, comma);
    if (std::ranges::none_of(words, [&](std::string_view known) { return xml::equal_ignoring_case(known, word); }))
      return false;
    if (comma == text.npos) return true;
    text.remove_prefix(comma + 1);
  }
}

bool is_flag_list(std::string_view text) {
  if (text.empty()) return true;  // none
  static constexpr std::array<std::string_view, 6> kFlags{"SYN", "ACK", "URG", "PSH", "FIN", "RST"};
  return text == "ALL" || text == "NONE" || consists_of(text, kFlags);
}

bool is_tcp_flags(std::string_view text) {
  const auto slash = text.find('/');
  return slash != text.npos && is_flag_list(text.substr(0, slash)) && is_flag_list(text.substr(slash + 1));
}

bool is_state(std::string_view text) {
  static constexpr std::array<std::string_view, 4> kStates{"NEW", "ESTABLISHED", "RELATED", "INVALID"};
  return text == "NONE" || consists_of(text, kStates);
}

bool is_ipset_flags(std::string_view text) {
  static constexpr std::array<std::string_view, 2> kFlags{"src", "dst"};
  return consists_of(text, kFlags) && std::ranges::count(text, ',') < 6;
}

// What one attribute of a protocol must be, beyond its grammar; empty if nothing is wrong. libvirt drops what is out of
// range without a word, and the rule then fits more than was meant; here it is refused.
std::string complaint(const std::string& name, const std::string& text, const ::lodge::xml::Variable& kind, bool ipv6) {
  if (is_variable(text)) return {};
  const bool address = kind.value() == ::lodge::xml::Variable::ADDRESS && text.find_first_of(".:") != text.npos;
  if (kind.max() != 0 && !address) {
    const std::uint64_t most = kind.value() == ::lodge::xml::Variable::ADDRESS && !ipv6 ? 32 : kind.max();
    const auto number = xml::parse_number(text, text.starts_with("0x"));
    if (number && *number > most) return fmt::format("'{}' is more than {}", text, most);
  }
  if (address) {
    const auto parsed = IpAddress::parse(text);
    if (!parsed) return fmt::format("'{}' is not an IP address", text);
    if (parsed->is_ipv6() != ipv6) return fmt::format("'{}' is not an {} address", text, ipv6 ? "IPv6" : "IPv4");
    if (name.ends_with("mask") && !parsed->prefix_length()) return fmt::format("'{}' is not a netmask", text);
  }
  if (name == "state" && !is_state(text))
    return fmt::format("'{}' is not NONE or some of NEW, ESTABLISHED, RELATED, INVALID", text);
  if (name == "ipsetflags" && !is_ipset_flags(text))
    return fmt::format("'{}' is not a list of src, dst (at most 6)", text);
  if (name == "ipset" && text.size() > kLongestIpset)
    return fmt::format("'{}' is longer than {} characters", text, kLongestIpset);
  if (name == "comment" && text.size() > kLongestComment)
    return fmt::format("it is longer than {} characters", kLongestComment);
  return {};
}

// All attributes of a protocol's element, those of mounted messages included.
void check_attributes(const std::string& path, const Message& protocol, bool ipv6, Findings& findings) {
  std::vector<const FieldDescriptor*> set;
  protocol.GetReflection()->ListFields(protocol, &set);
  for (const FieldDescriptor* field : set) {
    if (field->message_type()) {
      check_attributes(path, protocol.GetReflection()->GetMessage(protocol, field), ipv6, findings);
      continue;
    }
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    const std::string name = field->options().GetExtension(::lodge::xml::at).substr(1);
    const auto& kind = field->options().GetExtension(::lodge::xml::variable);
    const std::string wrong = complaint(name, protocol.GetReflection()->GetString(protocol, field), kind, ipv6);
    if (!wrong.empty()) findings.add(fmt::format("{}/@{}", path, name), "{}", wrong);
  }
}

void check_ranges(const std::string& path, const v1::NwFilterRanges& ranges, Findings& findings) {
  if (ranges.ipset().empty() != ranges.ipsetflags().empty())
    findings.add(path, "ipset and ipsetflags are given together: ipset='blocked' ipsetflags='src'");
}

// Frames whose protocol has ports, where ports are asked for.
template <class M>
void check_ports(const std::string& path, const M& ip, Findings& findings) {
  std::vector<const FieldDescriptor*> set;
  ip.ports().GetReflection()->ListFields(ip.ports(), &set);
  static constexpr std::array<std::string_view, 8> kWithPorts{"tcp", "udp", "sctp", "udplite", "6", "17", "132", "33"};
  if (set.empty() || is_variable(ip.protocol()) || std::ranges::find(kWithPorts, ip.protocol()) != kWithPorts.end())
    return;
  findings.add(path + "/@protocol", "ports need one of tcp, udp, sctp");
}

void check_protocol(const std::string& path, const v1::NwFilterRule& rule, Findings& findings) {
  const FieldDescriptor* field = rule.GetReflection()->GetOneofFieldDescriptor(
      rule, v1::NwFilterRule::descriptor()->oneof_decl(0));
  if (!field) return;
  const std::string& element = field->options().GetExtension(::lodge::xml::at);
  const std::string at = path + "/" + element;
  const bool ipv6 = element.ends_with("ipv6") || element == "icmpv6";
  check_attributes(at, rule.GetReflection()->GetMessage(rule, field), ipv6, findings);
  if (rule.has_ip()) check_ports(at, rule.ip(), findings);
  if (rule.has_ipv6()) check_ports(at, rule.ipv6(), findings);
  for (const auto* tcp : {&rule.tcp(), &rule.tcp_ipv6()}) {
    check_ranges(at, tcp->ranges(), findings);
    if (!tcp->flags().empty() && !is_variable(tcp->flags()) && !is_tcp_flags(tcp->flags()))
      findings.add(at + "/@flags", "'{}' is not two lists of SYN, ACK, URG, PSH, FIN, RST with '/' between",
                   tcp->flags());
  }
  for (const auto* udp : {&rule.udp(), &rule.sctp(), &rule.udp_ipv6(), &rule.sctp_ipv6()})
    check_ranges(at, udp->ranges(), findings);
  for (const auto* packet : {&rule.all(), &rule.igmp(), &rule.esp(), &rule.ah(), &rule.udplite(), &rule.all_ipv6()})
    check_ranges(at, packet->ranges(), findings);
}

}  // namespace

void check_nwfilter(const v1::NwFilterSpec& filter, Findings& findings) {
  if (filter.name().empty()) findings.add("/filter/@name", "names the filter: <filter name='no-spoofing'>");
  if (filter.name().find('/') != std::string::npos) findings.add("/filter/@name", "'{}' has a '/'", filter.name());
  check_chain(filter.chain(), findings);
  check_priority("/filter/@priority", filter.priority(), findings);
  for (int i = 0; i < filter.filterrefs_size(); ++i) {
    if (filter.filterrefs(i).filter().empty())
      findings.add(numbered("/filter/filterref", i, filter.filterrefs()) + "/@filter",
                   "names another filter: filter='clean-traffic'");
  }
  for (int i = 0; i < filter.rules_size(); ++i) {
    const auto& rule = filter.rules(i);
    const std::string path = numbered("/filter/rule", i, filter.rules());
    if (rule.action() == v1::NW_FILTER_ACTION_UNSPECIFIED)
      findings.add(path + "/@action", "says what becomes of the packet: drop, accept, reject, return or continue");
    if (rule.direction() == v1::NW_FILTER_DIRECTION_UNSPECIFIED)
      findings.add(path + "/@direction", "says which packets: in, to the guest, out, from it, or inout");
    check_priority(path + "/@priority", rule.priority(), findings);
    check_protocol(path, rule, findings);
  }
}

void check_nwfilter_binding(const v1::NwFilterBindingSpec& binding, Findings& findings) {
  const auto need = [&](const std::string& value, std::string_view place, std::string_view example) {
    if (value.empty()) findings.add(fmt::format("/filterbinding/{}", place), "says {}", example);
  };
  need(binding.owner().name(), "owner/name", "which guest it is for: <name>web1</name>");
  need(binding.owner().uuid(), "owner/uuid", "which guest it is for: <uuid>d5a0c4f2-…</uuid>");
  need(binding.portdev(), "portdev/@name", "at which link packets are filtered: name='vnet0'");
  need(binding.mac(), "mac/@address", "whose packets they are: address='52:54:00:12:34:56'");
  need(binding.filterref().filter(), "filterref/@filter", "which filter it is: filter='clean-traffic'");
}

}  // namespace lodge::conf
