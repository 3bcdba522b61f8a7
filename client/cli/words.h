#pragma once

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "lodge/v1/claim.pb.h"
#include "lodge/v1/doctor.pb.h"
#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/operation.pb.h"

// The words that virsh users know for what the API calls DOMAIN_STATE_SHUTOFF and the like.
namespace lodge::cli {

std::string_view state_word(v1::DomainState state);           // "running", "shut off", "in shutdown", …
std::string_view reason_word(v1::DomainStateReason reason);   // "booted", "destroyed", …; "unknown" without one
std::string_view event_word(v1::DomainEventKind kind);        // "started", "suspended", …; "state" for an initial one
std::string_view claim_word(v1::ClaimState state);            // "planned", "held", "releasing"
std::string_view presence_word(v1::ClaimPresence presence);   // "there", "absent", "not ours", "unknown"
std::string_view severity_word(v1::HealthSeverity severity);  // "error", "warning", "note"
std::string_view operation_word(v1::OperationState state);    // "waiting", "running", "done", "failed", "cancelled"

// "2026-11-22 19:14:05" in local time; empty for an absent one.
std::string time_text(const google::protobuf::Timestamp& time);

// The field that is set in a oneof: "direct"; empty if none is.
std::string case_word(const google::protobuf::Message& message, const std::string& oneof);

}  // namespace lodge::cli
