#include "tests/e2e/attacks/siege.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/e2e/support/pki.h"

namespace lodge::test {
namespace {

using namespace std::chrono_literals;

constexpr uid_t kFirstAttacker = 4300;
constexpr uid_t kHonestUser = 4400;
constexpr auto kPause = 2ms;  // between two calls of one caller

void ask_once(Client& honest, Met& met) {
  v1::GetVersionResponse version;
  const auto before = std::chrono::steady_clock::now();
  const grpc::Status status = honest.version(version);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
  if (status.ok())
    met.ms.push_back(took.count());
  else
    met.failures.push_back(status.error_message());
  std::this_thread::sleep_for(kPause);
}

}  // namespace

std::string Attack::name() const { return fmt::format("{} x {}", kind, count); }

Siege::Siege(const World& world, const std::string& tls_address, const Attack& attack) {
  for (int user = 0; user < attack.users; ++user) {
    attackers_.emplace_back(Launch{.argv = {"chrt", "--idle", "0", ATTACKER_BINARY, attack.kind,
                                            std::to_string(attack.count / attack.users), world.socket(), tls_address},
                                   .uid = kFirstAttacker + static_cast<uid_t>(user),
                                   .err = 2});
  }
}

bool Siege::goes_on() const {
  return std::ranges::any_of(attackers_, [](const Process& attacker) { return attacker.running(); });
}

bool Siege::lost_something() const {
  for (const Process& attacker : attackers_) attacker.signal(SIGTERM);
  return std::ranges::all_of(attackers_,
                             [](const Process& attacker) { return attacker.wait(Deadline::after(30s)) == 0; });
}

void let_attacker_watch(const World& world) {
  world.write("policy.toml",
              fmt::format("[[bind]]\nsubject = 'uid:{}'\nrole = 'viewer'\nproject = 'default'\n", kFirstAttacker));
}

Client::TlsFiles enable_tls(const World& world, const std::string& address, const std::string& more) {
  const Pki pki(world.root() / "tls");
  pki.issue("server", {.common_name = "server", .alternative_names = "DNS:host1", .purpose = "serverAuth"});
  pki.issue("honest", {.common_name = "honest"});
  world.write("lodged.toml",
              fmt::format("[tls]\nenabled = true\nlisten = '{}'\nallow = ['honest']\n{}", address, more));
  return {.ca = pki.ca(), .certificate = pki.certificate("honest"), .key = pki.key("honest")};
}

std::vector<Caller> honest_callers(const World& world, const std::string& address, const Client::TlsFiles& files) {
  std::vector<Caller> callers;
  callers.push_back({"root", Client::as(0, world.socket())});
  callers.push_back({"another user", Client::as(kHonestUser, world.socket())});
  callers.push_back({"over TLS", Client::tls(address, "host1", files)});
  return callers;
}

std::vector<Met> ask(std::span<Caller> honest, const std::function<bool()>& going) {
  std::vector<Met> all(honest.size());
  std::atomic<bool> over = false;
  std::vector<std::jthread> callers;
  for (std::size_t n = 0; n < honest.size(); ++n) {
    callers.emplace_back([&over, &caller = honest[n], &met = all[n]] {
      met.name = caller.name;
      while (!over) ask_once(caller.client, met);
    });
  }
  while (going()) std::this_thread::sleep_for(kPause);
  over = true;
  callers.clear();
  return all;
}

void tell_something(Client& teller, int times) {
  constexpr auto kTold =
      "<domain type='qemu'><name>told</name><uuid>3f1c2a52-6d4e-4a57-9a53-5f0c3e1d7b10</uuid>"
      "<memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os></domain>";
  for (int n = 0; n < times; ++n)
    if (const grpc::Status told = teller.define(kTold); !told.ok()) throw WorldError(told.error_message());
}

double percentile(std::vector<double> values, double percent) {
  if (values.empty()) throw WorldError("nothing was measured");
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(percent / 100 * static_cast<double>(values.size() - 1))];
}

double memory_mib(const World& world) {
  constexpr std::string_view kOwn = "RssAnon:";
  const std::string status = read_file(fmt::format("/proc/{}/status", world.daemon().pid())).value();
  return std::strtod(status.c_str() + status.find(kOwn) + kOwn.size(), nullptr) / 1024;
}

std::size_t open_descriptors(const World& world) {
  return static_cast<std::size_t>(std::distance(
      fs::directory_iterator(fmt::format("/proc/{}/fd", world.daemon().pid())), fs::directory_iterator()));
}

}  // namespace lodge::test
