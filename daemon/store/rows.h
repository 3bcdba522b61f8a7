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
  std::string project = "default";
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
  std::string project = "default";
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

// A guest on its way to another host, or lately come from one: what must not be forgotten lest two hosts run it, or none.
enum class MigrationState {
  sending,      // source: ours, whatever happens to the sending
  handed_over,  // source: never run here again, unless the target proves that it has given up
  committed,    // target: ours; it may not have begun to run
  arrived,      // target: has begun to run; kept until the source knows
};

struct MigrationRow {
  std::string id;
  std::string domain_uuid;
  std::string project;
  std::string domain_name;
  MigrationState state = MigrationState::sending;
  std::string peer;                                  // source: where it is sent to
  std::string key;                                   // source: lets the target run it
  std::string proof_digest;                          // source: of the proof that the target has given up
  std::string receipt_digest;                        // source: of the proof that it is the target's
  bool paused = false;                               // it was paused, and stays so
  std::chrono::system_clock::time_point started_at;  // kept to the microsecond
};

// A token that lets one client enrol, once.
struct TokenRow {
  std::string id;               // hexadecimal digits
  std::string name;             // of the client to be
  std::string digest;           // SHA-256 of the secret, hexadecimal digits
  std::int64_t expires_at = 0;  // seconds since 1970
  std::string role;             // of the client to be: "viewer" …
  std::string project;          // where; "*": in every one
};

// A client that has enrolled with a token.
struct ClientRow {
  std::string name;
  std::string fingerprint;  // of its newest certificate
  std::string serial;
  std::int64_t enrolled_at = 0;  // seconds since 1970
  std::int64_t expires_at = 0;   // of the certificate
  std::string role;              // as its token said
  std::string project;           // the same
};

// Changes that belong together: all of it is durable, or nothing. What goes is taken out before what comes is put in.
struct Batch {
  std::vector<std::string> drop_domains;     // uuids; one that is not there is no error
  std::vector<std::string> drop_runs;        // run ids; the same
  std::vector<DomainRow> put_domains;        // added, or put in place of the one with the same uuid
  std::vector<RunRow> put_runs;              // the same
  std::vector<std::string> drop_migrations;  // ids; the same
  std::vector<MigrationRow> put_migrations;  // the same
  std::vector<std::string> drop_tokens;      // ids; the same
  std::vector<std::string> drop_clients;     // names; the same
  std::vector<TokenRow> put_tokens;
  std::vector<ClientRow> put_clients;  // in place of the one with the same name
  netdev::ClaimChanges claims;
  std::map<std::string, std::string> put_meta;
  std::map<std::string, std::uint64_t> put_counters;
};

// Everything there is.
struct Contents {
  std::vector<DomainRow> domains;        // by name
  std::vector<RunRow> runs;              // by id
  std::vector<MigrationRow> migrations;  // by the time they began
  std::vector<netdev::Claim> claims;
  std::vector<TokenRow> tokens;
  std::vector<ClientRow> clients;  // by name
  std::map<std::string, std::string> meta;
};

}  // namespace lodge::store
