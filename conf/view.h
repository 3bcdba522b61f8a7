#pragma once

#include <google/protobuf/message.h>

namespace lodge::conf {

// Who a message is for. The annotations in the .proto files (`only`, `generated`) say what each may see.
enum class View {
  live,        // a running guest as it is: aliases, ports and names of this run
  inactive,    // a definition: what the next start will use
  migratable,  // what another host needs to run the same guest
};

struct ViewOptions {
  View view = View::live;
  bool secure = false;  // may see secrets
  // The message was read from a document that someone else may have written: a name with a prefix that daemons generate
  // counts as generated, though nobody marked it.
  bool foreign = false;
};

// Takes out of `message`, in place and at every depth, what the audience does not get. Every door goes through here:
// XML in and out, gRPC replies, JSON, events, logs. Any thread. Repeating it changes nothing.
void apply_view(google::protobuf::Message& message, const ViewOptions& options);

}  // namespace lodge::conf
