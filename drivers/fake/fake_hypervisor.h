#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "base/latch.h"
#include "drivers/api/event.h"
#include "drivers/api/guest.h"
#include "lodge/v1/domain.pb.h"

namespace lodge::drivers::fake {

// A machine in the fake hypervisor's memory.
struct FakeMachine {
  std::string run_id;
  std::int64_t pid = 0;  // above every pid a kernel gives, so that nobody can kill a real process by it
  v1::DomainSpec live_spec;
  GuestStatus status;
  std::unique_ptr<Latch> answering;  // closed: like a stopped process, it answers nothing until it is let go on
  // Who hears its events: the guest object that holds it now.
  std::function<void(GuestEvent)> observer;
  bool lets_go = true;                                           // of a device that it is asked to
  std::map<std::string, std::vector<Fd>> plugged;                // the queues of its cards, by alias
  std::map<std::string, netdev::RxFilter, std::less<>> filters;  // by alias, as the guest wants them
  // On its way to another hypervisor, or from one.
  MigrationPhase move = MigrationPhase::none;
  std::unique_ptr<Latch> moved = std::make_unique<Latch>();  // open when that has ended
  std::uint16_t port = 0;                                    // where it is listened for, if it comes from elsewhere
  std::uint16_t sent_to = 0;
  bool ran = false;     // when it was sent
  bool missed = false;  // somebody waited for an answer in vain
};

// The world behind FakeDriver: machines that live on when a driver is destroyed, as processes do. Tests look into it, make
// guests do things, and make its n-th call fail or hang. Control thread only.
//
// A call is one step that a real driver would do with the system or the hypervisor. A start makes three: "create the
// machine", "connect to it", "let it run" (not if it starts paused).
class FakeHypervisor {
 public:
  // --- what to go wrong; calls are counted from 0, over all guests
  void fail_call(int n, Error error = Error(Code::unavailable, "scripted failure"));
  void hang_call(int n);  // it never answers: its caller's deadline or cancellation ends the wait
  int calls() const { return calls_; }
  const std::vector<std::string>& log() const { return log_; }  // "web1: connect to it", one line for each call

  // --- what is
  bool is_pristine() const { return machines_.empty(); }
  std::size_t size() const { return machines_.size(); }
  // Null if no machine of this name runs.
  FakeMachine* find(std::string_view name);

  // --- what guests do; each takes the name of a running machine
  void power_off(std::string_view name);
  // As `on_reboot` says: it runs on, or is held.
  void reboot(std::string_view name);
  void panic(std::string_view name);
  void io_error(std::string_view name, std::string_view disk);
  void die(std::string_view name, std::string detail = "killed by signal 11");
  // Like SIGSTOP and SIGCONT. Its observer hears of it when a call has waited in vain, and when that is answered at last.
  void stop_answering(std::string_view name);
  void answer_again(std::string_view name);
  // Holds on to its devices from now on, or lets go of this one at last, when nobody asks any more.
  void hold_on(std::string_view name) { find(name)->lets_go = false; }
  void let_go(std::string_view name, const std::string& alias);
  // Its driver wants other frames.
  void set_filter(std::string_view name, const std::string& alias, const netdev::RxFilter& filter);

  // --- guests that move: to `other`, by default to this one
  void link_to(FakeHypervisor* other) { other_ = other; }
  // One that is sent with a limited bandwidth arrives when this is called, or its line breaks.
  void arrive(std::string_view name);
  void break_line(std::string_view name);

  // --- for the driver
  struct Outcome {
    bool hang = false;
    std::optional<Error> error;
  };
  Outcome call(std::string_view name, std::string_view step);
  FakeMachine& create(std::string run_id, v1::DomainSpec live_spec);
  FakeMachine* by_run(std::string_view run_id);
  void destroy(std::string_view run_id, GuestEvent last_words);
  void emit(FakeMachine& machine, GuestEvent event);
  void listen(FakeMachine& machine, const IncomingPlace& place);
  void send(FakeMachine& machine, const MigrationTarget& target);
  // The line is closed, at both ends.
  void stop_sending(FakeMachine& machine, MigrationPhase how);
  static bool has_card(const FakeMachine& machine, std::string_view alias);
  static void remove_card(FakeMachine& machine, const std::string& alias);

 private:
  FakeMachine* by_port(std::uint16_t port);
  void deliver(FakeMachine& machine);

  std::map<std::string, FakeMachine, std::less<>> machines_;  // by run id
  std::map<int, Error> failures_;
  std::vector<int> hangs_;
  std::vector<std::string> log_;
  FakeHypervisor* other_ = this;
  int calls_ = 0;
  std::int64_t next_pid_ = 1 << 23;  // @source proc(5): pid_max is at most 2^22
};

}  // namespace lodge::drivers::fake
