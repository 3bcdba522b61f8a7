#pragma once

#include <string_view>
#include <vector>

#include "drivers/api/event.h"
#include "drivers/api/guest.h"
#include "drivers/qemu/qmp/message.h"

namespace lodge::drivers::qemu {

// QEMU's run states as ours. @source QEMU qapi/run-state.json, RunState
GuestStatus status_from(std::string_view run_state);

// Turns what QEMU says into what the guest did. Pure but for what it remembers: which pause belongs to which cause, and
// what was asked for from outside. One per guest.
class Translator {
 public:
  // The live specification, for the names of disks; outlives the translator.
  explicit Translator(const v1::DomainSpec& live) : live_(live) {}

  // What we are about to have QEMU do, so that its effect counts as requested.
  void expect_pause(bool on) { pausing_ = on; }
  void expect_resume(bool on) { resuming_ = on; }
  // It is being sent to another host, which stops it at last.
  void expect_move(bool on) { moving_ = on; }
  void expect_power_off() { power_button_pressed_ = true; }

  // In order; often none.
  std::vector<GuestEvent> translate(const qmp::Event& event);

 private:
  std::vector<GuestEvent> shut_down(const qmp::Json& data);
  GuestEvent paused();
  std::string disk_of(const qmp::Json& data) const;

  const v1::DomainSpec& live_;
  bool pausing_ = false;
  bool resuming_ = false;
  bool moving_ = false;
  bool power_button_pressed_ = false;
  bool held_ = false;  // stopped for a reason already told: the STOP that follows is no news
  v1::DomainStateReason cause_ = v1::DOMAIN_STATE_REASON_UNSPECIFIED;  // of the next pause
};

}  // namespace lodge::drivers::qemu
