#include "daemon/access/verb.h"

#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <set>

#include "base/file.h"
#include "tests/unit/daemon/access/services.h"

using namespace lodge;
using namespace lodge::access;
using lodge::test::every_method;

TEST_CASE("every method of every service has a rule") {
  CHECK(every_method().size() > 30);
  for (const auto* method : every_method()) {
    INFO(method->full_name());
    CHECK(verb_of(method->name()));
  }
}

TEST_CASE("no service is missing among those that tests walk") {
  std::set<std::string> written, walked;
  const fs::path folder = fs::path(LODGE_SOURCE_DIR) / "proto";
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().filename().string().ends_with("_service.proto"))
      written.insert(fs::relative(entry.path(), folder).string());
  for (const auto* file : test::every_service_file()) walked.insert(file->name());
  CHECK(written.size() > 8);
  CHECK(walked == written);
}

TEST_CASE("what strangers may call, nobody may call by the other door") {
  const auto methods = every_method(true);
  CHECK(methods.size() == 1);
  for (const auto* method : methods) CHECK(verb_of(method->name()) == nullptr);
}

TEST_CASE("every rule is for a method, or for a request that asks more of one") {
  std::set<std::string, std::less<>> known = {"RefreshCapabilities", "GetDomainSecrets"};
  for (const auto* method : every_method()) known.insert(method->name());
  for (const Verb& verb : verbs()) {
    INFO(verb.method);
    CHECK(known.contains(verb.method));
  }
}

TEST_CASE("every method has a request and a response of its own, named after it") {
  for (const auto* method : every_method()) {
    CHECK(method->input_type()->name() == method->name() + "Request");
    CHECK(method->output_type()->name() == method->name() + "Response");
  }
}

TEST_CASE("a method without a rule has no verb") {
  CHECK(verb_of("FrobnicateDomain") == nullptr);
  CHECK(verb_of("Getaway") == nullptr);
  CHECK(verb_of("") == nullptr);
}

TEST_CASE("a policy names each verb in one way") {
  std::set<std::string_view> words, methods;
  for (const Verb& verb : verbs()) {
    CHECK(words.insert(verb.word).second);
    CHECK(methods.insert(verb.method).second);
    CHECK(verb_named(verb.word) == &verb);
  }
}

TEST_CASE("what looks is for viewers, and only that") {
  for (const Verb& verb : verbs()) {
    if (verb.scope != Scope::place) continue;
    INFO(verb.method);
    CHECK((verb.effect == Effect::look) == (verb.least == Role::viewer));
  }
}

TEST_CASE("each role has all that the one before it has, and more") {
  const VerbSet viewer = verbs_of(Role::viewer), runs = verbs_of(Role::operator_), owner = verbs_of(Role::owner),
                admin = verbs_of(Role::admin);
  CHECK((viewer & runs) == viewer);
  CHECK((runs & owner) == runs);
  CHECK((owner & admin) == owner);
  CHECK(viewer.count() < runs.count());
  CHECK(runs.count() < owner.count());
  CHECK(owner.count() < admin.count());
}
