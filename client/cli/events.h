#pragma once

#include <string>

#include "lodge/v1/domain_object.pb.h"

namespace lodge::cli {

// "2026-11-22 19:14:05.123: event 'stopped' for domain 'web1': destroyed" and a newline, in local time.
std::string event_line(const v1::DomainEvent& event);

}  // namespace lodge::cli
