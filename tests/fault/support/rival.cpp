#include "tests/fault/support/rival.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

#include "base/file.h"
#include "netdev/names.h"

namespace lodge::test {
namespace {

constexpr std::size_t kMost = 16;
constexpr std::chrono::milliseconds kPause{2};
constexpr int kAhead = 6;  // how far beyond our last name he goes

std::string index_of(const std::string& link) {
  std::string index = read_file("/sys/class/net/" + link + "/ifindex").value_or("");
  if (!index.empty()) index.pop_back();
  return index;
}

// Ours have numbers that the kernel never gives by itself.
bool is_lodges(const std::string& index) { return std::stoul(index) >= netdev::kFirstIfindex; }

// The highest number behind the prefix among our links.
int last_of(std::string_view prefix) {
  int last = 0;
  for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
    const std::string name = entry.path().filename();
    int number = 0;
    if (!name.starts_with(prefix)) continue;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
    const std::string index = index_of(name);
    if (!index.empty() && is_lodges(index)) last = std::max(last, number);
  }
  return last;
}

}  // namespace

Rival::Rival(std::string parent) : parent_(std::move(parent)) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw WorldError("pipe: " + errno_text(errno));
  const Fd theirs(ends[0]);
  pipe_ = Fd(ends[1]);
  ip_.emplace(Launch{.argv = {"ip", "-force", "-batch", "-"}, .in = theirs.get()});
  thread_ = std::thread([this] { work(); });
}

Rival::~Rival() { stop(); }

void Rival::work() {
  for (int turn = 1; !over_; ++turn) {
    for (const std::string_view prefix : {"macvtap", "vnet"})
      make(fmt::format("{}{}", prefix, last_of(prefix) + 1 + turn % kAhead));
    while (links_.size() > kMost) remove_oldest();
    std::this_thread::sleep_for(kPause);
  }
}

void Rival::say(const std::string& command) {
  if (::write(pipe_.get(), command.data(), command.size()) != static_cast<ssize_t>(command.size()))
    throw WorldError("write to ip: " + errno_text(errno));
}

void Rival::make(const std::string& name) {
  if (fs::exists("/sys/class/net/" + name)) return;
  if (name.starts_with("vnet"))
    say(fmt::format("tuntap add dev {} mode tap\n", name));
  else
    say(fmt::format("link add link {} name {} type macvtap mode bridge\n", parent_, name));
  std::string index;
  for (const auto deadline = Deadline::after(std::chrono::seconds(10)); index.empty() && !deadline.passed();) {
    std::this_thread::yield();
    index = index_of(name);
  }
  if (index.empty() || is_lodges(index)) {
    ++deeds_.too_late;
    return;
  }
  ++deeds_.made;
  links_.emplace_back(name, index);
}

void Rival::remove_oldest() {
  const auto [name, index] = links_.front();
  links_.erase(links_.begin());
  const std::string now = index_of(name);
  if (now != index) {
    deeds_.touched.push_back(fmt::format("{} was link {}, is {}", name, index, now.empty() ? "gone" : now));
    return;
  }
  say(fmt::format("link del dev {}\n", name));
  for (const auto deadline = Deadline::after(std::chrono::seconds(10)); index_of(name) == index && !deadline.passed();)
    std::this_thread::yield();
}

Rival::Deeds Rival::stop() {
  if (!thread_.joinable()) return deeds_;
  over_ = true;
  thread_.join();
  while (!links_.empty()) remove_oldest();
  return deeds_;
}

}  // namespace lodge::test
