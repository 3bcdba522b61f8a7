#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "daemon/host/host.h"
#include "daemon/store/store.h"
#include "drivers/fake/fake_driver.h"
#include "netdev/claims/claims.h"
#include "netdev/fake/fake_cgroups.h"
#include "netdev/fake/fake_firewall.h"
#include "netdev/fake/fake_kernel.h"
#include "netdev/fake/fake_pci.h"
#include "netdev/fake/fake_processes.h"
#include "netdev/fake/steps.h"
#include "tests/unit/daemon/access/users.h"
#include "tests/unit/daemon/store/temp_folder.h"

namespace lodge::test {

// What a call has come to so far.
template <class T>
struct Pending {
  std::optional<Result<T>> outcome;
  asio::cancellation_signal cancel;
};

// A host with an uplink, a hypervisor and a state folder, and lives of a daemon on it, one after the other. What a life leaves
// behind is what the next one finds. Everything runs when a test lets it: inside run(), until() and settle().
class World {
 public:
  // `eth0` is there, and someone else's macvtap0 on it.
  World();
  ~World();

  netdev::FakeKernel kernel;
  netdev::FakeProcesses processes;
  netdev::FakeCgroups cgroups;
  netdev::FakeFirewall firewall;
  drivers::fake::FakeHypervisor hypervisor;
  host::HostSettings settings;
  host::Failpoints::Hook failpoint;  // of every life that begins from now on
  access::Policy policy;             // the same

  // With a network card 0000:01:00.0.
  netdev::FakePci& pci() { return pci_; }

  // A daemon begins to live. Gives what Host::recover() says.
  Result<void> boot();
  // It ends as by kill -9: nothing of it runs any more.
  void kill();
  // It ends in order.
  void stop();

  // What survives it.
  fs::path state_folder() const { return folder_.path() / "state"; }

  host::Host& host() { return *life_->host; }
  store::Store& store() { return *life_->store; }
  access::Access& access() { return life_->access; }

  template <class T>
  Result<T> run(Task<Result<T>> task) {
    const auto pending = start(std::move(task));
    until([&] { return pending->outcome.has_value(); });
    return std::move(*pending->outcome);
  }
  void run(Task<void> task);

  // Lets it go on beside others.
  template <class T>
  std::shared_ptr<Pending<T>> start(Task<Result<T>> task) {
    const auto pending = std::make_shared<Pending<T>>();
    asio::co_spawn(
        life_->loop, std::move(task),
        asio::bind_cancellation_slot(pending->cancel.slot(), [pending](std::exception_ptr bug, Result<T> result) {
          if (bug) std::rethrow_exception(bug);
          pending->outcome = std::move(result);
        }));
    return pending;
  }

  template <class Predicate>
  void until(Predicate reached) {
    while (!reached()) run_one();
  }
  // Until no operation is under way.
  void settle();
  // Lets everything run by itself, on the calling thread, until told to stop.
  void serve(const std::stop_token& enough);

  // --- short ways to say things ---
  host::CallContext call(std::chrono::milliseconds limit = std::chrono::minutes(1)) const;
  v1::Domain domain(const std::string& name);
  v1::DomainState state(const std::string& name);
  // Defines a guest with this inside <devices>; checks that it went well.
  void define(const std::string& name, const std::string& devices = "", const std::string& more = "");
  void start_guest(const std::string& name);
  // Kinds of all events since the last call, in order: "STARTED web1".
  std::vector<std::string> events();
  // Nothing of any guest is left: no machine, link, folder, claim or run.
  bool is_pristine();

 private:
  // Waits for something to do, and does it. Throws if nothing can ever come.
  void run_one();

  struct Life {
    explicit Life(host::Failpoints::Hook hook) : failpoints(std::move(hook)) {}
    ~Life();
    asio::io_context loop;
    Pool pool{1};
    Pool writer{1};
    std::unique_ptr<store::Store> store;
    events::Hub hub;
    access::Access access{{}, {}, nullptr, std::make_shared<FakeUsers>()};
    host::Failpoints failpoints;
    std::optional<host::Host> host;
    std::optional<events::Subscription> subscription;
  };

  TempFolder folder_;
  netdev::FakePci pci_{folder_.path() / "pci"};
  std::unique_ptr<Life> life_;
};

v1::DomainRef named(const std::string& name);
v1::DomainDocument document(const std::string& xml);
// A small guest's document.
std::string guest_xml(const std::string& name, const std::string& devices = "", const std::string& more = "");
// A macvtap on eth0; `more` goes into the element.
std::string macvtap_xml(const std::string& more = "");

}  // namespace lodge::test
