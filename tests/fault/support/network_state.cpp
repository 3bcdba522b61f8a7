#include "tests/fault/support/network_state.h"

#include <regex>
#include <sstream>

#include "tests/e2e/support/process.h"

namespace lodge::test {
namespace {

std::string without_counters(const std::string& text) {
  static const std::regex counters("(direct_packets_stat|packets|bytes|refcnt) [0-9]+");
  return std::regex_replace(text, counters, "$1");
}

// The link may have gone meanwhile: then there is nothing to be said of it.
std::string of_link(std::vector<std::string> command) {
  const Finished shown = run(std::move(command));
  return shown.ok() ? shown.out : "";
}

}  // namespace

// "qdisc htb 1: dev macvtap3 root refcnt 2 …". Those that the kernel gave have the handle 0.
std::map<std::string, std::string> traffic_control() {
  std::map<std::string, std::string> traffic;
  std::istringstream queues(must_run({"tc", "qdisc", "show"}));
  for (std::string line; std::getline(queues, line);) {
    std::istringstream words(line);
    std::string qdisc, kind, handle, dev, link;
    words >> qdisc >> kind >> handle >> dev >> link;
    if (handle != "0:") traffic[link] += line + "\n";
  }
  for (auto& [link, text] : traffic) {
    text += of_link({"tc", "class", "show", "dev", link});
    text += of_link({"tc", "filter", "show", "dev", link});
    text += of_link({"tc", "filter", "show", "dev", link, "ingress"});
    text = without_counters(text);
  }
  return traffic;
}

bool limits_sending(const std::string& traffic) { return traffic.find("class htb ") != traffic.npos; }

// "table inet lodge_other { # handle 1", what is in it, "}".
std::vector<PacketFilter> packet_filters() {
  static const std::regex head("table ([^{]+) \\{.*"), hook(".* device \"([^\"]+)\".*");
  std::vector<PacketFilter> tables;
  std::istringstream ruleset(without_counters(must_run({"nft", "-a", "list", "ruleset"})));
  for (std::string line; std::getline(ruleset, line);) {
    std::smatch found;
    if (std::regex_match(line, found, head)) tables.push_back({.name = found[1], .text = {}, .device = {}});
    if (tables.empty()) continue;
    tables.back().text += line + "\n";
    if (std::regex_match(line, found, hook)) tables.back().device = found[1];
  }
  return tables;
}

}  // namespace lodge::test
