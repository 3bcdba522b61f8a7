#pragma once

#include <string>

#include "lodge/v1/domain_object.pb.h"

namespace lodge::drivers {

// What a guest or its hypervisor did by itself or as the effect of a request; the application layer turns it into states
// and applies on_poweroff, on_reboot and on_crash.
enum class GuestEventKind {
  powered_off,   // the guest is off and waits: nothing runs until it is stopped or reset
  rebooted,      // the guest reset itself and runs on
  reset_held,    // the guest wanted to reset and was held, because on_reboot says it must not run on
  paused,        // virtual CPUs stopped; does not follow powered_off, reset_held and a panicked that holds the guest
  resumed,       // virtual CPUs run
  panicked,      // the guest's kernel told of its crash; see `held`
  pm_suspended,  // the guest went to sleep
  pm_woken,
  watchdog,
  io_error,           // a disk failed; `detail` names it
  device_removed,     // the guest let go of a device when nobody waited for it any more; `detail` is its alias
  rx_filter_changed,  // the card `detail` takes other frames than before; Hotplug::rx_filter() says which
  unresponsive,       // the hypervisor stopped answering; the guest itself may well run
  responsive,         // and answers again
  exited,             // the guest's process or equivalent is gone; the last event of a run
};

struct GuestEvent {
  GuestEventKind kind;
  // By request from outside (the power button, a pause), as opposed to by the guest itself.
  bool requested = false;
  // panicked: the guest was stopped where it was. False if it runs on by itself.
  bool held = false;
  // paused: why, where the hypervisor says so (PAUSED_IOERROR, PAUSED_WATCHDOG); PAUSED_USER if by request.
  v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_UNSPECIFIED;
  // For people: "killed by signal 11", "disk vda: No space left on device". May be empty.
  std::string detail;
};

// Receives a guest's events in order, on the control thread. They may come from the moment start() or recover() is awaited,
// before it has returned; never after the guest object is destroyed. Must not block or re-enter the guest; it may post.
class GuestObserver {
 public:
  virtual ~GuestObserver() = default;
  virtual void on_guest_event(const GuestEvent& event) = 0;
};

}  // namespace lodge::drivers
