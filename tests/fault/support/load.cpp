#include "tests/fault/support/load.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "tests/e2e/support/guest.h"
#include "tests/fault/support/tiny_guest.h"

namespace lodge::test {
namespace {

// What a client knows of its guest besides what it was promised.
struct Seat {
  Promise* promise;
  int number;
  bool paused = false;
  bool loose = false;    // something may happen by itself: that a call is refused is no surprise
  bool plugged = false;  // a second card
  int cards = 0;         // its address ends in this
};

// Of the card that it was defined with (0), or of the n-th that it was given.
std::string mac(const Seat& seat, int card) {
  return fmt::format("52:54:00:66:{:02x}:{:02x}", seat.number, card == 0 ? 0 : 1 + card % 255);
}

}  // namespace

class Load::Client {
 public:
  Client(Manager& manager, LoadSettings settings, std::span<Promise> promises, int first)
      : manager_(manager), settings_(std::move(settings)), random_(settings_.seed + static_cast<unsigned>(first)) {
    for (Promise& promise : promises) seats_.push_back({.promise = &promise, .number = first++});
  }

  void work(const std::atomic<bool>& over) {
    while (!over) step(seats_[chance(seats_.size())]);
  }
  // A new life: what was under way has been settled, and what could happen by itself has.
  void look_around() {
    cut_off_ = false;
    for (Seat& seat : seats_) {
      seat.loose = seat.promise->run == Promise::Run::on;
      seat.plugged = seat.promise->links.size() > (settings_.bridge.empty() ? 1 : 1 + kMoreCards);
    }
  }
  Figures take_refusals() { return std::exchange(refusals_, {}); }
  const Work& done() const { return done_; }

 private:
  std::size_t chance(std::size_t of) { return std::uniform_int_distribution<std::size_t>(0, of - 1)(random_); }

  void step(Seat& seat) {
    const Promise& promise = *seat.promise;
    if (!promise.defined()) return define(seat);
    if (promise.run == Promise::Run::on) return running_step(seat);
    if (promise.run == Promise::Run::open) return end(seat, Verb::destroy);
    switch (chance(8)) {
      case 0: return define(seat);
      case 1: return undefine(seat);
      case 2: return start(seat, Verb::start_paused);
      default: return start(seat, Verb::start);
    }
  }

  void running_step(Seat& seat) {
    switch (chance(9)) {
      case 0: return define(seat);
      case 1: return pause(seat);
      case 2:
        seat.loose = true;
        note(seat, "reset", manager_.act(Verb::reset, seat.promise->name));
        return;
      case 3: note(seat, "set_link", manager_.set_link(seat.promise->name, mac(seat, 0), chance(2) == 0)); return;
      case 4:
      case 5: return seat.plugged ? unplug(seat) : plug(seat);
      case 6: return seat.paused ? pause(seat) : end(seat, Verb::shutdown);
      default: return end(seat, Verb::destroy);
    }
  }

  void define(Seat& seat) {
    const std::string title = fmt::format("revision {}", ++revision_);
    const std::string& name = seat.promise->name;
    std::string devices = macvtap_on(settings_.parent, mac(seat, 0), settings_.bridge.empty() ? "" : kLimit);
    if (!settings_.bridge.empty()) devices += more_devices(name, seat.number, settings_.bridge, settings_.sockets);
    seat.promise->titles.insert(title);
    const Said said = manager_.define(tiny_guest(name, title, settings_.serials / (name + ".serial"), devices));
    if (note(seat, "define", said)) seat.promise->titles = {title};
    if (said.answer == Answer::refused) seat.promise->titles.erase(title);
  }

  void undefine(Seat& seat) {
    seat.promise->titles.insert("");
    const Said said = manager_.act(Verb::undefine, seat.promise->name);
    if (note(seat, "undefine", said)) seat.promise->titles = {""};
    if (said.answer == Answer::refused) seat.promise->titles.erase("");
  }

  void start(Seat& seat, Verb verb) {
    Promise& promise = *seat.promise;
    promise.run = Promise::Run::open;
    promise.letting_go = false;
    seat.paused = verb == Verb::start_paused;
    seat.loose = seat.plugged = false;
    const Said said = manager_.act(verb, promise.name);
    if (said.answer == Answer::refused) promise.run = Promise::Run::off;
    if (!note(seat, "start", said)) return;
    ++done_.started;
    learn_run(seat);
  }

  // It has been started, or given a card: what it has now, it is to keep.
  void learn_run(Seat& seat) {
    Promise& promise = *seat.promise;
    const auto titles = promise.titles;
    promise.pid = 0;
    promise.links.clear();
    if (const auto facts = manager_.find(promise.name); facts && facts->running) promise.learn(*facts);
    promise.titles = titles;
    promise.run = Promise::Run::on;
  }

  void end(Seat& seat, Verb verb) {
    seat.promise->run = Promise::Run::open;
    seat.loose = seat.loose || verb == Verb::shutdown;
    const Said said = manager_.act(verb, seat.promise->name);
    if (verb == Verb::shutdown) {
      note(seat, "shutdown", said);
    } else if (note(seat, "destroy", said)) {
      seat.promise->run = Promise::Run::off;
    } else if (said.answer == Answer::refused) {
      // It had ended by itself, or had not been started after all.
      if (const auto facts = manager_.find(seat.promise->name); facts && !facts->running)
        seat.promise->run = Promise::Run::off;
    }
  }

  void pause(Seat& seat) {
    const Said said = manager_.act(seat.paused ? Verb::resume : Verb::suspend, seat.promise->name);
    if (note(seat, seat.paused ? "resume" : "suspend", said)) seat.paused = !seat.paused;
    if (said.answer == Answer::none) seat.loose = true;
  }

  void plug(Seat& seat) {
    const Said said = manager_.attach(seat.promise->name, settings_.parent, mac(seat, ++seat.cards));
    if (note(seat, "attach", said)) {
      seat.plugged = true;
      learn_run(seat);
    } else {
      seat.loose = true;
    }
  }

  void unplug(Seat& seat) {
    if (seat.paused) return;
    // Whether it has let go is found out by the next look.
    seat.promise->links.clear();
    if (note(seat, "detach", manager_.detach(seat.promise->name, mac(seat, seat.cards)))) {
      seat.plugged = false;
      learn_run(seat);
    } else {
      seat.loose = seat.promise->letting_go = true;
    }
  }

  bool note(const Seat& seat, std::string_view verb, const Said& said) {
    if (said.done()) ++done_.done;
    // What is tried while nobody is there was not cut off.
    if (said.answer == Answer::none && !std::exchange(cut_off_, true)) ++done_.cut_off;
    if (said.answer == Answer::refused && !seat.loose && seat.promise->run != Promise::Run::open)
      refusals_.find(Count::refusals, fmt::format("{} {}: {}", verb, seat.promise->name, said.why));
    return said.done();
  }

  Manager& manager_;
  const LoadSettings settings_;
  std::mt19937 random_;
  std::vector<Seat> seats_;
  Figures refusals_;
  int revision_ = 0;
  Work done_;
  bool cut_off_ = false;  // in this life
};

Load::Load(Manager& manager, LoadSettings settings) {
  for (int guest = 0; guest < settings.clients * settings.guests_each; ++guest)
    promises_.push_back({.name = fmt::format("guest{:02}", guest)});
  for (int client = 0; client < settings.clients; ++client) {
    const auto first = static_cast<std::size_t>(client * settings.guests_each);
    const auto mine = std::span(promises_).subspan(first, static_cast<std::size_t>(settings.guests_each));
    clients_.push_back(std::make_unique<Client>(manager, settings, mine, static_cast<int>(first)));
  }
}

Load::~Load() { stop(); }

void Load::go() {
  over_ = false;
  for (const auto& client : clients_) {
    client->look_around();
    threads_.emplace_back([this, &client = *client] { client.work(over_); });
  }
}

Figures Load::stop() {
  over_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  Figures refusals;
  for (const auto& client : clients_) refusals += client->take_refusals();
  return refusals;
}

Work Load::work() const {
  Work work;
  for (const auto& client : clients_) {
    work.done += client->done().done;
    work.started += client->done().started;
    work.cut_off += client->done().cut_off;
  }
  return work;
}

}  // namespace lodge::test
