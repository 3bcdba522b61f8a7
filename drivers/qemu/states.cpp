#include "drivers/qemu/states.h"

#include <algorithm>

#include <utility>

namespace lodge::drivers::qemu {

GuestStatus status_from(std::string_view run_state) {
  static constexpr std::pair<std::string_view, GuestStatus> kStates[] = {
      {"running", {v1::DOMAIN_STATE_RUNNING, v1::DOMAIN_STATE_REASON_RUNNING_BOOTED}},
      {"paused", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_USER}},
      {"prelaunch", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP}},
      {"io-error", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_IOERROR}},
      {"watchdog", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_WATCHDOG}},
      {"internal-error", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_CRASHED}},
      {"inmigrate", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION}},
      {"finish-migrate", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION}},
      {"postmigrate", {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION}},
      {"shutdown", {v1::DOMAIN_STATE_SHUTDOWN, v1::DOMAIN_STATE_REASON_SHUTDOWN_USER}},
      {"guest-panicked", {v1::DOMAIN_STATE_CRASHED, v1::DOMAIN_STATE_REASON_CRASHED_PANICKED}},
      {"suspended", {v1::DOMAIN_STATE_PMSUSPENDED, v1::DOMAIN_STATE_REASON_PMSUSPENDED_GUEST}},
  };
  for (const auto& [name, status] : kStates) {
    if (name == run_state) return status;
  }
  // The rest (snapshots, the debugger) stop the guest, too.
  return {v1::DOMAIN_STATE_PAUSED, v1::DOMAIN_STATE_REASON_UNSPECIFIED};
}

std::string Translator::disk_of(const qmp::Json& data) const {
  // "/machine/peripheral/virtio-disk0/virtio-backend"; the older "device" is empty for a -blockdev.
  static constexpr std::string_view kPeripheral = "/machine/peripheral/";
  std::string alias = qmp::text(data, "qom-path");
  if (alias.starts_with(kPeripheral)) {
    alias.erase(0, kPeripheral.size());
    alias.resize(std::min(alias.find('/'), alias.size()));
  }
  for (const auto& disk : live_.disks()) {
    if (!alias.empty() && disk.alias() == alias) return disk.target_dev();
  }
  return alias.empty() ? qmp::text(data, "node-name") : alias;
}

std::vector<GuestEvent> Translator::shut_down(const qmp::Json& data) {
  const std::string reason = qmp::text(data, "reason");
  // One that writes to a reset register twice before its processors have stopped is told of twice.
  if (std::exchange(held_, true)) return {};
  // The process ends by itself after these; after a panic that has been told already.
  if (reason == "host-signal" || reason == "host-qmp-quit" || reason == "host-ui" || reason == "host-error" ||
      reason == "guest-panic") {
    return {};
  }
  if (reason == "guest-reset" || reason == "host-qmp-system-reset" || reason == "subsystem-reset") {
    return {{.kind = GuestEventKind::reset_held, .requested = reason == "host-qmp-system-reset"}};
  }
  return {{.kind = GuestEventKind::powered_off, .requested = std::exchange(power_button_pressed_, false)}};
}

GuestEvent Translator::paused() {
  GuestEvent event{.kind = GuestEventKind::paused, .requested = pausing_};
  event.reason = std::exchange(cause_, v1::DOMAIN_STATE_REASON_UNSPECIFIED);
  if (moving_ && event.reason == v1::DOMAIN_STATE_REASON_UNSPECIFIED)
    event.reason = v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION;
  if (pausing_) event.reason = v1::DOMAIN_STATE_REASON_PAUSED_USER;
  return event;
}

std::vector<GuestEvent> Translator::translate(const qmp::Event& event) {
  const auto& data = event.data;
  if (event.name == "SHUTDOWN") return shut_down(data);
  if (event.name == "STOP") return held_ ? std::vector<GuestEvent>{} : std::vector{paused()};
  if (event.name == "RESUME") {
    held_ = false;
    return {{.kind = GuestEventKind::resumed, .requested = resuming_}};
  }
  if (event.name == "RESET") {
    const std::string reason = qmp::text(data, "reason");
    if (reason == "subsystem-reset") return {};
    power_button_pressed_ = false;
    held_ = false;
    return {{.kind = GuestEventKind::rebooted, .requested = !qmp::flag(data, "guest")}};
  }
  if (event.name == "GUEST_PANICKED") {
    held_ = qmp::text(data, "action") != "run";
    return {{.kind = GuestEventKind::panicked, .held = held_}};
  }
  if (event.name == "SUSPEND") return {{.kind = GuestEventKind::pm_suspended}};
  if (event.name == "WAKEUP") return {{.kind = GuestEventKind::pm_woken}};
  if (event.name == "WATCHDOG") {
    const std::string action = qmp::text(data, "action");
    if (action == "pause") cause_ = v1::DOMAIN_STATE_REASON_PAUSED_WATCHDOG;
    return {{.kind = GuestEventKind::watchdog, .detail = "the watchdog's action is " + action}};
  }
  if (event.name == "BLOCK_IO_ERROR") {
    if (qmp::text(data, "action") == "stop") cause_ = v1::DOMAIN_STATE_REASON_PAUSED_IOERROR;
    const std::string reason = qmp::text(data, "reason");
    return {
        {.kind = GuestEventKind::io_error,
         .detail = fmt::format("disk {}: {}", disk_of(data), reason.empty() ? qmp::text(data, "operation") : reason)}};
  }
  return {};
}

}  // namespace lodge::drivers::qemu
