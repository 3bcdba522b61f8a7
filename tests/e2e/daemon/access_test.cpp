// Who may do what, through the door, and what is told of it. Every RPC and every kind of subject: matrix_test.cpp.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/e2e/daemon/any_call.h"
#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/world.h"
#include "tests/unit/daemon/access/services.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr uid_t kOwner = 4000, kOther = 4001, kOperator = 4002, kViewer = 4003;

constexpr auto kPolicy = R"(
[[bind]]
subject = "uid:4002"
role = "operator"
project = "user-@4000"

[[bind]]
subject = "uid:4003"
role = "viewer"
project = "user-@4000"
)";

}  // namespace

TEST_CASE("to a stranger, what belongs to others reads as what does not exist, in every RPC that names a guest") {
  World world;
  world.start();
  REQUIRE(Client::as(kOwner, world.socket()).define(small_domain("theirs1")).ok());
  const std::string operation = Client::as(kOwner, world.socket()).last_operation();
  Client stranger = Client::as(kOther, world.socket());
  const std::string theirs = fmt::format("user-@{}", kOwner);
  int compared = 0;
  for (const auto* method : every_method()) {
    const bool by_name = names_guest(*method);
    if (!by_name && !names_operation(*method)) continue;
    const auto about = [&](const Target& target) {
      return call(stranger.generic(), *method, *request_for(*method, target)).status;
    };
    const grpc::Status there = about({theirs, "theirs1", operation});
    const grpc::Status absent = about({theirs, "absent1", "0" + operation.substr(1)});
    INFO(method->name() << ": " << there.error_message() << " / " << absent.error_message());
    CHECK(there.error_code() == absent.error_code());
    const auto neutral = [](std::string text, const std::string& name) {
      for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) text.replace(at, name.size(), "X");
      return text;
    };
    CHECK(neutral(there.error_message(), by_name ? "theirs1" : operation) ==
          neutral(absent.error_message(), by_name ? "absent1" : "0" + operation.substr(1)));
    ++compared;
  }
  CHECK(compared > 15);
}

TEST_CASE("streams are for those who may, too") {
  World world;
  world.write("policy.toml", kPolicy);
  world.start();
  REQUIRE(Client::as(kOwner, world.socket()).define(small_domain("guest")).ok());
  const auto console = [&](uid_t uid) {
    Client client = Client::as(uid, world.socket());
    grpc::ClientContext context;
    const auto stream = client.domains().OpenConsole(&context);
    v1::OpenConsoleRequest request;
    request.mutable_open()->mutable_domain()->set_name("guest");
    request.mutable_open()->mutable_domain()->set_project(fmt::format("user-@{}", kOwner));
    stream->Write(request);
    v1::OpenConsoleResponse response;
    while (stream->Read(&response)) {
    }
    return outcome(stream->Finish());
  };
  CHECK(console(0) == "may");
  CHECK(console(kOwner) == "may");
  CHECK(console(kOperator) == "may");
  CHECK(console(kViewer) == "refused");
  CHECK(console(kOther) == "hidden");

  // A stranger's stream is silent about what the owner does.
  Client owner = Client::as(kOwner, world.socket()), other = Client::as(kOther, world.socket());
  grpc::ClientContext mine, theirs;
  const auto hears = owner.domains().WatchDomains(&mine, {});
  const auto hears_not = other.domains().WatchDomains(&theirs, {});
  hears->WaitForInitialMetadata();
  hears_not->WaitForInitialMetadata();
  REQUIRE(owner.define(small_domain("second")).ok());
  REQUIRE(other.define(small_domain("own")).ok());
  v1::WatchDomainsResponse response;
  REQUIRE(hears->Read(&response));
  CHECK(response.event().name() == "second");
  REQUIRE(hears_not->Read(&response));
  CHECK(response.event().name() == "own");
  mine.TryCancel();
  theirs.TryCancel();
}

TEST_CASE("a policy is read again on SIGHUP and by RPC, a bad one is refused, and the old one stays") {
  World world;
  world.write("policy.toml", kPolicy);
  world.start();
  REQUIRE(Client::as(kOwner, world.socket()).define(small_domain("guest")).ok());
  Client viewer = Client::as(kViewer, world.socket());
  CHECK(viewer.names() == "guest");

  world.write("policy.toml", "[[bind]]\nsubject = \"uid:4003\"\nrole = \"wiever\"\nproject = \"*\"\n");
  world.daemon().signal(SIGHUP);
  CHECK_THAT(world.wait_for_log("the policy stays as it was"), Catch::Contains("policy.toml:3: no role is called"));
  CHECK(viewer.names() == "guest");
  const Finished refused = world.lodge({"policy", "reload"});
  CHECK_FALSE(refused.ok());
  CHECK_THAT(refused.err, Catch::Contains("wiever"));

  world.write("policy.toml", "");
  CHECK(world.lodge({"policy", "reload"}).ok());
  CHECK(viewer.names().empty());
  CHECK_FALSE(world.lodge({"policy", "show"}, {.uid = kViewer}).ok());
}

TEST_CASE("a daemon with a bad policy does not start, and says all that is wrong with it") {
  World world;
  world.write("policy.toml", "[users]\nguests = \"x\"\nvcpus = \"y\"\n");
  CHECK(world.start_in_vain() != 0);
  CHECK_THAT(world.log(), Catch::Contains("policy.toml:2: users.guests"));
  CHECK_THAT(world.log(), Catch::Contains("policy.toml:3: users.vcpus"));
}

TEST_CASE(
    "changes and refusals are audited as lines of JSON, with the caller's trace and the request that the client shows") {
  World world;
  const fs::path file = world.root() / "audit.log";
  world.write("lodged.toml", fmt::format("[audit]\nfile = \"{}\"\n", file.string()));
  world.start();
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Client owner = Client::as(kOwner, world.socket());
  {
    grpc::ClientContext context;
    context.AddMetadata("traceparent", trace);
    v1::DefineDomainRequest request;
    request.mutable_document()->set_xml(small_domain("guest"));
    v1::DefineDomainResponse response;
    REQUIRE(owner.domains().DefineDomain(&context, request, &response).ok());
  }
  const auto line = wait_for_text(file, "DefineDomain", Deadline::after(kPatience));
  REQUIRE(line);
  CHECK_THAT(*line, Catch::Contains("\"who\":\"uid:4000\""));
  CHECK_THAT(*line, Catch::Contains("\"object\":\"guest\",\"project\":\"user-@4000\",\"outcome\":\"ok\""));
  CHECK_THAT(*line, Catch::Contains("\"traceparent\":\"" + trace + "\""));

  const Finished refused = world.lodge({"policy", "show"}, {.uid = kOther});
  CHECK_FALSE(refused.ok());
  const auto told = wait_for_text(file, "GetPolicy", Deadline::after(kPatience));
  REQUIRE(told);
  CHECK_THAT(*told, Catch::Contains("\"outcome\":\"permission_denied\""));
  const auto at = refused.err.find("(request ");
  REQUIRE(at != std::string::npos);
  const std::string request = refused.err.substr(at + 9, refused.err.find(' ', at + 9) - at - 9);
  CHECK_THAT(*told, Catch::Contains("\"request\":\"" + request + "\""));
}

TEST_CASE("a caller's calls under way are bounded, and others' are not counted with them") {
  World world;
  world.write("lodged.toml", "[limits]\ncalls_per_caller = 2\n");
  world.start();
  Client busy = Client::as(kOwner, world.socket());
  grpc::ClientContext first, second;
  const auto one = busy.domains().WatchDomains(&first, {});
  const auto two = busy.domains().WatchDomains(&second, {});
  one->WaitForInitialMetadata();
  two->WaitForInitialMetadata();
  v1::GetVersionResponse version;
  const grpc::Status refused = busy.version(version);
  CHECK(refused.error_code() == grpc::RESOURCE_EXHAUSTED);
  CHECK(refused.error_message() == "uid:4000 has 2 calls under way, which is the limit for one caller");
  CHECK(Client::as(kOther, world.socket()).version(version).ok());
  first.TryCancel();
  second.TryCancel();
  v1::WatchDomainsResponse response;
  while (one->Read(&response)) {
  }
  const auto deadline = Deadline::after(kPatience);
  while (!busy.version(version).ok() && !deadline.passed()) ::usleep(10'000);
  CHECK(busy.version(version).ok());
}
