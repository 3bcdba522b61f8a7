#include "tests/fault/support/audit.h"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include "netdev/claims/process.h"
#include "tests/e2e/support/sandbox.h"
#include "tests/e2e/support/world.h"
#include "tests/fault/support/network_state.h"

namespace lodge::test {
namespace {

// What is on its way has so long to come and go.
constexpr std::chrono::seconds kGrace{5};
constexpr std::chrono::milliseconds kLookAgain{50};

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

std::string index_of(const std::string& link) {
  std::string index = read_file("/sys/class/net/" + link + "/ifindex").value_or("gone\n");
  index.pop_back();
  return index;
}

std::set<pid_t> hypervisors() {
  std::set<pid_t> pids;
  for (const std::string& name : names_in("/proc")) {
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) continue;
    const std::string command = read_file("/proc/" + name + "/cmdline").value_or("");
    if (command.substr(0, command.find('\0')).find("qemu-system") != command.npos) pids.insert(pid);
  }
  return pids;
}

// Address and port, by inode.
// @source proc(5), /proc/net/tcp: the second column is the local address, the fourth the state (0A: listening), the tenth the inode
std::map<std::string, std::string> listening_sockets() {
  std::map<std::string, std::string> sockets;
  for (const char* const table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines(table);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream text(line);
      const std::vector<std::string> words(std::istream_iterator<std::string>(text), {});
      if (words.size() > 9 && words[3] == "0A") sockets[words[9]] = words[1];
    }
  }
  return sockets;
}

// Whether one of its descriptors is the socket of this inode.
bool holds_socket(pid_t pid, const std::string& inode) {
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), gone))
    if (fs::read_symlink(entry.path(), gone) == fmt::format("socket:[{}]", inode)) return true;
  return false;
}

const GuestFacts* find(std::span<const GuestFacts> guests, std::string_view name) {
  const auto found = std::ranges::find(guests, name, &GuestFacts::name);
  return found == guests.end() ? nullptr : &*found;
}

// But for its packet filter.
CardFacts card_now(const std::string& link, const std::map<std::string, std::string>& traffic) {
  const fs::path folder = fs::path("/sys/class/net") / link;
  const auto limits = traffic.find(link);
  return {.up = (std::stoul(read_file(folder / "flags").value_or("0"), nullptr, 16) & IFF_UP) != 0,
          .limited = limits != traffic.end() && limits_sending(limits->second),
          .isolated = read_file(folder / "brport" / "isolated").value_or("0\n") == "1\n"};
}

bool same_process(pid_t pid, std::uint64_t started) {
  const auto now = netdev::identify_process(pid);
  return now && now->start_time == started;
}

void check_run(const Promise& promise, const GuestFacts* guest, Figures& figures) {
  const bool running = guest && guest->running;
  if (promise.run == Promise::Run::off && running)
    figures.find(Count::guests, fmt::format("{} had ended, and runs", promise.name));
  if (promise.run != Promise::Run::on) return;
  if (!running) return figures.find(Count::guests, fmt::format("{} does not run any more", promise.name));
  if (promise.pid == 0) return;
  if (guest->pid != promise.pid || !same_process(promise.pid, promise.started))
    figures.find(Count::guests, fmt::format("{} was process {}, is {}{}", promise.name, promise.pid, guest->pid,
                                            netdev::identify_process(guest->pid) ? "" : ", which is gone"));
  for (const auto& [link, index] : promise.links) {
    if (index_of(link) != index)
      figures.find(Count::guests,
                   fmt::format("{} had {} as link {}, now {}", promise.name, link, index, index_of(link)));
  }
}

void check_definition(const Promise& promise, const GuestFacts* guest, Figures& figures) {
  const std::string title = guest ? guest->title : "";
  if (!promise.titles.contains(title))
    figures.find(Count::definitions, fmt::format("{} was {}, is '{}'", promise.name, *promise.titles.begin(), title));
}

}  // namespace

void Promise::learn(const GuestFacts& facts) {
  titles = {facts.title};
  run = facts.running ? Run::on : Run::off;
  const auto process = netdev::identify_process(facts.pid);
  pid = process ? facts.pid : 0;
  started = process ? process->start_time : 0;
  links.clear();
  if (letting_go) return;
  for (const std::string& link : facts.links) links[link] = index_of(link);
}

Audit::Audit(Manager& manager, Foreign& foreign)
    : manager_(manager), foreign_(foreign), links_(names_in("/sys/class/net")) {
  for (const PacketFilter& table : packet_filters()) tables_.insert(table.name);
}

void Audit::look_at_links(const Guests& guests, Figures& figures) const {
  std::set<std::string> used;
  for (const GuestFacts& guest : guests) used.insert(guest.links.begin(), guest.links.end());
  for (const std::string& link : names_in("/sys/class/net")) {
    if (used.contains(link) || links_.contains(link) || foreign_.has_link(link)) continue;
    figures.find(Count::links, fmt::format("{} (link {}) is in no guest's use", link, index_of(link)));
  }
}

void Audit::look_at_processes(const Guests& guests, Figures& figures) const {
  for (const pid_t pid : hypervisors()) {
    if (pid == foreign_.qemu() || std::ranges::find(guests, pid, &GuestFacts::pid) != guests.end()) continue;
    figures.find(Count::processes, fmt::format("process {} is no guest's", pid));
  }
}

void Audit::look_at_sockets(const Guests& guests, Figures& figures) const {
  for (const auto& [inode, address] : listening_sockets()) {
    const auto holds = [&](const GuestFacts& guest) { return guest.running && holds_socket(guest.pid, inode); };
    if (std::ranges::any_of(guests, holds)) continue;
    figures.find(Count::sockets, fmt::format("no guest listens at {} (socket {})", address, inode));
  }
}

void Audit::look_at_folders(const Guests& guests, Figures& figures) const {
  std::set<std::pair<std::string, std::string>> seen;
  for (const RunFile& file : manager_.run_files()) {
    if (file.path == foreign_.folder()) continue;
    const GuestFacts* const guest = find(guests, file.guest);
    const bool first = seen.emplace(file.guest, file.kind).second;
    if (guest && guest->running && first) continue;
    figures.find(Count::folders, fmt::format("{} is of no run", file.path.string()));
  }
}

// NAME.CLAIM
void Audit::look_at_groups(const Guests& guests, Figures& figures) const {
  const auto own = own_control_group();
  if (!own) return;
  std::set<std::string> seen;
  for (const auto& entry : fs::directory_iterator(*own)) {
    if (!entry.is_directory() || entry.path() == foreign_.group()) continue;
    const std::string name = entry.path().stem();
    const GuestFacts* const guest = find(guests, name);
    if (guest && guest->running && seen.insert(name).second) continue;
    figures.find(Count::groups, fmt::format("{} is of no run", entry.path().string()));
  }
}

void Audit::look_at_tables(const Guests& guests, Figures& figures) const {
  std::set<std::string> filtered;
  for (const GuestFacts& guest : guests) {
    for (const auto& [link, card] : guest.cards)
      if (card.filtered) filtered.insert(link);
  }
  for (const PacketFilter& table : packet_filters()) {
    if (tables_.contains(table.name) || filtered.erase(table.device) > 0) continue;
    figures.find(Count::tables, fmt::format("table {} (of '{}') is for no card", table.name, table.device));
  }
  for (const std::string& link : filtered) figures.find(Count::cards, fmt::format("{} has no packet filter", link));
}

// NAME.sock
void Audit::look_at_users_sockets(const Guests& guests, Figures& figures) const {
  for (const auto& entry : fs::directory_iterator(foreign_.sockets())) {
    const GuestFacts* const guest = find(guests, entry.path().stem().string());
    if (entry.path() == foreign_.socket() || (guest && guest->running)) continue;
    figures.find(Count::files, fmt::format("{} is of no run", entry.path().string()));
  }
}

void Audit::look_at_cards(const Guests& guests, Figures& figures) const {
  const auto traffic = traffic_control();
  for (const GuestFacts& guest : guests) {
    for (const auto& [link, card] : guest.cards) {
      const CardFacts now = card_now(link, traffic);
      const auto check = [&](bool is, bool to_be, std::string_view what) {
        if (is != to_be)
          figures.find(Count::cards, fmt::format("{} of {} is {}{}", link, guest.name, is ? "" : "not ", what));
      };
      check(now.up, card.up, "up");
      check(now.limited, card.limited, "limited");
      check(now.isolated, card.isolated, "isolated");
    }
  }
}

Figures Audit::look_once(const Guests& guests, std::span<const Promise> promises) const {
  Figures figures;
  look_at_links(guests, figures);
  look_at_processes(guests, figures);
  look_at_sockets(guests, figures);
  look_at_folders(guests, figures);
  look_at_groups(guests, figures);
  look_at_tables(guests, figures);
  look_at_users_sockets(guests, figures);
  look_at_cards(guests, figures);
  manager_.audit_ledger(figures);
  for (const Promise& promise : promises) {
    const GuestFacts* const guest = find(guests, promise.name);
    check_run(promise, guest, figures);
    check_definition(promise, guest, figures);
  }
  return figures;
}

// Leaks stand; all other findings are of something that has happened.
Figures Audit::without_known(Figures all) {
  Figures figures;
  standing_.clear();
  for (Finding& one : all.findings) {
    const bool leak = one.count >= Count::links && one.count <= Count::claims;
    if (leak) standing_.insert(one.what);
    if (!leak || !known_.contains(one.what)) figures.find(one.count, std::move(one.what));
  }
  return figures;
}

Figures Audit::look(std::span<Promise> promises, const Enough& enough) {
  const auto grace = Deadline::after(kGrace);
  Guests guests = manager_.guests();
  Figures figures = without_known(look_once(guests, promises));
  while (!enough(figures) && !grace.passed()) {
    std::this_thread::sleep_for(kLookAgain);
    guests = manager_.guests();
    figures = without_known(look_once(guests, promises));
  }
  known_ = standing_;
  for (std::string& finding : foreign_.touched()) figures.find(Count::foreign, std::move(finding));
  for (Promise& promise : promises) {
    const GuestFacts* const guest = find(guests, promise.name);
    promise.learn(guest ? *guest : GuestFacts{.name = promise.name, .title = {}, .links = {}});
  }
  return figures;
}

}  // namespace lodge::test
