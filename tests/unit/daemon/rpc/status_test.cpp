#include "daemon/rpc/status.h"

#include <catch2/catch.hpp>
#include <set>

using namespace lodge;
using namespace lodge::rpc;

namespace {

v1::ErrorInfo info_in(const grpc::Status& status) {
  v1::StatusDetails details;
  REQUIRE(details.ParseFromString(status.error_details()));
  CHECK(details.code() == status.error_code());
  CHECK(details.message() == status.error_message());
  REQUIRE(details.details_size() == 1);
  CHECK(details.details(0).type_url() == "type.googleapis.com/lodge.v1.ErrorInfo");
  v1::ErrorInfo info;
  REQUIRE(details.details(0).UnpackTo(&info));
  return info;
}

Error with_findings(std::size_t count) {
  std::vector<Finding> findings(
      count, Finding{7, "/domain/devices/interface[2]/@type", "'foo' is not one of bridge, network, direct"});
  return Error(Code::invalid_argument, "define: the document has mistakes").with_findings(std::move(findings));
}

}  // namespace

TEST_CASE("an error becomes a status whose details any gRPC tool can read") {
  const grpc::Status status = to_status(Error(Code::busy, "start web1: held by stop for 3 s"), "web1", "a-7");
  CHECK(status.error_code() == grpc::ABORTED);
  CHECK(status.error_message() == "start web1: held by stop for 3 s");
  const v1::ErrorInfo info = info_in(status);
  CHECK(info.code() == "busy");
  CHECK(info.message() == status.error_message());
  CHECK(info.subject() == "web1");
  CHECK(info.request_id() == "a-7");
}

TEST_CASE("every code has a gRPC code of its own") {
  std::set<grpc::StatusCode> seen;
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code) {
    CHECK(status_code(static_cast<Code>(code)) != grpc::OK);
    seen.insert(status_code(static_cast<Code>(code)));
  }
  CHECK(seen.size() == static_cast<std::size_t>(Code::internal) + 1);
}

TEST_CASE("findings travel with their places") {
  const v1::ErrorInfo info = info_in(to_status(with_findings(2), "", "a-1"));
  REQUIRE(info.findings_size() == 2);
  CHECK(info.findings(1).line() == 7);
  CHECK(info.findings(1).path() == "/domain/devices/interface[2]/@type");
}

TEST_CASE("findings that would not fit into the metadata are counted") {
  const grpc::Status status = to_status(with_findings(100), "", "a-1");
  const v1::ErrorInfo info = info_in(status);
  const int told = info.findings_size() - 1;
  CHECK(told > 20);
  CHECK(info.findings(told).message() == fmt::format("and {} more", 100 - told));
  CHECK(status.error_details().size() < 6000);
}

TEST_CASE("an overlong message is cut between characters") {
  const Error error(Code::internal, std::string(999, 'x') + "ää");
  CHECK(to_status(error, "", "").error_message() == std::string(999, 'x') + "…");
}
