#include "tests/unit/daemon/host/world.h"

#include <catch2/catch.hpp>

#include "base/log.h"

namespace lodge::test {

World::World() {
  spdlog::set_level(spdlog::level::off);
  kernel.add_link("eth0");
  kernel.add_link({.ifindex = 0,
                   .name = "macvtap0",
                   .kind = "macvtap",
                   .parent_ifindex = kernel.link("eth0")->ifindex,
                   .mac = netdev::Mac::parse("52:54:00:ff:ff:01").value(),
                   .mtu = 1500,
                   .up = true,
                   .macvtap_mode = netdev::MacvtapMode::bridge});
  pci_.add("0000:01:00.0", "e1000e", "7");
  settings.run_folder = folder_.path() / "run";
  settings.log_folder = folder_.path() / "log";
  settings.ledgers_file = folder_.path() / "ledgers";
  settings.boot_id = "boot-1";
}

World::~World() = default;

World::Life::~Life() {
  subscription.reset();
  pool.join();
  host.reset();
  writer.join();
}

Result<void> World::boot() {
  life_ = std::make_unique<Life>(failpoint);
  life_->access.replace(policy);
  TRY_ASSIGN(life_->store, store::Store::open(state_folder(), life_->writer));
  std::vector<std::unique_ptr<drivers::Driver>> drivers;
  drivers.push_back(std::make_unique<drivers::fake::FakeDriver>(life_->loop.get_executor(), hypervisor));
  life_->host.emplace(host::HostParts{.control = life_->loop.get_executor(),
                                      .pool = life_->pool,
                                      .store = *life_->store,
                                      .kernel = kernel,
                                      .processes = processes,
                                      .cgroups = cgroups,
                                      .firewall = firewall,
                                      .pci = pci_,
                                      .events = life_->hub,
                                      .access = life_->access,
                                      .failpoints = life_->failpoints,
                                      .drivers = std::move(drivers)},
                      settings);
  life_->subscription = host().subscribe({}, false);
  return run(host().recover(Deadline::after(std::chrono::minutes(1))));
}

void World::kill() { life_.reset(); }

void World::stop() {
  run(host().close(Deadline::after(std::chrono::minutes(1))));
  life_.reset();
}

void World::run(Task<void> task) {
  bool done = false;
  asio::co_spawn(life_->loop, std::move(task), [&](std::exception_ptr bug) {
    if (bug) std::rethrow_exception(bug);
    done = true;
  });
  until([&] { return done; });
}

void World::run_one() {
  life_->loop.restart();
  if (life_->loop.run_one() == 0) throw std::logic_error("nothing is under way that could end this wait");
}

void World::settle() {
  until([&] { return host().operations(host::Caller::own(), false).empty(); });
  life_->loop.restart();
  life_->loop.poll();
  until([&] { return host().operations(host::Caller::own(), false).empty(); });
}

void World::serve(const std::stop_token& enough) {
  while (!enough.stop_requested()) {
    life_->loop.restart();
    life_->loop.run_for(std::chrono::milliseconds(50));
  }
}

host::CallContext World::call(std::chrono::milliseconds limit) const {
  host::Caller root{.identity = "uid:0",
                    .rights = access::Rights::everything("uid:0"),
                    .verb = access::verb_of("DefineDomain"),
                    .request_id = "request",
                    .traceparent = {}};
  return {.caller = std::move(root), .deadline = Deadline::after(limit)};
}

v1::Domain World::domain(const std::string& name) {
  const auto found = host().find(host::Caller::own(), named(name));
  return found ? **found : v1::Domain();
}

v1::DomainState World::state(const std::string& name) { return domain(name).status().state(); }

void World::define(const std::string& name, const std::string& devices, const std::string& more) {
  const auto defined = run(host().define(call(), "", document(guest_xml(name, devices, more)), false));
  INFO((defined ? ""
                : defined.error().message() +
                      (defined.error().findings().empty() ? "" : ": " + defined.error().findings()[0].message)));
  REQUIRE(defined);
}

void World::start_guest(const std::string& name) {
  const auto started = run(host().start(call(), named(name), false));
  INFO((started ? "" : started.error().message()));
  REQUIRE(started);
}

std::vector<std::string> World::events() {
  constexpr std::size_t kPrefix = std::string_view("DOMAIN_EVENT_KIND_").size();
  std::vector<std::string> told;
  while (const auto event = life_->subscription->poll()) {
    told.push_back(v1::DomainEventKind_Name(event->kind()).substr(kPrefix) + " " + event->name());
  }
  return told;
}

bool World::is_pristine() {
  const store::Contents contents = store().contents().value();
  const bool no_folder = !fs::exists(settings.run_folder) || fs::is_empty(settings.run_folder);
  return kernel.is_pristine() && cgroups.is_pristine() && firewall.is_pristine() && pci_.is_pristine() &&
         hypervisor.is_pristine() && no_folder && contents.runs.empty() && contents.claims.empty();
}

v1::DomainRef named(const std::string& name) {
  v1::DomainRef ref;
  ref.set_name(name);
  return ref;
}

v1::DomainDocument document(const std::string& xml) {
  v1::DomainDocument made;
  made.set_xml(xml);
  return made;
}

std::string guest_xml(const std::string& name, const std::string& devices, const std::string& more) {
  // The uuid follows from the name, so that a second definition is of the same guest.
  const auto uuid = fmt::format("00000000-0000-4000-8000-{:012x}", std::hash<std::string>()(name) & 0xffffffffffff);
  return fmt::format(
      "<domain type='qemu'><name>{}</name><uuid>{}</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>"
      "<os><type arch='x86_64'>hvm</type></os>{}<devices>{}</devices></domain>",
      name, uuid, more, devices);
}

std::string macvtap_xml(const std::string& more) {
  return "<interface type='direct'><source dev='eth0' mode='bridge'/><model type='e1000e'/>" + more + "</interface>";
}

}  // namespace lodge::test
