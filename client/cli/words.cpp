#include "client/cli/words.h"

#include <fmt/chrono.h>
#include <google/protobuf/descriptor.h>

#include <ctime>

namespace lodge::cli {

std::string_view state_word(v1::DomainState state) {
  switch (state) {
    case v1::DOMAIN_STATE_RUNNING: return "running";
    case v1::DOMAIN_STATE_BLOCKED: return "idle";
    case v1::DOMAIN_STATE_PAUSED: return "paused";
    case v1::DOMAIN_STATE_SHUTDOWN: return "in shutdown";
    case v1::DOMAIN_STATE_SHUTOFF: return "shut off";
    case v1::DOMAIN_STATE_CRASHED: return "crashed";
    case v1::DOMAIN_STATE_PMSUSPENDED: return "pmsuspended";
    default: return "no state";
  }
}

std::string_view reason_word(v1::DomainStateReason reason) {
  switch (reason) {
    case v1::DOMAIN_STATE_REASON_RUNNING_BOOTED: return "booted";
    case v1::DOMAIN_STATE_REASON_RUNNING_UNPAUSED: return "unpaused";
    case v1::DOMAIN_STATE_REASON_RUNNING_WAKEUP: return "event wakeup";
    case v1::DOMAIN_STATE_REASON_RUNNING_CRASHED: return "crashed";
    case v1::DOMAIN_STATE_REASON_RUNNING_MIGRATED: return "migrated";
    case v1::DOMAIN_STATE_REASON_RUNNING_MIGRATION_CANCELLED: return "migration canceled";
    case v1::DOMAIN_STATE_REASON_PAUSED_USER: return "user";
    case v1::DOMAIN_STATE_REASON_PAUSED_STARTING_UP: return "starting up";
    case v1::DOMAIN_STATE_REASON_PAUSED_IOERROR: return "I/O error";
    case v1::DOMAIN_STATE_REASON_PAUSED_WATCHDOG: return "watchdog";
    case v1::DOMAIN_STATE_REASON_PAUSED_CRASHED: return "crashed";
    case v1::DOMAIN_STATE_REASON_PAUSED_SHUTTING_DOWN: return "shutting down";
    case v1::DOMAIN_STATE_REASON_PAUSED_MIGRATION: return "migrating";
    case v1::DOMAIN_STATE_REASON_SHUTDOWN_USER: return "user";
    case v1::DOMAIN_STATE_REASON_SHUTOFF_SHUTDOWN: return "shutdown";
    case v1::DOMAIN_STATE_REASON_SHUTOFF_DESTROYED: return "destroyed";
    case v1::DOMAIN_STATE_REASON_SHUTOFF_CRASHED: return "crashed";
    case v1::DOMAIN_STATE_REASON_SHUTOFF_FAILED: return "failed";
    case v1::DOMAIN_STATE_REASON_SHUTOFF_DAEMON: return "daemon";
    case v1::DOMAIN_STATE_REASON_SHUTOFF_MIGRATED: return "migrated";
    case v1::DOMAIN_STATE_REASON_CRASHED_PANICKED: return "panicked";
    default: return "unknown";
  }
}

std::string_view event_word(v1::DomainEventKind kind) {
  switch (kind) {
    case v1::DOMAIN_EVENT_KIND_UNSPECIFIED: return "state";
    case v1::DOMAIN_EVENT_KIND_DEFINED: return "defined";
    case v1::DOMAIN_EVENT_KIND_UNDEFINED: return "undefined";
    case v1::DOMAIN_EVENT_KIND_STARTED: return "started";
    case v1::DOMAIN_EVENT_KIND_SUSPENDED: return "suspended";
    case v1::DOMAIN_EVENT_KIND_RESUMED: return "resumed";
    case v1::DOMAIN_EVENT_KIND_STOPPED: return "stopped";
    case v1::DOMAIN_EVENT_KIND_SHUTDOWN: return "shutdown";
    case v1::DOMAIN_EVENT_KIND_PMSUSPENDED: return "pmsuspended";
    case v1::DOMAIN_EVENT_KIND_CRASHED: return "crashed";
    case v1::DOMAIN_EVENT_KIND_REBOOTED: return "rebooted";
    case v1::DOMAIN_EVENT_KIND_WATCHDOG: return "watchdog";
    case v1::DOMAIN_EVENT_KIND_IO_ERROR: return "io-error";
    case v1::DOMAIN_EVENT_KIND_AUTOSTART_CHANGED: return "autostart-changed";
    case v1::DOMAIN_EVENT_KIND_RECOVERED: return "recovered";
    case v1::DOMAIN_EVENT_KIND_LOST: return "lost";
    case v1::DOMAIN_EVENT_KIND_DEVICE_ADDED: return "device-added";
    case v1::DOMAIN_EVENT_KIND_DEVICE_REMOVED: return "device-removed";
    case v1::DOMAIN_EVENT_KIND_DEVICE_CHANGED: return "device-changed";
    default: return "unknown";
  }
}

std::string_view claim_word(v1::ClaimState state) {
  switch (state) {
    case v1::CLAIM_STATE_PLANNED: return "planned";
    case v1::CLAIM_STATE_HELD: return "held";
    case v1::CLAIM_STATE_RELEASING: return "releasing";
    default: return "unknown";
  }
}

std::string_view presence_word(v1::ClaimPresence presence) {
  switch (presence) {
    case v1::CLAIM_PRESENCE_ABSENT: return "absent";
    case v1::CLAIM_PRESENCE_THERE: return "there";
    case v1::CLAIM_PRESENCE_NOT_OURS: return "not ours";
    default: return "unknown";
  }
}

std::string_view severity_word(v1::HealthSeverity severity) {
  switch (severity) {
    case v1::HEALTH_SEVERITY_ERROR: return "error";
    case v1::HEALTH_SEVERITY_WARNING: return "warning";
    default: return "note";
  }
}

std::string_view operation_word(v1::OperationState state) {
  switch (state) {
    case v1::OPERATION_STATE_WAITING: return "waiting";
    case v1::OPERATION_STATE_RUNNING: return "running";
    case v1::OPERATION_STATE_DONE: return "done";
    case v1::OPERATION_STATE_FAILED: return "failed";
    case v1::OPERATION_STATE_CANCELLED: return "cancelled";
    default: return "unknown";
  }
}

std::string time_text(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0) return {};
  const std::time_t seconds = time.seconds();
  std::tm local{};
  if (!localtime_r(&seconds, &local)) return {};
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

std::string case_word(const google::protobuf::Message& message, const std::string& oneof) {
  const auto* descriptor = message.GetDescriptor()->FindOneofByName(oneof);
  const auto* field = descriptor ? message.GetReflection()->GetOneofFieldDescriptor(message, descriptor) : nullptr;
  return field ? field->name() : std::string();
}

}  // namespace lodge::cli
