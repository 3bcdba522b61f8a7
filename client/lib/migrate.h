#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "client/lib/connection.h"

// The client's part of moving a guest: it carries what each host has to show the other. Whatever becomes of it, the hosts keep two of
// them from running the guest; a call that is repeated brings to its end what an earlier one has left.
namespace lodge::client {

struct MigrateOptions {
  std::string via;               // at which name or address the source reaches the target; empty: as we reach it
  bool persistent = false;       // the target stores the definition, too
  bool undefine_source = false;  // the source forgets it
  std::uint64_t bandwidth = 0;   // bytes per second at most; 0: as the hypervisor likes
  std::chrono::milliseconds downtime{0};  // at most, as far as it can be foretold; 0: as the hypervisor likes
};

struct Migrated {
  v1::Domain domain;  // on the target
  v1::MigrationProgress progress;
  // What is left to be done though the guest runs on the target, and a repetition would do: the source could not be told.
  std::optional<Error> unconfirmed;
};

// Moves a running guest from `source` to `target`. On any error it runs on at the source, unless the error says something else.
// Blocks until the deadline at most, and somewhat longer to clear up.
Result<Migrated> migrate(const Connection& source, const Connection& target, const v1::DomainRef& domain,
                         const MigrateOptions& options, Deadline deadline);

// Takes back a guest that `source` has handed over, once `target` has given it up: failed_precondition if it runs there by now. Without a
// target, it is taken back unasked: only for one that will never come back.
Result<v1::Domain> abort_migration(const Connection& source, const Connection* target, const v1::DomainRef& domain,
                                   Deadline deadline);

}  // namespace lodge::client
