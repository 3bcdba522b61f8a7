#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace lodge::access {

// What a document may say there if it belongs to a project with rules.
enum class Rule {
  plain,      // anything: it has no meaning outside the guest, or none that anybody could misuse
  file,       // a regular file that is there, in one of the project's folders
  output,     // the same, or one that is not there yet
  parent,     // one of the project's host interfaces
  bridge,     // one of the project's bridges
  emulator,   // one that the daemon has found itself
  random,     // /dev/random or /dev/urandom
  format,     // raw or qcow2: how large others can grow is not known
  listen,     // one of the project's addresses
  user_net,   // a card of type 'user', where the project may have them
  websocket,  // any, but not beside a socket: QEMU would serve it on all addresses
  threads,    // a number, no more than the guest has processors, or kFreeThreads
  mtu,        // any, but not in a bridge: a bridge takes the smallest of its ports, for everybody in it
  refused,    // nothing: it names something of the host, or is the hypervisor's own business
};

// One line of the table: "Disk" is for the message as a whole, "Disk.serial" for a field.
struct DocumentRule {
  std::string_view what;
  Rule rule;
};

inline constexpr std::uint32_t kFreeThreads = 4;

std::span<const DocumentRule> document_rules();

// The rule for a field. Its own line if it has one; for a message, the line of that message; for a number, an enum or a bool, the line of the
// message around it. A text needs a line of its own: only a text can name something of the host. What has no line is refused, and a
// unit test that walks the descriptors fails.
Rule rule_of(const google::protobuf::FieldDescriptor& field);
// Null if it has none.
const Rule* line_of(std::string_view what);

}  // namespace lodge::access
