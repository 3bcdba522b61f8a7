// The daemon dies between every two steps of everything that is done to a guest, and of its own recovery. Whatever it was at,
// its next life finds an end to it: nothing is leaked or lost, and nothing of others is touched.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "daemon/host/failpoints.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/sandbox.h"
#include "tests/fault/support/audit.h"
#include "tests/fault/support/lodge_manager.h"
#include "tests/fault/support/tiny_guest.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr const char* kSubject = "subject";
constexpr const char* kMac = "52:54:00:66:01:01";
constexpr const char* kSecondMac = "52:54:00:66:01:02";

// How the guest is when the verb comes. `booted` answers its power button and lets go of cards.
enum class Before { undefined, defined, booted, plugged, paused };

struct Row {
  std::string_view verb;
  std::vector<std::string> places;
  Before before = Before::booted;
  std::function<Said(LodgeManager&)> act = {};
  std::string_view durable = {};  // from this place on, the verb has happened
  std::string_view first = {};    // for recovery: where the life before has died
};

std::string document(std::string_view title, const fs::path& serials) {
  return tiny_guest(kSubject, title, serials / "subject.serial",
                    macvtap_on("up0", kMac, kLimit) + more_devices(kSubject, 1, "br0", serials / "sockets"));
}

std::vector<Row> rows(const fs::path& serials) {
  const auto verb = [](Verb one) { return [one](LodgeManager& manager) { return manager.act(one, kSubject); }; };
  const auto define = [serials](LodgeManager& manager) { return manager.define(document("new", serials)); };
  const auto attach = [](LodgeManager& manager) { return manager.attach(kSubject, "up0", kSecondMac); };
  const auto set_link = [](LodgeManager& manager) { return manager.set_link(kSubject, kMac, false); };
  const auto lift_limit = [](LodgeManager& manager) { return manager.set_limit(kSubject, kMac, 0); };
  const std::vector<std::string> ends{"stop.gate-passed", "stop.guest-ended", "stop.released", "stop.committed"};
  const std::vector<std::string> definition{"define.checked", "define.gate-passed", "define.committed"};
  const std::vector<std::string> recovery{"recover.loaded", "recover.released", "recover.committed",
                                          "recover.guest-found"};
  const std::vector<std::string> cards{"recover.cards-known", "recover.cards-released"};
  return {
      {.verb = "define",
       .places = definition,
       .before = Before::undefined,
       .act = define,
       .durable = "define.committed"},
      {.verb = "redefine",
       .places = definition,
       .before = Before::booted,
       .act = define,
       .durable = "define.committed"},
      {.verb = "undefine",
       .places = {"undefine.gate-passed", "undefine.committed"},
       .before = Before::defined,
       .act = verb(Verb::undefine),
       .durable = "undefine.committed"},
      {.verb = "autostart",
       .places = {"autostart.gate-passed", "autostart.committed"},
       .before = Before::defined,
       .act = verb(Verb::autostart)},
      {.verb = "start",
       .places = {"start.gate-passed", "start.checked", "start.planned", "start.plan-committed", "start.folder-made",
                  "start.cgroup-made", "start.port-made", "start.driver-step-1", "start.driver-step-2",
                  "start.driver-step-3", "start.guest-started", "start.run-committed"},
       .before = Before::defined,
       .act = verb(Verb::start),
       .durable = "start.run-committed"},
      {.verb = "destroy", .places = ends, .act = verb(Verb::destroy)},
      {.verb = "destroy, paused", .places = ends, .before = Before::paused, .act = verb(Verb::destroy)},
      {.verb = "shutdown",
       .places = {"shutdown.gate-passed", "shutdown.pressed", "shutdown.powered-off", "stop.gate-passed",
                  "stop.guest-ended", "stop.released", "stop.committed"},
       .act = verb(Verb::shutdown)},
      {.verb = "reboot",
       .places = {"shutdown.gate-passed", "shutdown.pressed", "shutdown.powered-off", "reboot.gate-passed",
                  "reboot.reset"},
       .act = verb(Verb::reboot)},
      {.verb = "reset", .places = {"reset.gate-passed", "reset.done"}, .act = verb(Verb::reset)},
      {.verb = "suspend", .places = {"suspend.gate-passed", "suspend.done"}, .act = verb(Verb::suspend)},
      {.verb = "resume",
       .places = {"resume.gate-passed", "resume.done"},
       .before = Before::paused,
       .act = verb(Verb::resume)},
      {.verb = "attach",
       .places = {"attach.gate-passed", "attach.checked", "attach.planned", "attach.plan-committed", "attach.port-made",
                  "attach.plugged-in", "attach.committed"},
       .act = attach},
      {.verb = "detach",
       .places = {"detach.gate-passed", "detach.unplugged", "detach.released", "detach.committed"},
       .before = Before::plugged,
       .act = [](LodgeManager& manager) { return manager.detach(kSubject, kSecondMac); }},
      {.verb = "set-link",
       .places = {"update.gate-passed", "update.written", "update.host-changed", "update.guest-changed",
                  "update.committed"},
       .act = set_link},
      {.verb = "lift-limit",
       .places = {"update.written", "update.host-changed", "update.committed"},
       .act = lift_limit},
      {.verb = "recover after a start",
       .places = recovery,
       .before = Before::defined,
       .act = verb(Verb::start),
       .first = "start.guest-started"},
      {.verb = "recover after an attach", .places = cards, .act = attach, .first = "attach.port-made"},
      {.verb = "recover after a set-link",
       .places = {"recover.cards-settled"},
       .act = set_link,
       .first = "update.host-changed"},
  };
}

// Where there is no control group of version 2, none is made for a guest.
bool can_be_passed(std::string_view place) { return place != "start.cgroup-made" || own_control_group(); }

class Sweep {
 public:
  Sweep() {
    add_uplink("up0");
    manager_.start();
    add_bridge("br0");
    foreign_.emplace("up0", manager_.runs(), world_.root() / "sockets");
    audit_.emplace(manager_, *foreign_);
    must(manager_.define(tiny_guest(
        "bystander", "bystander", world_.root() / "bystander.serial",
        macvtap_on("up0", "52:54:00:66:00:01", kLimit) + more_devices("bystander", 0, "br0", foreign_->sockets()))));
    must(manager_.act(Verb::start, "bystander"));
    promises_[0] = {.name = "bystander"};
    promises_[0].learn(manager_.find("bystander").value());
    promises_[1] = {.name = kSubject};
  }

  const fs::path& serials() const { return world_.root(); }

  // What the death of the daemon at this place leaves.
  Figures die_at(const Row& row, const std::string& place) {
    bring_to(row.before);
    promise_either(row, place);
    manager_.kill();
    foreign_->take(manager_.next_names());
    Figures figures;
    if (row.first.empty()) {
      live_until(place, row);
    } else {
      live_until(row.first, row);
      wake_until(place);
    }
    figures[Count::deaths] += row.first.empty() ? 1 : 2;
    manager_.start();
    manager_.settle();
    figures += audit_->look(promises_);
    return figures;
  }

  // The guest goes, and with it all it had.
  Figures end() {
    if (promises_[1].run == Promise::Run::on) must(manager_.act(Verb::destroy, kSubject));
    if (promises_[1].defined()) must(manager_.act(Verb::undefine, kSubject));
    promises_[1] = {.name = kSubject};
    manager_.settle();
    return audit_->look(promises_);
  }

 private:
  static void must(const Said& said) {
    if (!said.done()) throw WorldError(said.why);
  }

  void bring_to(Before before) {
    if (before == Before::undefined) return;
    must(manager_.define(document("old", serials())));
    promises_[1].titles = {"old"};
    if (before == Before::defined) return;
    must(manager_.act(Verb::start, kSubject));
    if (!wait_for_text(world_.root() / "subject.serial", "ready", Deadline::after(kPatience)))
      throw WorldError("the guest did not boot");
    if (before == Before::plugged) must(manager_.attach(kSubject, "up0", kSecondMac));
    if (before == Before::paused) must(manager_.act(Verb::suspend, kSubject));
    promises_[1].learn(manager_.find(kSubject).value());
  }

  // It may have come to pass or not, and has for sure from one place on.
  void promise_either(const Row& row, const std::string& place) {
    Promise& promise = promises_[1];
    const auto index = [&](std::string_view one) { return std::ranges::find(row.places, one) - row.places.begin(); };
    const bool durable = !row.durable.empty() && index(place) >= index(row.durable);
    const std::string title = row.verb.ends_with("define") ? (row.verb == "undefine" ? "" : "new") : "";
    if (row.verb.ends_with("define")) {
      if (durable) promise.titles.clear();
      promise.titles.insert(title);
    }
    if (row.verb.starts_with("start") || row.verb == "recover after a start")
      promise.run = durable ? Promise::Run::on : Promise::Run::open;
    if (row.verb.starts_with("destroy") || row.verb == "shutdown") promise.run = Promise::Run::open;
    if (row.verb == "detach")
      std::erase_if(promise.links, [&](const auto& link) { return link.first == second_link(); });
  }

  std::string second_link() { return manager_.find(kSubject)->links.back(); }

  // A life that dies there, at the verb.
  void live_until(std::string_view place, const Row& row) {
    manager_.start({.environment = {fmt::format("LODGE_FAILPOINT={}:crash", place)}});
    const Said said = row.act(manager_);
    must({.answer = said.answer == Answer::refused ? Answer::refused : Answer::done, .why = said.why});
    world_.wait_for_end();
  }

  // A life that dies while it recovers, before it is ready or right after.
  void wake_until(std::string_view place) {
    const World::Start doomed{.environment = {fmt::format("LODGE_FAILPOINT={}:crash", place)}};
    try {
      world_.start_in_vain(doomed);
    } catch (const WorldError&) {
      world_.wait_for_end();
    }
  }

  World world_;
  LodgeManager manager_{world_};
  std::optional<Foreign> foreign_;
  std::optional<Audit> audit_;
  std::array<Promise, 2> promises_;
};

}  // namespace

TEST_CASE("the daemon dies at each of its failpoints in the sweep") {
  std::set<std::string_view> swept;
  const auto table = rows("/");
  for (const Row& row : table) swept.insert(row.places.begin(), row.places.end());
  for (const std::string_view place : host::kFailpoints) {
    if (place.starts_with("migrate-")) continue;   // these need two hosts: migrate_sweep_test.cpp
    if (place == "start.devices-taken") continue;  // a PCI device to give away: tests/unit/daemon/host
    INFO(place);
    CHECK(swept.contains(place));
  }
}

TEST_CASE("a daemon that dies between any two steps leaks, loses and touches nothing") {
  Sweep sweep;
  Figures all;
  for (const Row& row : rows(sweep.serials())) {
    for (const std::string& place : row.places) {
      if (!can_be_passed(place)) continue;
      INFO(row.verb << " at " << place);
      Figures figures = sweep.die_at(row, place);
      figures += sweep.end();
      INFO(figures.text());
      CHECK(figures.clean());
      all += figures;
    }
  }
  print_row("crash sweep", all);
}
