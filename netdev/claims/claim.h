#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "netdev/switch_port.h"

namespace lodge::netdev {

// Which run of which guest something was made for.
struct Owner {
  std::string domain_uuid;
  std::string run_id;

  auto operator<=>(const Owner&) const = default;
};

// By what each kind of thing is known for ever: chosen, and durably written, before the thing exists.

struct LinkIdentity {
  std::uint32_t ifindex = 0;         // chosen by us; see netdev/names.h
  std::string link_kind;             // "macvtap", "tun"
  std::uint32_t parent_ifindex = 0;  // 0 if it has none
  std::string alias;                 // the mark it bears, see link_mark()

  bool operator==(const LinkIdentity&) const = default;
};

// The process bears LODGE_CLAIM=<claim id> in its environment. Pid and start time are known once it runs; a claim
// without them is found by that mark.
struct ProcessIdentity {
  std::int64_t pid = 0;          // 0: not known yet
  std::uint64_t start_time = 0;  // clock ticks after boot. @source proc(5), /proc/pid/stat field 22

  bool operator==(const ProcessIdentity&) const = default;
};

// A folder with everything in it. Its last component ends in the claim's id.
struct FolderIdentity {
  std::string path;  // absolute

  bool operator==(const FolderIdentity&) const = default;
};

// A control group of cgroup v2 with all that runs in it. Its last component ends in the claim's id; which folder that is
// is known once it is made, and then must be that one.
struct CgroupIdentity {
  std::string path;          // absolute
  std::uint64_t device = 0;  // of the file system; 0: not known yet
  std::uint64_t inode = 0;

  bool operator==(const CgroupIdentity&) const = default;
};

// A port of this host on which a server of the guest listens. It is the hypervisor's socket, and goes with it: there is
// nothing to delete, but nobody else may have it.
struct PortIdentity {
  std::string protocol;      // "tcp", "udp"
  std::string address;       // as the definition has it; empty: all
  std::uint16_t number = 0;  // 0: the hypervisor takes a free one, and it is not known yet

  bool operator==(const PortIdentity&) const = default;
};

// A socket or file at a place that the user named, where nothing was before. Only the one that was made there is ours.
struct FileIdentity {
  std::string path;          // absolute
  std::uint64_t device = 0;  // of the file system; 0: not known yet
  std::uint64_t inode = 0;

  bool operator==(const FileIdentity&) const = default;
};

// A PCI function of this host, and what it has to be given back to.
struct PciIdentity {
  std::string address;  // "0000:01:00.0"
  std::string driver;   // that it had; empty: none
  std::string wanted;   // its driver_override then; empty: none

  bool operator==(const PciIdentity&) const = default;
};

// A table of nftables, family netdev. Its name ends in the claim's id, and its comment is our mark.
struct TableIdentity {
  std::string table;
  std::string comment;

  bool operator==(const TableIdentity&) const = default;
};

// What a switch was told of a guest's port, and by which link.
struct AssociationIdentity {
  std::uint32_t parent_ifindex = 0;
  std::string parent;
  SwitchPort port;

  bool operator==(const AssociationIdentity&) const = default;
};

using Identity = std::variant<LinkIdentity, ProcessIdentity, FolderIdentity, CgroupIdentity, PortIdentity, FileIdentity,
                              PciIdentity, TableIdentity, AssociationIdentity>;

// In the order of Identity.
enum class ClaimKind { link, process, folder, cgroup, port, file, pci, table, association };

enum class ClaimState {
  planned,    // written down; the thing may or may not exist
  held,       // the thing exists
  releasing,  // on its way out; it may or may not exist
};

// The right to delete one thing of the host, and the duty. Nothing else gives that right.
struct Claim {
  std::string id;  // 16 hexadecimal digits, random
  Owner owner;
  std::string name;  // for people: "macvtap7", "qemu"; never looked up
  ClaimState state = ClaimState::planned;
  Identity identity;

  ClaimKind kind() const { return static_cast<ClaimKind>(identity.index()); }

  bool operator==(const Claim&) const = default;
};

std::string new_claim_id();

std::string_view to_string(ClaimKind kind);
std::string_view to_string(ClaimState state);
// data_loss for any other word.
Result<ClaimState> claim_state(std::string_view word);

// The identity as the store keeps it: a JSON object with its kind in it; new fields may come, none changes its meaning.
std::string encode(const Identity& identity);
// data_loss if it cannot be read.
Result<Identity> decode(std::string_view text);

// "macvtap7 (link 1234567890)", "qemu (process 4711)", "/run/lodge/…": for messages.
std::string describe(const Claim& claim);

}  // namespace lodge::netdev
