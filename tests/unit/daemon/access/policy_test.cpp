#include "daemon/access/policy.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::access;

namespace {

// The one mistake in it: "3: no role is called 'wiever'; …".
std::string mistake(std::string_view text) {
  const auto read = parse_policy(text, "p.toml");
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == Code::invalid_argument);
  REQUIRE(read.error().findings().size() == 1);
  const Finding& finding = read.error().findings()[0];
  return fmt::format("{}: {}", finding.line, finding.message);
}

}  // namespace

TEST_CASE("an empty policy is the built-in default: users own their projects, and may use their homes") {
  const auto read = parse_policy("", "p.toml");
  REQUIRE(read);
  CHECK(read->users);
  CHECK(read->bindings.empty());
  CHECK(read->user_projects.paths == std::vector<std::string>{"~"});
  CHECK(read->user_projects.parents.empty());
}

TEST_CASE("a policy is read as it is written") {
  const auto read = parse_policy(R"(
[[bind]]
subject = "group:dev"
role = "night"
project = "web"
object = "db1"

[roles.night]
verbs = ["get", "list", "destroy"]

[projects.web]
run_as = "www-data"
guests = 3
vcpus = 4
memory_mib = 2048
disk_gib = 20
interfaces = 5
parents = ["eth1"]
bridges = ["br0", "br1"]
paths = ["/srv/web"]
listen = ["192.0.2.1"]
user_network = false

[users]
guests = 1
bridges = ["br0"]

[projects.user-alice]
guests = 7
)",
                                 "p.toml");
  INFO((read ? "" : describe_findings(read.error(), "p.toml")));
  REQUIRE(read);
  REQUIRE(read->bindings.size() == 1);
  CHECK(read->bindings[0].kind == SubjectKind::group);
  CHECK(read->bindings[0].subject == "dev");
  CHECK(read->bindings[0].line == 2);
  CHECK(read->bindings[0].holding.object == "db1");
  CHECK(read->bindings[0].holding.verbs.count() == 3);
  const ProjectPolicy& web = read->projects.at("web");
  CHECK(web.run_as == "www-data");
  CHECK(web.quotas.memory_mib == 2048);
  CHECK(web.listen == std::vector<std::string>{"192.0.2.1"});
  CHECK_FALSE(web.user_network);
  CHECK(web.bridges == std::vector<std::string>{"br0", "br1"});
  // What a user's own section does not say is as for all users.
  const ProjectPolicy& alice = read->projects.at("user-alice");
  CHECK(alice.quotas.guests == 7);
  CHECK(alice.bridges == std::vector<std::string>{"br0"});
  CHECK(alice.paths == std::vector<std::string>{"~"});
  CHECK(alice.run_as.empty());
  CHECK(alice.listen == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(alice.user_network);
}

TEST_CASE("each mistake is told with its line") {
  CHECK(mistake("x = ").starts_with("1: "));
  CHECK(mistake("[user]\n") == "1: no key of the policy is called 'user'; there are bind, roles, projects, users");
  CHECK(mistake("[users]\nguests = -1\n") == "2: users.guests must be a number from 0 to 1000000000");
  CHECK(mistake("[users]\n\npaths = [\"home\"]\n") ==
        "3: users.paths: 'home' must be a folder below '/' or '~', without '..'");
  CHECK(mistake("[users]\npaths = [\"/srv/../etc\"]\n").starts_with("2: users.paths: "));
  CHECK(mistake("[users]\npaths = [\"/\"]\n").starts_with("2: users.paths: "));
  CHECK(mistake("[users]\nuser_network = 1\n") == "2: users.user_network must be true or false");
  CHECK(mistake("[projects.web]\nguests = 1\n") == "1: projects.web lacks 'run_as'");
  CHECK(mistake("[projects.web]\nrun_as = \"root\"\n") ==
        "2: projects.web.run_as: guests of a project with rules cannot run as root");
  CHECK(mistake("[projects.user-bob]\nrun_as = \"alice\"\n") ==
        "2: projects.user-bob: a user's own guests run as that user");
  CHECK(mistake("[roles.owner]\nverbs = [\"get\"]\n") == "1: 'owner' comes with the program: give yours another name");
  CHECK(mistake("[roles.night]\nverbs = [\"get\", \"fly\"]\n")
            .starts_with("2: no verb is called 'fly'; there are get, "));
  CHECK(mistake("[[bind]]\nsubject = \"bob\"\nrole = \"viewer\"\nproject = \"default\"\n") ==
        "2: 'bob' is no subject: write uid:NUMBER, user:NAME, group:NAME or tls:IDENTITY");
  CHECK(mistake("[[bind]]\nsubject = \"uid:-1\"\nrole = \"viewer\"\nproject = \"default\"\n").starts_with("2: "));
  CHECK(mistake("[[bind]]\nsubject = \"uid:1\"\nrole = \"wiever\"\nproject = \"default\"\n") ==
        "3: no role is called 'wiever'; there are viewer, operator, owner, admin");
  CHECK(mistake("[[bind]]\nsubject = \"uid:1\"\nrole = \"viewer\"\n") == "1: bind[1] lacks 'project'");
  CHECK(mistake("[[bind]]\nsubject = \"uid:1\"\nrole = \"viewer\"\nproject = \"web\"\n") ==
        "1: there is no project 'web': give it a section [projects.web]");
}

TEST_CASE("two projects cannot run as the same user") {
  CHECK(mistake("[projects.a]\nrun_as = \"www\"\n[projects.b]\nrun_as = \"www\"\n") ==
        "3: projects.b.run_as: 'www' is the user of project 'a' already: each needs its own");
}

TEST_CASE("a project cannot run as a user who has a section of its own") {
  CHECK(mistake("[projects.a]\nrun_as = \"www\"\n[projects.user-www]\nguests = 1\n") ==
        "1: projects.a.run_as: 'www' has the project 'user-www': each needs its own user");
}

TEST_CASE("a role that amounts to admin must be called so") {
  CHECK(mistake("[[bind]]\nsubject = \"uid:1\"\nrole = \"owner\"\nproject = \"default\"\n")
            .starts_with("1: role 'owner' on it amounts to admin"));
  CHECK(mistake("[[bind]]\nsubject = \"uid:1\"\nrole = \"owner\"\nproject = \"*\"\n")
            .starts_with("1: role 'owner' on every project amounts to admin"));
  CHECK(mistake("[roles.plug]\nverbs = [\"attach-device\"]\n[[bind]]\nsubject = \"uid:1\"\nrole = \"plug\"\nproject = "
                "\"default\"\n")
            .starts_with("3: role 'plug' on it amounts to admin"));
  CHECK(mistake("[[bind]]\nsubject = \"uid:1\"\nrole = \"admin\"\nproject = \"user-bob\"\n") ==
        "1: the role admin is for the whole host: write project = \"*\", or bind owner");
  CHECK(parse_policy("[[bind]]\nsubject = \"uid:1\"\nrole = \"operator\"\nproject = \"*\"\n", "p"));
  CHECK(parse_policy("[[bind]]\nsubject = \"uid:1\"\nrole = \"admin\"\nproject = \"*\"\n", "p"));
}

TEST_CASE("a role with a right over the host that amounts to admin must be called so") {
  const auto bound = [](const std::string& verbs, const std::string& more) {
    return fmt::format("[roles.own]\nverbs = [{}]\n[[bind]]\nsubject = \"uid:1\"\nrole = \"own\"\n{}", verbs, more);
  };
  CHECK(mistake(bound("\"get\", \"create-token\"", "project = \"*\"\n")) ==
        "3: role 'own' amounts to admin, since it has create-token: bind admin, or leave that out");
  CHECK(mistake(bound("\"receive\", \"migrate-finish\"", "project = \"*\"\n")) ==
        "3: role 'own' amounts to admin, since it has receive, migrate-finish: bind admin, or leave that out");
  CHECK(parse_policy(bound("\"diagnose\", \"fix\", \"policy\", \"claims\"", "project = \"*\"\n"), "p"));
}

TEST_CASE("every right over the host that changes it amounts to admin, but those that keep it in order") {
  std::string words;
  for (const Verb& verb : verbs())
    if (verb.scope == Scope::host && verb.effect == Effect::change && !amounts_to_admin(verb)) words += verb.word;
  CHECK(words == "refresh-capabilitiesfixreload-policy");
}

TEST_CASE("a right over the host that is given for one project or one guest is a mistake") {
  const std::string role =
      "[roles.own]\nverbs = [\"get\", \"diagnose\"]\n[[bind]]\nsubject = \"uid:1\"\nrole = \"own\"\n";
  const std::string told =
      "3: role 'own' has verbs that are about the host as a whole, and give nothing for less: write project = \"*\" "
      "without an object, or leave them out (diagnose)";
  CHECK(mistake(role + "project = \"default\"\n") == told);
  CHECK(mistake(role + "project = \"*\"\nobject = \"db1\"\n") == told);
}

TEST_CASE("all mistakes are told at once, in the order of lines") {
  const auto read = parse_policy("[users]\nguests = \"many\"\n[[bind]]\nsubject = \"uid:1\"\n", "p.toml");
  REQUIRE_FALSE(read);
  CHECK(read.error().message() == "p.toml:2: users.guests must be a number from 0 to 1000000000 (and 2 more)");
  CHECK(describe_findings(read.error(), "p.toml") ==
        "p.toml:2: users.guests must be a number from 0 to 1000000000\n"
        "p.toml:3: bind[1] lacks 'role'\n"
        "p.toml:3: bind[1] lacks 'project'");
}

TEST_CASE("a project's name is a folder's name, too") {
  CHECK(is_project_name("web"));
  CHECK(is_project_name("user-alice@example.org"));
  for (const char* name : {"", ".", "..", "a/b", ".hidden", "-x", "a b", "ü"}) CHECK_FALSE(is_project_name(name));
  CHECK_FALSE(is_project_name(std::string(65, 'a')));
}
