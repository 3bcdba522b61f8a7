// The access matrix: every RPC that there is, by every kind of subject that a policy can name, on a guest of one project, of
// another and of none. What should come of each cell is worked out here, from the roles that the policy below gives.
#include <catch2/catch.hpp>
#include <map>

#include "daemon/access/verb.h"
#include "tests/e2e/daemon/any_call.h"
#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/pki.h"
#include "tests/e2e/support/world.h"
#include "tests/unit/daemon/access/services.h"

using namespace lodge;
using namespace lodge::test;
using access::Role;
using access::Scope;
using access::Verb;
using access::VerbSet;

namespace {

constexpr uid_t kFirst = 4000, kSecond = 4001, kOperator = 4002, kCustom = 4003, kGames = 60, kNobody = 65534;
constexpr const char *kFirstProject = "user-@4000", *kSecondProject = "user-@4001";

// A role that a subject has, besides that in the project of its own that each local user has.
struct Given {
  std::string role;
  std::string project = kFirstProject;
  std::string object = {};
};

struct Subject {
  std::string name;  // as the policy writes it
  uid_t uid = 0;     // local, if it has no certificate
  std::optional<Given> given = {};
  bool by_settings = false;  // tls.allow names it: the policy does not
  std::string own = {};      // the project that a local user has

  bool is_local() const { return !name.starts_with("tls:"); }
  std::string certificate() const { return name.substr(4); }
};

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = {
      {.name = "uid:0", .given = Given{"admin", "*"}, .by_settings = true},
      {.name = "uid:4000", .uid = kFirst, .own = kFirstProject},
      {.name = "uid:4001", .uid = kSecond, .own = kSecondProject},
      {.name = "uid:4002", .uid = kOperator, .given = Given{"operator"}, .own = "user-@4002"},
      {.name = "uid:4003", .uid = kCustom, .given = Given{"custom"}, .own = "user-@4003"},
      {.name = "group:games", .uid = kGames, .given = Given{"viewer"}, .own = "user-@60"},
      {.name = "user:nobody", .uid = kNobody, .given = Given{"operator", kFirstProject, "first"}, .own = "user-nobody"},
      {.name = "tls:listed", .given = Given{"admin", "*"}, .by_settings = true},
      {.name = "tls:admin", .given = Given{"admin", "*"}},
      {.name = "tls:owner", .given = Given{"owner"}},
      {.name = "tls:operator", .given = Given{"operator"}},
      {.name = "tls:viewer", .given = Given{"viewer"}},
      {.name = "tls:everywhere", .given = Given{"viewer", "*"}},
      {.name = "tls:custom", .given = Given{"custom"}},
      {.name = "tls:one-guest", .given = Given{"operator", kFirstProject, "first"}},
      {.name = "tls:unlisted"},
  };
  return all;
}

// Of the custom role.
constexpr std::array<std::string_view, 5> kWords = {"get", "start", "console", "define", "get-operation"};

std::string policy() {
  std::string text = "[roles.custom]\nverbs = [";
  for (const std::string_view word : kWords) text += fmt::format("\"{}\", ", word);
  text += "]\n";
  for (const Subject& subject : subjects()) {
    if (!subject.given || subject.by_settings) continue;
    text += fmt::format("[[bind]]\nsubject = \"{}\"\nrole = \"{}\"\nproject = \"{}\"\n", subject.name,
                        subject.given->role, subject.given->project);
    if (!subject.given->object.empty()) text += fmt::format("object = \"{}\"\n", subject.given->object);
  }
  return text;
}

VerbSet verbs_of(const std::string& role) {
  if (const auto built_in = access::role_named(role)) return access::verbs_of(*built_in);
  VerbSet set;
  for (const std::string_view word : kWords) set.set(access::index_of(*access::verb_named(word)));
  return set;
}

// What a subject may, by what is written down.
class Expectation {
 public:
  explicit Expectation(const Subject& subject) : local_(subject.is_local()) {
    if (subject.given) given_.push_back({*subject.given, verbs_of(subject.given->role)});
    if (!subject.own.empty()) given_.push_back({{"owner", subject.own}, access::verbs_of(Role::owner)});
  }

  bool sees(const std::string& project, const std::string& guest) const {
    return std::ranges::any_of(given_, [&](const auto& one) { return covers(one.first, project, guest); });
  }

  std::string of(const Method& method, const Verb& verb, const Target& target) const {
    if (given_.empty()) return "shut out";
    switch (verb.scope) {
      case Scope::anyone: return "may";
      case Scope::host: return may_everywhere(verb) && (local_ || verb.method != "CreateToken") ? "may" : "refused";
      case Scope::place: break;
    }
    if (!may_somewhere(verb)) return "refused";
    const bool by_reference = names_guest(method) || names_operation(method);
    if (by_reference) {
      if (target.name == "absent" || !sees(target.project, target.name)) return "hidden";
      return may(verb, target.project, target.name) ? "may" : "refused";
    }
    // What only judges, or tells of a project, concerns all of it.
    const bool makes = brings_document(method) && verb.effect == access::Effect::change;
    if (brings_document(method) || method.name() == "GetProject")
      return may(verb, target.project, !makes ? "" : target.name == "absent" ? "new" : target.name) ? "may" : "refused";
    return "may";  // lists: of what they may see
  }

 private:
  static bool covers(const Given& given, const std::string& project, const std::string& guest) {
    return (given.project == "*" || given.project == project) && (given.object.empty() || given.object == guest);
  }
  bool may(const Verb& verb, const std::string& project, const std::string& guest) const {
    return std::ranges::any_of(given_, [&](const auto& one) {
      return one.second.test(access::index_of(verb)) && covers(one.first, project, guest);
    });
  }
  bool may_somewhere(const Verb& verb) const {
    return std::ranges::any_of(given_, [&](const auto& one) { return one.second.test(access::index_of(verb)); });
  }
  bool may_everywhere(const Verb& verb) const {
    return std::ranges::any_of(given_, [&](const auto& one) {
      return one.second.test(access::index_of(verb)) && one.first.project == "*" && one.first.object.empty();
    });
  }

  bool local_;
  std::vector<std::pair<Given, VerbSet>> given_;
};

// A request that is more than its method's verb: the flag that makes it so, and the verb that it is.
struct Extra {
  const char* method;
  const char* flag;
  const char* verb;
};
constexpr Extra kExtras[] = {{"GetDomain", "secure", "GetDomainSecrets"},
                             {"GetCapabilities", "refresh", "RefreshCapabilities"}};

struct Row {
  const Method* method;
  const Verb* verb;
  std::string flag = {};  // set in the request
};

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const Method* method : every_method()) {
    const Verb* verb = access::verb_of(method->name());
    all.push_back({method, verb});
    for (const Extra& extra : kExtras)
      if (method->name() == extra.method) all.push_back({method, access::verb_of(extra.verb), extra.flag});
  }
  return all;
}

struct Site {
  World world;
  Pki pki{world.root() / "tls"};
  std::map<std::string, Client> clients;

  Site() {
    world.write("policy.toml", policy());
    world.write("lodged.toml", "[tls]\nenabled = true\nlisten = '127.0.0.1:16515'\nallow = ['listed']\n");
    pki.issue("server", {.common_name = "server", .alternative_names = "DNS:host1", .purpose = "serverAuth"});
    for (const Subject& subject : subjects())
      if (!subject.is_local()) pki.issue(subject.certificate(), {.common_name = subject.certificate()});
    world.start();
    for (const Subject& subject : subjects()) clients.emplace(subject.name, client(subject));
  }

  Client client(const Subject& subject) const {
    if (subject.is_local()) return Client::as(subject.uid, world.socket());
    const std::string name = subject.certificate();
    return Client::tls("127.0.0.1:16515", "host1",
                       {.ca = pki.ca(), .certificate = pki.certificate(name), .key = pki.key(name)});
  }
  Client& of(uid_t owner) { return clients.at(fmt::format("uid:{}", owner)); }

  // Makes sure that the guest is there, since some calls end it; gives an operation of its.
  std::string operation_of(uid_t owner, const std::string& guest) {
    const grpc::Status there = of(owner).define(small_domain(guest));
    INFO(there.error_message());
    REQUIRE((there.ok() || there.error_code() == grpc::ALREADY_EXISTS));
    return of(owner).last_operation();
  }
};

}  // namespace

TEST_CASE("the access matrix: every RPC, by every kind of subject, on what is theirs, others' and nobody's") {
  Site site;
  int cells = 0;
  for (const Row& row : rows()) {
    REQUIRE(row.verb);
    for (const Subject& subject : subjects()) {
      const Expectation expected(subject);
      const Target targets[] = {{kFirstProject, "first", site.operation_of(kFirst, "first")},
                                {kSecondProject, "second", site.operation_of(kSecond, "second")},
                                {kFirstProject, "absent", "absent"}};
      for (const Target& target : targets) {
        const auto request = request_for(*row.method, target);
        if (!row.flag.empty())
          request->GetReflection()->SetBool(request.get(), row.method->input_type()->FindFieldByName(row.flag), true);
        const Answer answer = call(site.clients.at(subject.name).generic(), *row.method, *request);
        std::string wanted = expected.of(*row.method, *row.verb, target);
        std::string got = outcome(answer.status);
        // What an admin's request about the host comes to is not this test's business.
        if (row.verb->scope == Scope::host && wanted == "may" && got == "hidden") got = "may";
        INFO(fmt::format("{} {} by {} on {} of {}: {} ({})", row.method->name(), row.flag, subject.name, target.name,
                         target.project, answer.status.error_message(), static_cast<int>(answer.status.error_code())));
        CHECK(got == wanted);
        if (!expected.sees(kFirstProject, "first")) CHECK(answer.bytes.find(kFirstProject) == std::string::npos);
        if (!expected.sees(kSecondProject, "second")) CHECK(answer.bytes.find(kSecondProject) == std::string::npos);
        ++cells;
      }
    }
  }
  std::printf("%d cells of the access matrix: %zu methods and requests, %zu subjects, 3 objects\n", cells,
              rows().size(), subjects().size());
}
