#include "tests/e2e/support/hosts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

namespace lodge::test {
namespace {

using namespace std::chrono_literals;

void lay_line(const Host& one, const Host& other) {
  for (const Host* const host : {&one, &other}) {
    add_netns(host->netns);
    ip(fmt::format("-n {} link add up0 type veth peer name up0-peer", host->netns));
    ip(fmt::format("-n {} link set up0 up", host->netns));
    ip(fmt::format("-n {} link set up0-peer up", host->netns));
    ip(fmt::format("-n {} link add link up0 name macvtap0 type macvtap mode bridge", host->netns));
  }
  ip(fmt::format("link add {} type veth peer name {}", one.line, other.line));
  for (const Host* const host : {&one, &other}) {
    ip(fmt::format("link set {} netns {}", host->line, host->netns));
    ip(fmt::format("-n {} address add {}/24 dev {}", host->netns, host->address, host->line));
    ip(fmt::format("-n {} link set {} up", host->netns, host->line));
  }
}

}  // namespace

void Host::start(const std::string& failpoint) {
  std::vector<std::string> environment;
  if (!failpoint.empty()) environment.push_back("LODGE_FAILPOINT=" + failpoint);
  world.start({.environment = std::move(environment), .netns = netns});
}

// Its number, kind and place, without its counters.
std::string Host::look_at_foreign() const {
  const std::string shown = ip(fmt::format("-n {} -o link show dev macvtap0", netns));
  return shown.substr(0, shown.find(" mtu "));
}

std::string Host::links() const {
  std::vector<std::string> names;
  const std::string shown = ip(fmt::format("-n {} -o link show", netns));
  for (std::size_t at = 0; at < shown.size();) {
    const std::size_t end = std::min(shown.find('\n', at), shown.size());
    const std::string line = shown.substr(at, end - at);
    const std::size_t name = line.find(": ") + 2;
    names.push_back(line.substr(name, line.find_first_of(":@", name) - name));
    at = end + 1;
  }
  std::ranges::sort(names);
  return fmt::format("{}", fmt::join(names, " "));
}

bool Host::has_nothing() const {
  std::error_code none;
  const fs::path runs = world.root() / "run" / "runs";
  std::vector<std::string> expected = {"lo", "up0", "up0-peer", "macvtap0", line};
  std::ranges::sort(expected);
  return qemus(world) == 0 && links() == fmt::format("{}", fmt::join(expected, " ")) &&
         (!fs::exists(runs, none) || fs::is_empty(runs, none)) && look_at_foreign() == foreign;
}

std::string Host::migration() const {
  const auto all = nlohmann::json::parse(world.must_lodge({"migrations", "-o", "json"}));
  return all.empty() ? "" : all[0]["state"].get<std::string>();
}

Hosts::Hosts()
    : left_{.world = World(), .netns = "left", .address = "10.9.0.1", .line = "line-left"},
      right_{.world = World(), .netns = "right", .address = "10.9.0.2", .line = "line-right"} {
  lay_line(left_, right_);
  for (Host* const host : {&left_, &right_}) {
    host->foreign = host->look_at_foreign();
    host->world.write("lodged.toml", "[migration]\nlease_seconds = 10\nstall_seconds = 6\n");
    host->start();
  }
}

Host* Hosts::where() {
  const auto runs_at = [](const Host& host) {
    const Finished state = host.world.lodge({"domstate", "web1"});
    return state.ok() && state.out.starts_with("running");
  };
  const bool at_left = runs_at(left_);
  const bool at_right = runs_at(right_);
  REQUIRE_FALSE((at_left && at_right));
  return at_left ? &left_ : at_right ? &right_ : nullptr;
}

std::vector<std::string> Hosts::migrate(const Host& from, std::vector<std::string> more) {
  const Host& to = other(from);
  std::vector<std::string> words = {"migrate", "web1", "--to", to.world.uri(), "--via", to.address};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Finished Hosts::move(const Host& from, std::vector<std::string> more) {
  return from.world.lodge(migrate(from, std::move(more)));
}

void Hosts::bring_to_an_end(const Host& from) {
  wait_until(
      [&] {
        if (from.migration() == "MIGRATION_STATE_HANDED_OVER") {
          const Finished again = move(from);
          UNSCOPED_INFO(again.err);
        }
        return where() != nullptr;
      },
      "that it runs somewhere");
  const Host& idle = other(*where());
  wait_until([&] { return idle.has_nothing(); }, "that the other host has nothing of it");
  CHECK(from.migration() == "");
}

void wait_until(const std::function<bool()>& condition, std::string_view what) {
  const Deadline deadline = Deadline::after(kPatience);
  while (!condition()) {
    if (deadline.passed()) throw WorldError(fmt::format("{} has not come to be so", what));
    std::this_thread::sleep_for(50ms);
  }
}

Counter::Counter(fs::path file)
    : file_(std::move(file)), follower_([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          read();
          std::this_thread::sleep_for(10ms);
        }
      }) {}

void Counter::read() {
  static constexpr std::string_view kWords = "lodge-guest count: ";
  const std::string text = read_file(file_, 64u << 20).value_or("");
  const auto now = std::chrono::steady_clock::now();
  auto known = seen_.lock();
  std::size_t count = 0;
  for (std::size_t at = text.find(kWords); at != std::string::npos; at = text.find(kWords, at + 1)) {
    const std::size_t digits = at + kWords.size();
    const std::size_t end = text.find_first_not_of("0123456789", digits);
    if (end == std::string::npos || end == digits) break;  // not all of it has come
    if (++count <= known->size()) continue;
    int number = 0;
    std::from_chars(text.data() + digits, text.data() + end, number);
    known->push_back({number, now});
  }
}

int Counter::last() {
  const auto known = seen();
  return known.empty() ? 0 : known.back().number;
}

void Counter::expect_to_count(int more) {
  const Deadline deadline = Deadline::after(kPatience);
  const int wanted = last() + more;
  while (last() < wanted) {
    if (deadline.passed()) throw WorldError(fmt::format("it counts no further than {}", last()));
    std::this_thread::sleep_for(20ms);
  }
}

double Counter::longest_pause() {
  const auto known = seen();
  double longest = 0;
  for (std::size_t i = std::max<std::size_t>(asked_, 1); i < known.size(); ++i)
    longest = std::max(longest, std::chrono::duration<double>(known[i].at - known[i - 1].at).count());
  asked_ = known.size();
  return longest;
}

void Counter::expect_in_order() {
  const auto known = seen();
  for (std::size_t i = 1; i < known.size(); ++i) {
    INFO(known[i - 1].number << " was followed by " << known[i].number);
    REQUIRE(known[i].number == known[i - 1].number + 1);
  }
}

}  // namespace lodge::test
