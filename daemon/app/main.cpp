// lodged: everything it is made of, in one place.
#include <signal.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <span>

#include "base/log.h"
#include "daemon/access/access.h"
#include "daemon/app/builtin_drivers.h"
#include "daemon/app/command_line.h"
#include "daemon/app/doctor_checks.h"
#include "daemon/app/environment.h"
#include "daemon/app/memory.h"
#include "daemon/app/settings.h"
#include "daemon/enrol/enrolment.h"
#include "daemon/events/hub.h"
#include "daemon/host/host.h"
#include "daemon/rpc/rpc_door.h"
#include "daemon/rpc/tls.h"
#include "daemon/store/store.h"
#include "netdev/claims/process.h"
#include "netdev/firewall/host_firewall.h"
#include "netdev/host_cgroups.h"
#include "netdev/host_kernel.h"
#include "netdev/host_pci.h"

namespace lodge::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kRecover = 60s;   // for finding the guests that run, at start
constexpr auto kLastWork = 10s;  // for calls that go on when we are told to stop
constexpr auto kLastWords = 2s;  // for their answers to reach the callers

struct Door {
  const access::Access& access;
  access::Auditor& auditor;
  enrol::Enrolment* enrolment;
  rpc::DoorSettings settings;
  rpc::Sockets sockets;
};

// `hang_up` is what SIGHUP asks for.
Task<void> until_told_to_stop(asio::signal_set& signals, std::function<Task<void>()> hang_up) {
  // GCC 12 miscompiles an await in a loop's condition.
  for (;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    if (signal != SIGHUP) co_return;
    co_await hang_up();
  }
}

// The daemon's life, on the control loop.
Task<Result<void>> live(host::Host& host, Door door, asio::signal_set& signals) {
  using namespace asio::experimental::awaitable_operators;
  const std::function<Task<void>()> nothing = []() -> Task<void> { co_return; };
  auto recovered = co_await (host.recover(Deadline::after(kRecover)) || until_told_to_stop(signals, nothing));
  if (recovered.index() == 1) {
    notify("STOPPING=1");
    log::info("told to stop before it was ready; guests run on, and are found by the next start");
    co_await host.close(Deadline::after(kLastWork));
    co_return Result<void>();
  }
  CO_TRY(std::move(std::get<0>(recovered)));
  CO_TRY_ASSIGN(const auto rpc, rpc::RpcDoor::open(host, door.access, door.auditor, door.enrolment, door.settings,
                                                   std::move(door.sockets)));
  notify("READY=1");
  log::info("ready");
  asio::co_spawn(host.control(), host.autostart(), asio::detached);

  const std::function<Task<void>()> look_again = [&host, &rpc]() -> Task<void> {
    log::info("SIGHUP: reading the policy and the TLS door's files; settings are read at start only");
    const auto reloaded = co_await host.reload_policy();  // logs what is wrong
    static_cast<void>(reloaded);
    // Who would not be let in by now has to go.
    co_await rpc->look_again();
  };
  co_await until_told_to_stop(signals, look_again);
  notify("STOPPING=1");
  log::info("stopping; guests run on");
  rpc->stop_accepting();
  co_await host.close(Deadline::after(kLastWork));
  Pool closer(1);
  const bool closed = co_await closer.run([&rpc] {
    rpc->close(Deadline::after(kLastWords));
    return true;
  });
  co_return closed ? Result<void>() : fail(Code::internal, "the door did not close");
}

Result<void> serve(const Paths& paths, const Settings& settings) {
  prepare_process();
  keep_little_memory();
  TRY(check(settings));
  TRY(make_folders(paths));
  TRY_ASSIGN(const host::Failpoints failpoints,
             host::Failpoints::parse(std::getenv("LODGE_FAILPOINT") ? std::getenv("LODGE_FAILPOINT") : ""));
  TRY_ASSIGN(std::string boot, boot_id());

  asio::io_context loop(1);
  asio::signal_set signals(loop, SIGTERM, SIGINT, SIGHUP);
  Pool pool(settings.limits.workers);
  Pool writer(1);
  TRY_ASSIGN(const auto store, store::Store::open(paths.state, writer));
  netdev::HostKernel kernel;
  netdev::HostProcesses processes(paths.runtime / "runs");
  netdev::HostFirewall firewall;
  netdev::HostPci pci;
  netdev::HostCgroups cgroups = netdev::HostCgroups::find_own();
  if (cgroups.base().empty()) log::info("guests get no control groups of their own: {}", cgroups.why_none());
  events::Hub events;
  access::Enrolled enrolled;
  std::unique_ptr<enrol::Enrolment> enrolment;
  if (settings.tls.enabled) {
    TRY_ASSIGN(enrolment, enrol::Enrolment::open(enrol_settings(settings), *store, pool, enrolled));
  }
  TRY_ASSIGN(const auto access, open_access(settings, enrolled));
  TRY_ASSIGN(const auto auditor, open_audit(settings));
  std::optional<host::Host> host(
      std::in_place,
      host::HostParts{.control = loop.get_executor(),
                      .pool = pool,
                      .store = *store,
                      .kernel = kernel,
                      .processes = processes,
                      .cgroups = cgroups,
                      .firewall = firewall,
                      .pci = pci,
                      .events = events,
                      .access = *access,
                      .failpoints = failpoints,
                      .drivers = builtin_drivers(loop.get_executor(), pool, paths, settings, store->instance()),
                      .checks = doctor_checks(paths, settings)},
      host::HostSettings{.run_folder = paths.runtime / "runs",
                         .log_folder = paths.logs,
                         .ledgers_file = paths.runtime / "ledgers",
                         .boot_id = std::move(boot),
                         .migration = migration_settings(settings)});
  // Held by the store's lock: no living daemon serves at this path.
  TRY_ASSIGN(rpc::Sockets sockets, rpc::open_sockets(paths.socket, settings.tls.enabled ? settings.tls.listen : ""));

  Result<void> outcome;
  asio::co_spawn(loop, give_memory_back(pool), asio::detached);
  asio::co_spawn(
      loop,
      live(*host, {*access, *auditor, enrolment.get(), door_settings(paths, settings), std::move(sockets)}, signals),
      [&](std::exception_ptr thrown, Result<void> result) {
        if (thrown) std::rethrow_exception(thrown);
        outcome = std::move(result);
        loop.stop();
      });
  loop.run();

  // Threads that still work for the host end first. Then what waits in the loop for a guest is told to let go, while everything
  // it uses is still there.
  pool.join();
  host.reset();
  loop.restart();
  loop.poll();
  writer.join();
  return outcome;
}

int main(std::span<const char* const> arguments) {
  const auto die = [](const Error& error) {
    fmt::print(stderr, "lodged: {}\n", error.message());
    return EXIT_FAILURE;
  };
  const auto line = parse_command_line(arguments);
  if (!line) return die(line.error());
  if (line->action == CommandLine::Action::help) return fmt::print("{}", usage()), EXIT_SUCCESS;
  if (line->action == CommandLine::Action::version) return fmt::print("lodged {}\n", LODGE_VERSION), EXIT_SUCCESS;
  if (line->action == CommandLine::Action::print_settings)
    return fmt::print("{}", default_settings_file()), EXIT_SUCCESS;

  Paths paths = line->root ? Paths::below(*line->root) : Paths::of_system();
  if (line->settings) paths.settings = *line->settings;
  const auto settings = load_settings(paths.settings, line->settings.has_value());
  if (!settings) return die(settings.error());
  if (line->action == CommandLine::Action::check) {
    const auto checked = check(*settings);
    return checked ? EXIT_SUCCESS : die(checked.error());
  }

  log::setup(settings->log.level);
  rpc::log_what_grpc_says();
  if (const auto served = serve(paths, *settings); !served) return log::failed("lodged", served.error()), EXIT_FAILURE;
  log::info("stopped");
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace lodge::app

int main(int argc, char** argv) {
  lodge::rpc::allow_only_tls13();
  return lodge::app::main({argv + 1, argv + argc});
}
