// Who may do what, through the door: every RPC, every kind of caller, every kind of object.
#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>

#include "daemon/access/verb.h"
#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/world.h"
#include "tests/unit/daemon/access/services.h"

using namespace lodge;
using namespace lodge::test;
using access::Role;
using access::Scope;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

namespace {

constexpr uid_t kOwner = 4000, kOther = 4001, kOperator = 4002, kViewer = 4003, kNobody = 4004;

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

std::unique_ptr<Message> message_of(const Descriptor* descriptor) {
  const auto* factory = google::protobuf::MessageFactory::generated_factory();
  return std::unique_ptr<Message>(
      const_cast<google::protobuf::MessageFactory*>(factory)->GetPrototype(descriptor)->New());
}

// What a call is about.
struct Target {
  std::string project;
  std::string name;
  std::string operation;
};

// The field that says which guest; null if there is none.
const FieldDescriptor* guest_field(const google::protobuf::MethodDescriptor* method) {
  const auto* field = method->input_type()->FindFieldByName("domain");
  return field != nullptr && field->message_type() == v1::DomainRef::descriptor() ? field : nullptr;
}

// A document of a guest, for methods that take one.
const FieldDescriptor* document_field(const google::protobuf::MethodDescriptor* method) {
  const auto* field = method->input_type()->FindFieldByName("document");
  return field != nullptr && field->message_type() == v1::DomainDocument::descriptor() ? field : nullptr;
}

// A request of this type about that.
std::unique_ptr<Message> request_for(const google::protobuf::MethodDescriptor* method, const Target& target) {
  auto request = message_of(method->input_type());
  const auto& reflection = *request->GetReflection();
  if (const auto* domain = guest_field(method)) {
    auto* ref = dynamic_cast<v1::DomainRef*>(reflection.MutableMessage(request.get(), domain));
    REQUIRE(ref != nullptr);
    ref->set_name(target.name);
    ref->set_project(target.project);
  }
  // What a document makes is there afterwards: not under the name of what is absent.
  if (const auto* document = document_field(method))
    dynamic_cast<v1::DomainDocument*>(reflection.MutableMessage(request.get(), document))
        ->set_xml(small_domain(target.name == "absent" ? "new" : target.name));
  if (const auto* device = method->input_type()->FindFieldByName("device"))
    dynamic_cast<v1::DeviceDocument*>(reflection.MutableMessage(request.get(), device))
        ->mutable_interface()
        ->mutable_user();
  if (const auto* project = method->input_type()->FindFieldByName("project"))
    reflection.SetString(request.get(), project, target.project);
  if (const auto* id = method->input_type()->FindFieldByName("id"))
    reflection.SetString(request.get(), id, target.operation);
  return request;
}

grpc::Status call(grpc::GenericStub& stub, const google::protobuf::MethodDescriptor* method, const Message& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  grpc::CompletionQueue queue;
  const std::string path = "/" + method->service()->full_name() + "/" + method->name();
  grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer buffer(&slice, 1);
  const auto reader = stub.PrepareUnaryCall(&context, path, buffer, &queue);
  reader->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  reader->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

// What came of a call, as far as access goes.
std::string outcome(const grpc::Status& status) {
  if (status.error_code() == grpc::PERMISSION_DENIED) return "refused";
  if (status.error_code() == grpc::NOT_FOUND) return "hidden";
  if (status.error_code() == grpc::UNAUTHENTICATED) return "unknown";
  return "may";
}

// What is written down: daemon/access/verb.cpp says which role may, and where.
std::string expected(const access::Verb& verb, Role role, bool sees, bool exists, bool by_reference) {
  const bool has_role = verb.least <= role;
  switch (verb.scope) {
    case Scope::anyone: return "may";
    case Scope::host: return role == Role::admin ? "may" : "refused";
    case Scope::place:
      if (!by_reference) return sees && has_role ? "may" : "refused";
      if (!exists || !sees) return "hidden";
      return has_role ? "may" : "refused";
  }
  return "?";
}

}  // namespace

TEST_CASE("the access matrix: every RPC, by every kind of caller, on what is theirs, others' and nobody's") {
  World world;
  world.write("policy.toml", kPolicy);
  world.start();
  int cells = 0;
  for (const auto* method : every_method()) {
    const access::Verb* verb = access::verb_of(method->name());
    REQUIRE(verb);
    if (method->client_streaming() || method->server_streaming()) continue;  // below
    struct Kind {
      const char* name;
      uid_t uid;
      Role role;       // in the project of kOwner
      bool in_theirs;  // whether it sees that project
    };
    for (const Kind& kind :
         {Kind{"admin", 0, Role::admin, true}, Kind{"owner", kOwner, Role::owner, true},
          Kind{"operator", kOperator, Role::operator_, true}, Kind{"viewer", kViewer, Role::viewer, true},
          Kind{"stranger", kOther, Role::owner, false}}) {
      for (const bool exists : {true, false}) {
        // For each cell, since some calls end it.
        const grpc::Status there = Client::as(kOwner, world.socket()).define(small_domain("guest"));
        REQUIRE((there.ok() || there.error_code() == grpc::ALREADY_EXISTS));
        const std::string operation = Client::as(kOwner, world.socket()).last_operation();
        const Target target{.project = fmt::format("user-@{}", kOwner),
                            .name = exists ? "guest" : "absent",
                            .operation = exists ? operation : "absent"};
        const bool by_reference = guest_field(method) != nullptr ||
                                  method->input_type()->FindFieldByName("id") != nullptr;
        const bool lists = verb->scope == Scope::place && !by_reference && document_field(method) == nullptr &&
                           method->name() != "GetProject";
        Client client = Client::as(kind.uid, world.socket());
        const grpc::Status status = call(client.generic(), method, *request_for(method, target));
        // A caller whose best role, anywhere, lacks the verb is refused at the door; everybody here owns a project.
        const std::string wanted = lists ? "may" : expected(*verb, kind.role, kind.in_theirs, exists, by_reference);
        INFO(fmt::format("{} by {} on {}: {} ({})", method->name(), kind.name, exists ? "a guest" : "nothing",
                         status.error_message(), static_cast<int>(status.error_code())));
        // What an admin's request about the host comes to is not this test's business.
        if (verb->scope == Scope::host && kind.role == Role::admin)
          CHECK((outcome(status) == "may" || outcome(status) == "hidden"));
        else
          CHECK(outcome(status) == wanted);
        ++cells;
      }
    }
  }
  std::printf("%d cells of the access matrix\n", cells);
}

TEST_CASE("to a stranger, what belongs to others reads as what does not exist, in every RPC that names a guest") {
  World world;
  world.start();
  REQUIRE(Client::as(kOwner, world.socket()).define(small_domain("theirs1")).ok());
  const std::string operation = Client::as(kOwner, world.socket()).last_operation();
  Client stranger = Client::as(kOther, world.socket());
  const std::string theirs = fmt::format("user-@{}", kOwner);
  int compared = 0;
  for (const auto* method : every_method()) {
    if (method->client_streaming() || method->server_streaming()) continue;
    const bool by_name = guest_field(method) != nullptr;
    const bool by_id = method->input_type()->FindFieldByName("id") != nullptr;
    if (!by_name && !by_id) continue;
    const auto there = call(stranger.generic(), method, *request_for(method, {theirs, "theirs1", operation}));
    const auto absent = call(stranger.generic(), method,
                             *request_for(method, {theirs, "absent1", "0" + operation.substr(1)}));
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

TEST_CASE("a policy is read again on SIGHUP and by RPC; a bad one is refused, and the old one stays") {
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
