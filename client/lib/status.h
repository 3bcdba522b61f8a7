#pragma once

#include <grpcpp/support/status.h>

#include "base/error.h"

namespace lodge::client {

// The error behind a failed call, as the daemon meant it: from the ErrorInfo in the status details, or, for what gRPC
// itself reports, from the status alone.
Error error_from_status(const grpc::Status& status);

// True if the failure is gRPC's own "could not get through", not an answer of the daemon's.
bool is_transport_failure(const grpc::Status& status);

}  // namespace lodge::client
