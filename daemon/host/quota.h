#pragma once

#include "daemon/host/core.h"

// How much of the host a project's guests take together.
namespace lodge::host {

// What the guest takes: the most of its definition, its run, and what has been granted to an operation that is still under way.
access::Usage usage_of(const Object& object);
// Of all guests of the project but `except`, which may be null.
access::Usage usage_of(const Core& core, std::string_view project, const Object* except);

// What a guest has been granted, until the operation that asked for it has ended. Asking and granting are one step on the
// control loop, so that two who ask at once cannot both be granted the last of it.
class Grant {
 public:
  // resource_exhausted as access::check_quota.
  static Result<Grant> ask(const Core& core, ObjectPtr object, const access::Project& project, access::Usage asked);
  ~Grant();
  Grant(Grant&&) noexcept = default;
  Grant& operator=(Grant&&) = delete;

 private:
  explicit Grant(ObjectPtr object) : object_(std::move(object)) {}

  ObjectPtr object_;
};

// For a definition or a start.
Result<Grant> ask_for(Work& work, const Prepared& prepared);

// After a restart of the daemon: how large the disks of all guests are whose projects have limits. Until it is through, those that
// have not been measured count as nothing.
Task<void> measure_disks(Core& core);

}  // namespace lodge::host
