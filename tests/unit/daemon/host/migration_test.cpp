#include <catch2/catch.hpp>

#include "tests/unit/daemon/host/world.h"

namespace lodge::test {
namespace {

using namespace std::chrono_literals;

bool in_migration(std::string_view place) {
  return place.starts_with("migrate-") || place.starts_with("start.") || place.starts_with("stop.");
}

// Two hosts with a line between them, and a client that carries what each has to show the other. At every place that either passes, at
// most one of them runs the guest.
struct Hosts {
  World source, target;
  // What the client has been told.
  std::string id, key, receipt, key_digest, proof_digest, receipt_digest;
  std::uint16_t port = 0;
  bool paused = false;
  // The place at which one of them fails or dies.
  World* victim = nullptr;
  std::size_t nth = 0;
  bool dies = false;
  std::vector<std::string> passed;  // by the victim, once armed
  bool armed = false;

  Hosts() {
    for (World* const world : {&source, &target}) {
      world->settings.migration.look = 5ms;
      world->failpoint = [this, world](std::string_view place) { return reached(*world, place); };
    }
    source.hypervisor.link_to(&target.hypervisor);
    target.hypervisor.link_to(&source.hypervisor);
    REQUIRE(source.boot());
    REQUIRE(target.boot());
    source.define("web1", macvtap_xml());
    source.start_guest("web1");
  }

  static bool runs(World& world) {
    const auto* const machine = world.hypervisor.find("web1");
    return machine && machine->status.state == v1::DOMAIN_STATE_RUNNING;
  }
  int running() { return runs(source) + runs(target); }

  Result<void> reached(World& world, std::string_view place) {
    CHECK(running() <= 1);
    if (!armed || victim != &world || !in_migration(place)) return {};
    passed.emplace_back(place);
    if (passed.size() != nth + 1) return {};
    armed = false;
    if (dies) throw netdev::Crash();
    return fail(Code::internal, "made to fail at {}", place);
  }

  // --- the client's steps ---

  Result<void> prepare(bool persistent = false) {
    const auto begun = source.run(source.host().begin_migration(source.call(), named("web1")));
    if (!begun) return Failure(begun.error());
    key_digest = begun->key_digest;
    host::PrepareMigration wanted{.spec = begun->domain->running_spec(), .definition = {}, .key_digest = key_digest};
    if (persistent) wanted.definition = begun->domain->persistent_spec();
    const auto prepared = target.run(target.host().prepare_migration(target.call(), wanted));
    if (!prepared) return Failure(prepared.error());
    id = prepared->id;
    port = prepared->port;
    proof_digest = prepared->proof_digest;
    receipt_digest = prepared->receipt_digest;
    return {};
  }

  host::PerformMigration what_to_perform(std::uint64_t bandwidth = 0) const {
    return {.id = id,
            .target = {.host = "target", .port = port, .bandwidth = bandwidth},
            .key_digest = key_digest,
            .proof_digest = proof_digest,
            .receipt_digest = receipt_digest};
  }

  Result<void> perform() {
    auto handed = source.run(source.host().perform_migration(source.call(), named("web1"), what_to_perform()));
    if (!handed) return Failure(handed.error());
    key = handed->key;
    paused = handed->paused;
    return {};
  }

  Result<void> finish() {
    auto finished = target.run(target.host().finish_migration(target.call(), id, key, paused));
    if (!finished) return Failure(finished.error());
    receipt = finished->receipt;
    return {};
  }

  Result<void> confirm(bool undefine = false) {
    TRY(source.run(source.host().confirm_migration(source.call(), id, receipt, undefine)));
    return target.run(target.host().confirm_migration(target.call(), id, "", false));
  }

  Result<std::string> abort() {
    const std::string uuid = source.domain("web1").uuid();
    return target.run(target.host().abort_migration(target.call(), id, uuid));
  }

  Result<void> take_back(const std::string& proof, bool force = false) {
    auto taken = source.run(source.host().cancel_migration(source.call(), id, proof, force));
    if (!taken) return Failure(taken.error());
    return {};
  }

  Result<void> all(bool persistent = false) {
    TRY(prepare(persistent));
    TRY(perform());
    TRY(finish());
    return confirm();
  }

  // What a client does that comes later and knows nothing but what the hosts tell it.
  void bring_to_an_end() {
    source.settle();
    target.settle();
    const auto left = source.host().migrations();
    if (!left.empty()) {
      REQUIRE(left.size() == 1);
      REQUIRE(left[0].state() == v1::MIGRATION_STATE_HANDED_OVER);
      id = left[0].id();
      REQUIRE(perform());
      if (finish()) {
        REQUIRE(confirm());
      } else {
        const auto proof = abort();
        REQUIRE(proof);
        REQUIRE(take_back(*proof));
      }
    }
    for (const v1::Migration& known : target.host().migrations()) {
      id = known.id();
      if (known.state() == v1::MIGRATION_STATE_PREPARED) REQUIRE(abort());
      if (known.state() == v1::MIGRATION_STATE_ARRIVED)
        REQUIRE(target.run(target.host().confirm_migration(target.call(), id, "", false)));
    }
    source.settle();
    target.settle();
  }

  // The guest runs at one of them, and the other has nothing of it.
  void expect_in_one_place() {
    CHECK(running() == 1);
    World& with = runs(source) ? source : target;
    World& without = runs(source) ? target : source;
    CHECK(with.state("web1") == v1::DOMAIN_STATE_RUNNING);
    CHECK(without.state("web1") != v1::DOMAIN_STATE_RUNNING);
    CHECK(without.is_pristine());
    CHECK(source.host().migrations().empty());
    CHECK(target.host().migrations().empty());
    CHECK(source.store().contents().value().migrations.empty());
    CHECK(target.store().contents().value().migrations.empty());
  }

  // What a claim would do to a real process: the fake's machine outlives its run.
  static void end_unknown_machines(World& world) {
    if (world.hypervisor.find("web1") && world.state("web1") != v1::DOMAIN_STATE_RUNNING &&
        world.state("web1") != v1::DOMAIN_STATE_PAUSED)
      world.hypervisor.die("web1");
  }
};

TEST_CASE("a guest that moves runs at the other host, and nothing of it is left here") {
  Hosts hosts;
  REQUIRE(hosts.all());
  CHECK(hosts.source.state("web1") == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(hosts.source.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_SHUTOFF_MIGRATED);
  CHECK(hosts.target.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_RUNNING_MIGRATED);
  CHECK_FALSE(hosts.target.domain("web1").persistent());
  CHECK(hosts.target.domain("web1").running_spec().interfaces(0).target_dev_generated());
  hosts.expect_in_one_place();
  const store::Contents contents = hosts.target.store().contents().value();
  for (const auto& claim : contents.claims) CHECK(claim.state == netdev::ClaimState::held);
}

TEST_CASE("its definition can go with it") {
  Hosts hosts;
  REQUIRE(hosts.prepare(true));
  REQUIRE(hosts.perform());
  REQUIRE(hosts.finish());
  REQUIRE(hosts.confirm(true));
  CHECK(hosts.target.domain("web1").persistent());
  CHECK(hosts.source.host().list(host::Caller::own(), {}).empty());
}

TEST_CASE("a paused guest stays paused where it goes, and where it comes back") {
  Hosts hosts;
  REQUIRE(hosts.source.run(hosts.source.host().suspend(hosts.source.call(), named("web1"))));
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  CHECK(hosts.paused);
  SECTION("there") {
    REQUIRE(hosts.finish());
    REQUIRE(hosts.confirm());
    CHECK(hosts.target.state("web1") == v1::DOMAIN_STATE_PAUSED);
    CHECK(hosts.running() == 0);
    REQUIRE(hosts.target.run(hosts.target.host().resume(hosts.target.call(), named("web1"))));
    CHECK(hosts.running() == 1);
  }
  SECTION("back") {
    REQUIRE(hosts.take_back(hosts.abort().value()));
    CHECK(hosts.source.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_PAUSED_USER);
    CHECK(hosts.running() == 0);
  }
}

TEST_CASE("a guest that was handed over is not run here by anybody, and says what to do") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  CHECK(hosts.running() == 0);
  const v1::DomainStatus status = hosts.source.domain("web1").status();
  CHECK(status.state() == v1::DOMAIN_STATE_PAUSED);
  CHECK(status.reason() == v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION);
  CHECK_THAT(status.last_error(), Catch::Contains("target:49152") && Catch::Contains("--abort"));
  for (auto task : {&host::Host::resume, &host::Host::reset}) {
    const auto done = hosts.source.run((hosts.source.host().*task)(hosts.source.call(), named("web1")));
    REQUIRE_FALSE(done);
    CHECK(done.error().code() == Code::failed_precondition);
    CHECK_THAT(done.error().message(), Catch::Contains("handed over"));
  }
  // Not even after its hypervisor has been ended.
  REQUIRE(hosts.source.run(hosts.source.host().destroy(hosts.source.call(), named("web1"), false)));
  const auto started = hosts.source.run(hosts.source.host().start(hosts.source.call(), named("web1"), false));
  REQUIRE_FALSE(started);
  CHECK_THAT(started.error().message(), Catch::Contains("handed over"));
  REQUIRE(hosts.finish());
  REQUIRE(hosts.confirm());
  hosts.expect_in_one_place();
}

TEST_CASE("the other host runs it for the right key only, and only when all of it has arrived") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  hosts.key = "a guess";
  auto finished = hosts.finish();
  REQUIRE_FALSE(finished);
  CHECK(finished.error().code() == Code::permission_denied);
  CHECK(Hosts::runs(hosts.source));
  REQUIRE(hosts.perform());
  const std::string key = std::exchange(hosts.key, hosts.key_digest);
  CHECK(hosts.finish().error().code() == Code::permission_denied);
  hosts.key = key;
  REQUIRE(hosts.finish());
  REQUIRE(hosts.finish());
  REQUIRE(hosts.confirm());
  REQUIRE(hosts.confirm());
  hosts.expect_in_one_place();
}

TEST_CASE("a guest that has come and could not be let run is let run by the same step again") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  const int resume = hosts.target.hypervisor.calls() + 1;
  hosts.target.hypervisor.fail_call(resume);
  REQUIRE_FALSE(hosts.finish());
  CHECK_FALSE(Hosts::runs(hosts.target));
  REQUIRE(hosts.finish());
  CHECK(Hosts::runs(hosts.target));
  REQUIRE(hosts.confirm());
  hosts.expect_in_one_place();
}

TEST_CASE("a guest that was handed over is ended here for the receipt of the other host only") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  const auto early = hosts.confirm();
  REQUIRE_FALSE(early);
  CHECK(early.error().code() == Code::permission_denied);
  CHECK(hosts.source.hypervisor.find("web1") != nullptr);
  REQUIRE(hosts.finish());
  REQUIRE(hosts.confirm());
  hosts.expect_in_one_place();
}

TEST_CASE("a guest that was handed over comes back for the proof that the other host gave it up") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  const auto guessed = hosts.take_back(hosts.proof_digest);
  REQUIRE_FALSE(guessed);
  CHECK(guessed.error().code() == Code::permission_denied);
  CHECK(hosts.running() == 0);
  const auto proof = hosts.abort();
  REQUIRE(proof);
  CHECK(hosts.target.is_pristine());
  CHECK(hosts.finish().error().code() == Code::not_found);
  CHECK(hosts.abort().value() == *proof);
  REQUIRE(hosts.take_back(*proof));
  CHECK(hosts.source.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_RUNNING_MIGRATION_CANCELLED);
  hosts.expect_in_one_place();
  REQUIRE(hosts.all());
  hosts.expect_in_one_place();
}

TEST_CASE("a guest that runs at the other host is not given up there, whatever became of it since") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  REQUIRE(hosts.finish());
  CHECK(hosts.abort().error().code() == Code::failed_precondition);
  REQUIRE(hosts.target.run(hosts.target.host().destroy(hosts.target.call(), named("web1"), false)));
  CHECK(hosts.abort().error().code() == Code::failed_precondition);
  hosts.target.kill();
  REQUIRE(hosts.target.boot());
  CHECK(hosts.abort().error().code() == Code::failed_precondition);
  REQUIRE(hosts.finish());
  REQUIRE(hosts.confirm());
  CHECK(hosts.source.is_pristine());
  CHECK(hosts.target.is_pristine());
}

TEST_CASE("by force, a guest is taken back from a host that will never come back") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.perform());
  hosts.target.hypervisor.die("web1");
  REQUIRE(hosts.take_back("", true));
  CHECK(Hosts::runs(hosts.source));
}

TEST_CASE("a line that breaks costs nothing: the guest runs on, the other host has nothing left") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  auto perform = hosts.source.start(
      hosts.source.host().perform_migration(hosts.source.call(), named("web1"), hosts.what_to_perform(4096)));
  hosts.source.until([&] { return hosts.source.host().migrations().size() == 1; });
  CHECK(hosts.source.host().migrations()[0].state() == v1::MIGRATION_STATE_SENDING);
  SECTION("it breaks") { hosts.source.hypervisor.break_line("web1"); }
  SECTION("it is cancelled") { perform->cancel.emit(asio::cancellation_type::terminal); }
  SECTION("the guest's operation is cancelled") {
    const auto operations = hosts.source.host().operations(host::Caller::own(), false);
    REQUIRE(hosts.source.run(hosts.source.host().cancel_operation(hosts.source.call(), operations.at(0).id())));
  }
  SECTION("the other hypervisor dies") {
    hosts.target.hypervisor.die("web1");
    hosts.source.hypervisor.break_line("web1");
  }
  hosts.source.until([&] { return perform->outcome.has_value(); });
  CHECK_FALSE(*perform->outcome);
  hosts.target.settle();
  hosts.expect_in_one_place();
  CHECK(Hosts::runs(hosts.source));
}

TEST_CASE("a guest is sent for as long as its line carries something") {
  Hosts hosts;
  hosts.source.kill();
  hosts.source.settings.migration.stall = 20ms;
  REQUIRE(hosts.source.boot());
  hosts.source.settle();
  REQUIRE(hosts.prepare());
  const auto done = hosts.source.run(
      hosts.source.host().perform_migration(hosts.source.call(), named("web1"), hosts.what_to_perform(4096)));
  REQUIRE_FALSE(done);
  CHECK_THAT(done.error().message(), Catch::Contains("the line has carried nothing for"));
  hosts.target.settle();
  hosts.expect_in_one_place();
}

TEST_CASE("a guest that nobody sends is given up after a while") {
  Hosts hosts;
  hosts.target.kill();
  hosts.target.settings.migration.lease = 5ms;
  REQUIRE(hosts.target.boot());
  REQUIRE(hosts.prepare());
  SECTION("before it comes") {}
  SECTION("when it has come") { REQUIRE(hosts.perform()); }
  hosts.target.until([&] { return hosts.target.host().migrations().empty(); });
  hosts.target.settle();
  CHECK(hosts.target.is_pristine());
  hosts.bring_to_an_end();
  CHECK(Hosts::runs(hosts.source));
  hosts.expect_in_one_place();
}

TEST_CASE("a guest that is expected can be destroyed, and is nothing else until it has come") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  World& target = hosts.target;
  CHECK(target.domain("web1").status().reason() == v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION);
  CHECK_THAT(target.run(target.host().resume(target.call(), named("web1"))).error().message(),
             Catch::Contains("has not arrived"));
  CHECK_FALSE(target.run(target.host().create(target.call(), "", document(guest_xml("web1")), false)));
  REQUIRE(target.run(target.host().destroy(target.call(), named("web1"), false)));
  CHECK(target.is_pristine());
  CHECK_FALSE(hosts.perform());
  hosts.expect_in_one_place();
}

TEST_CASE("an offer holds for one migration, and only the last one") {
  Hosts hosts;
  REQUIRE(hosts.prepare());
  REQUIRE(hosts.source.run(hosts.source.host().begin_migration(hosts.source.call(), named("web1"))));
  const auto late = hosts.perform();
  REQUIRE_FALSE(late);
  CHECK_THAT(late.error().message(), Catch::Contains("begin again"));
  REQUIRE(hosts.abort());
  REQUIRE(hosts.all());
  hosts.expect_in_one_place();
}

// The places that this host passes in a migration, in order.
std::vector<std::string> places_of(bool source) {
  Hosts hosts;
  hosts.victim = source ? &hosts.source : &hosts.target;
  hosts.nth = 1000;
  hosts.armed = true;
  REQUIRE(hosts.all());
  hosts.armed = false;
  return hosts.passed;
}

TEST_CASE("a migration in which either host fails between any two steps ends with the guest in one place") {
  for (const bool source : {true, false}) {
    const auto places = places_of(source);
    CHECK(places.size() >= 10);
    for (std::size_t n = 0; n < places.size(); ++n) {
      INFO((source ? "source: " : "target: ") << places[n]);
      Hosts hosts;
      hosts.victim = source ? &hosts.source : &hosts.target;
      hosts.nth = n;
      hosts.armed = true;
      const auto moved = hosts.all();
      hosts.armed = false;
      hosts.bring_to_an_end();
      hosts.expect_in_one_place();
      if (moved) CHECK(Hosts::runs(hosts.target));
    }
  }
}

TEST_CASE("a migration in which either daemon dies between any two steps ends with the guest in one place") {
  for (const bool source : {true, false}) {
    const auto places = places_of(source);
    for (std::size_t n = 0; n < places.size(); ++n) {
      INFO((source ? "source: " : "target: ") << places[n]);
      Hosts hosts;
      hosts.victim = source ? &hosts.source : &hosts.target;
      hosts.nth = n;
      hosts.dies = true;
      hosts.armed = true;
      CHECK_THROWS_AS(hosts.all(), netdev::Crash);
      hosts.armed = false;
      CHECK(hosts.running() <= 1);
      hosts.victim->kill();
      REQUIRE(hosts.victim->boot());
      hosts.victim->settle();
      Hosts::end_unknown_machines(*hosts.victim);
      hosts.bring_to_an_end();
      hosts.expect_in_one_place();
    }
  }
}

}  // namespace
}  // namespace lodge::test
