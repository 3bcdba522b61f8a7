#include "conf/network/dns.h"

#include "conf/ip_address.h"
#include "conf/numbered.h"

namespace lodge::conf {

namespace {

constexpr std::size_t kLongestService = 15;  // characters, RFC 6335

void check_ip(const std::string& path, const std::string& text, Findings& findings) {
  if (!text.empty() && !IpAddress::parse(text)) findings.add(path, "'{}' is not an IP address", text);
}

void check_srv(const std::string& path, const v1::NetworkDnsSrv& srv, Findings& findings) {
  if (srv.service().empty()) findings.add(path + "/@service", "names the service: service='ldap'");
  if (srv.service().size() > kLongestService)
    findings.add(path + "/@service", "'{}' is longer than {} characters", srv.service(), kLongestService);
  if (srv.protocol().empty()) findings.add(path + "/@protocol", "is one of tcp, udp");
  if (!srv.protocol().empty() && srv.protocol() != "tcp" && srv.protocol() != "udp")
    findings.add(path + "/@protocol", "'{}' is not one of tcp, udp", srv.protocol());
  const bool numbers = srv.has_port() || srv.has_priority() || srv.has_weight();
  if (srv.target().empty() && numbers)
    findings.add(path + "/@target", "port, priority and weight are those of a host: target='ldap.example.com'");
  if (srv.has_port() && (srv.port() < 1 || srv.port() > 65535))
    findings.add(path + "/@port", "'{}' is not from 1 to 65535", srv.port());
  if (srv.priority() > 65535) findings.add(path + "/@priority", "'{}' is more than 65535", srv.priority());
  if (srv.weight() > 65535) findings.add(path + "/@weight", "'{}' is more than 65535", srv.weight());
}

}  // namespace

void check_dns(const v1::NetworkDns& dns, Findings& findings) {
  for (int i = 0; i < dns.forwarders_size(); ++i) {
    const std::string path = numbered("/network/dns/forwarder", i, dns.forwarders());
    const auto& forwarder = dns.forwarders(i);
    if (forwarder.addr().empty() && forwarder.domain().empty()) findings.add(path, "it needs an addr or a domain");
    check_ip(path + "/@addr", forwarder.addr(), findings);
  }
  for (int i = 0; i < dns.txts_size(); ++i) {
    const std::string path = numbered("/network/dns/txt", i, dns.txts());
    if (dns.txts(i).name().empty()) findings.add(path + "/@name", "names the record: name='example.com'");
    if (dns.txts(i).name().find(' ') != std::string::npos)
      findings.add(path + "/@name", "'{}' has a space", dns.txts(i).name());
    if (dns.txts(i).value().empty()) findings.add(path + "/@value", "is what the record says: value='v=spf1 -all'");
  }
  for (int i = 0; i < dns.hosts_size(); ++i) {
    const std::string path = numbered("/network/dns/host", i, dns.hosts());
    if (dns.hosts(i).ip().empty()) findings.add(path + "/@ip", "is what the names stand for: ip='192.168.122.2'");
    if (dns.hosts(i).hostnames().empty()) findings.add(path, "has a name or more: <hostname>web1</hostname>");
    check_ip(path + "/@ip", dns.hosts(i).ip(), findings);
  }
  for (int i = 0; i < dns.srvs_size(); ++i)
    check_srv(numbered("/network/dns/srv", i, dns.srvs()), dns.srvs(i), findings);
}

}  // namespace lodge::conf
