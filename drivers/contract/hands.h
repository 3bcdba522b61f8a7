#pragma once

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/domain/normalize.h"
#include "conf/domain/plug.h"
#include "conf/domain/validated.h"
#include "conf/xml/codec.h"
#include "drivers/api/driver.h"

// What the rules of contract.h are written in.
namespace lodge::drivers::contract {

using namespace std::chrono_literals;
using Kind = GuestEventKind;

// Keeps what it is told.
struct Recorder final : GuestObserver {
  std::vector<GuestEvent> events;
  void on_guest_event(const GuestEvent& event) override { events.push_back(event); }
  std::size_t count(Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(events, kind, &GuestEvent::kind));
  }
  const GuestEvent* find(Kind kind) const {
    const auto found = std::ranges::find(events, kind, &GuestEvent::kind);
    return found == events.end() ? nullptr : &*found;
  }
};

// A started guest and all that it was started with.
struct Started {
  std::optional<conf::ValidatedDomain> domain;
  Run run;
  std::vector<netdev::Claim> claims;
  std::unique_ptr<Recorder> heard = std::make_unique<Recorder>();
  RunningGuest running;

  Guest& guest() const { return *running.guest; }
};

// What the rules are written in.
template <class World>
class Hands {
 public:
  World world;

  static Deadline soon() { return Deadline::after(120s); }

  // Runs the loop until the task has ended.
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> value;
    std::exception_ptr failure;
    asio::co_spawn(world.loop(), std::move(task), [&](std::exception_ptr error, T result) {
      failure = error;
      value.emplace(std::move(result));
    });
    until([&] { return value.has_value(); });
    if (failure) std::rethrow_exception(failure);
    return std::move(*value);
  }

  // Runs the loop until the condition holds; fails the test if it does not within 20 seconds.
  void until(const std::function<bool()>& condition) {
    const Deadline deadline = soon();
    world.loop().restart();
    while (!condition() && !deadline.passed()) world.loop().run_one_for(100ms);
    REQUIRE(condition());
  }

  conf::ValidatedDomain domain(const std::string& name) {
    const auto host = wait(world.driver().probe(false, soon()));
    REQUIRE(host);
    auto document = conf::xml::parse<v1::DomainSpec>(world.document(name));
    REQUIRE(document);
    auto normalized = conf::normalize(document->message, *host, document->source);
    REQUIRE(normalized);
    auto checked = conf::validate(std::move(*normalized), *host, document->source);
    if (!checked) FAIL(checked.error().message());
    return std::move(*checked);
  }

  // Everything before start().
  Started prepared(conf::ValidatedDomain domain) {
    Started started;
    started.domain.emplace(std::move(domain));
    started.run = world.new_run();
    started.run.domain_uuid = started.domain->spec().uuid();
    auto planned = wait(world.driver().plan({.domain = *started.domain, .run = started.run, .others = {}}, soon()));
    if (!planned) FAIL(planned.error().message());
    started.claims = std::move(*planned);
    return started;
  }
  Started prepared(const std::string& name) { return prepared(domain(name)); }

  StartRequest request(Started& started, bool paused = false) {
    return {.domain = *started.domain,
            .run = started.run,
            .claims = started.claims,
            .observer = *started.heard,
            .paused = paused};
  }

  Started start(const std::string& name, bool paused = false) {
    Started started = prepared(name);
    auto running = wait(world.driver().start(request(started, paused), soon()));
    if (!running) FAIL(running.error().message());
    started.running = std::move(*running);
    return started;
  }

  Result<RunningGuest> recover(const Started& started, Deadline deadline = soon()) {
    return wait(world.driver().recover({.live_spec = started.domain->spec(),
                                        .run = started.run,
                                        .claims = started.claims,
                                        .memory = started.running.memory,
                                        .observer = *started.heard},
                                       deadline));
  }

  // The same guest at another host, which listens for it.
  Started listening_for(const Started& one) {
    Started started = prepared(one.domain->spec().name());
    started.domain = one.domain;
    started.run.domain_uuid = one.run.domain_uuid;
    auto wanted = request(started);
    wanted.incoming = IncomingPlace{.address = "127.0.0.1", .first_port = 49152, .last_port = 49215};
    auto running = wait(world.driver().start(std::move(wanted), soon()));
    if (!running) FAIL(running.error().message());
    started.running = std::move(*running);
    return started;
  }

  // One that needs nothing of the host, at a free place of the guest's.
  v1::Interface new_card(const Started& started) {
    v1::Interface card;
    card.mutable_user();
    card.set_model("virtio");
    const auto host = wait(world.driver().probe(false, soon()));
    REQUIRE(host);
    auto plugged = conf::plug_interface(card, started.domain->spec(), *host, conf::Plugging::hot);
    if (!plugged) FAIL(plugged.error().message());
    plugged->interface.set_alias("net0");
    return plugged->interface;
  }

  v1::DomainState state(Guest& guest) {
    const auto status = wait(guest.status(soon()));
    if (!status) FAIL(status.error().message());
    return status->state;
  }

  MigrationPhase wait_moved(Migration& migration) { return wait(migration.wait_end(soon())); }

  void must(Result<void> result) {
    if (!result) FAIL(result.error().message());
  }
};

template <class World>
struct Rule {
  const char* sentence;
  void (*check)(Hands<World>&);
};

}  // namespace lodge::drivers::contract
