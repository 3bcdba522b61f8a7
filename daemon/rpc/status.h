#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "lodge/v1/error.pb.h"

namespace lodge::rpc {

// The one place where our codes become gRPC's.
grpc::StatusCode status_code(Code code);

// The error as the API tells it. Findings beyond `budget` bytes are counted in the last one, since a client takes no more
// than 8 KiB of trailing metadata unless told otherwise.
v1::ErrorInfo error_info(const Error& error, std::string_view subject, std::string_view request_id,
                         std::size_t budget = 4096);

// A status whose details are a v1::StatusDetails.
grpc::Status to_status(const Error& error, std::string_view subject, std::string_view request_id);

}  // namespace lodge::rpc
