#include "client/lib/status.h"

#include <catch2/catch.hpp>

#include "lodge/v1/error.pb.h"

using namespace lodge;
using namespace lodge::client;

namespace {

// A status as the daemon's door makes them.
grpc::Status status_with(const v1::ErrorInfo& info, grpc::StatusCode code) {
  v1::StatusDetails details;
  details.set_code(code);
  details.set_message(info.message());
  details.add_details()->PackFrom(info);
  return grpc::Status(code, info.message(), details.SerializeAsString());
}

}  // namespace

TEST_CASE("a failed call is told with the daemon's own code and sentence") {
  v1::ErrorInfo info;
  info.set_code("busy");
  info.set_message("start web1: 'destroy' has held it for 3 s");
  const Error error = error_from_status(status_with(info, grpc::StatusCode::ABORTED));
  CHECK(error.code() == Code::busy);
  CHECK(error.message() == "start web1: 'destroy' has held it for 3 s");
}

TEST_CASE("a refused document's mistakes arrive one by one") {
  v1::ErrorInfo info;
  info.set_code("invalid_argument");
  info.set_message("2 mistakes");
  auto* finding = info.add_findings();
  finding->set_line(14);
  finding->set_path("/domain/devices/interface[2]/@type");
  finding->set_message("'foo' is not one of bridge, network, direct");
  info.add_findings()->set_message("no name");
  const Error error = error_from_status(status_with(info, grpc::StatusCode::INVALID_ARGUMENT));
  REQUIRE(error.findings().size() == 2);
  CHECK(error.findings()[0].line == 14);
  CHECK(error.findings()[0].path == "/domain/devices/interface[2]/@type");
  CHECK(error.findings()[1].message == "no name");
}

TEST_CASE("a bug of the daemon's is told with the request to look for in its log") {
  v1::ErrorInfo info;
  info.set_code("internal");
  info.set_message("start web1: no plan");
  info.set_request_id("r-17");
  CHECK(error_from_status(status_with(info, grpc::StatusCode::INTERNAL)).message() ==
        "start web1: no plan (request r-17 in lodged's log)");
}

TEST_CASE("a code that this library does not know falls back to gRPC's") {
  v1::ErrorInfo info;
  info.set_code("brand_new");
  info.set_message("m");
  CHECK(error_from_status(status_with(info, grpc::StatusCode::NOT_FOUND)).code() == Code::not_found);
}

TEST_CASE("a status without details, or with foreign ones, is told as gRPC tells it") {
  CHECK(error_from_status(grpc::Status(grpc::StatusCode::INTERNAL, "")).message() == "internal");
  CHECK(error_from_status(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff")).message() == "gone");
}

TEST_CASE("a call that an older daemon does not know is told so") {
  const Error error = error_from_status(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, ""));
  CHECK(error.code() == Code::unsupported);
  CHECK(error.message() == "lodged does not know this call: it is older than this program");
}

TEST_CASE("only a failure that no daemon spoke of is the transport's") {
  v1::ErrorInfo info;
  info.set_code("unavailable");
  info.set_message("QEMU's monitor is not there");
  CHECK(is_transport_failure(grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed")));
  CHECK_FALSE(is_transport_failure(status_with(info, grpc::StatusCode::UNAVAILABLE)));
  CHECK_FALSE(is_transport_failure(grpc::Status(grpc::StatusCode::NOT_FOUND, "gone")));
}
