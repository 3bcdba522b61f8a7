#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file.h"
#include "lodge/v1/domain.pb.h"
#include "netdev/claims/claim.h"
#include "netdev/claims/ledger.h"

namespace lodge::store {

using SpecPtr = std::shared_ptr<const v1::DomainSpec>;

// A stored definition.
struct DomainRow {
  std::string uuid;
  std::string name;
  std::string owner;
  std::uint64_t generation = 1;
  bool autostart = false;
  SpecPtr spec;  // never null
};

enum class RunPhase {
  starting,  // planned: what it needs may or may not exist
  running,
};

// A run of a guest, as a later life of the daemon must know it to find the guest again.
struct RunRow {
  std::string domain_uuid;
  std::string run_id;
  std::uint32_t id = 0;
  std::string owner;
  std::string driver;
  RunPhase phase = RunPhase::starting;
  std::chrono::system_clock::time_point started_at;  // kept to the microsecond
  fs::path folder;
  fs::path log_file;
  SpecPtr live_spec;  // never null
  std::string memory;
};

// Changes that belong together: all of it is durable, or nothing. What goes is taken out before what comes is put in.
struct Batch {
  std::vector<std::string> drop_domains;  // uuids; one that is not there is no error
  std::vector<std::string> drop_runs;     // run ids; the same
  std::vector<DomainRow> put_domains;     // added, or put in place of the one with the same uuid
  std::vector<RunRow> put_runs;           // the same
  netdev::ClaimChanges claims;
  std::map<std::string, std::string> put_meta;
  std::map<std::string, std::uint64_t> put_counters;
};

// Everything there is.
struct Contents {
  std::vector<DomainRow> domains;  // by name
  std::vector<RunRow> runs;        // by id
  std::vector<netdev::Claim> claims;
  std::map<std::string, std::string> meta;
};

}  // namespace lodge::store
