// Whose guests they are: what a project's users see, may and get.
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "daemon/access/policy.h"
#include "tests/unit/daemon/host/world.h"

namespace lodge::host {
namespace {

using test::document;
using test::guest_xml;
using test::named;

constexpr auto kPolicy = R"(
[projects."user-@4000"]
guests = 2
vcpus = 3
memory_mib = 100
interfaces = 2
parents = ["eth0"]
bridges = ["br0"]
)";

struct Projects : test::World {
  Projects() {
    policy = access::parse_policy(kPolicy, "policy.toml").value();
    REQUIRE(boot());
  }

  CallContext as(uid_t uid, const std::string& method) {
    const access::LocalPeer peer{.pid = 1, .uid = uid, .gid = uid, .groups = {}};
    Caller caller{.identity = fmt::format("uid:{}", uid),
                  .rights = access().identify(peer).value(),
                  .verb = access::verb_of(method),
                  .request_id = "r",
                  .traceparent = {}};
    return {.caller = std::move(caller), .deadline = Deadline::after(std::chrono::minutes(1))};
  }
  Result<Defined> define_as(uid_t uid, const std::string& xml) {
    return run(host().define(as(uid, "DefineDomain"), "", document(xml), false));
  }
};

std::string uuid_of(int n) { return fmt::format("<uuid>11111111-0000-4000-8000-00000000000{}</uuid>", n); }

std::string small(const std::string& name, const std::string& more = "", const std::string& devices = "") {
  return fmt::format(
      "<domain type='qemu'><name>{}</name><memory unit='MiB'>32</memory>{}<os><type>hvm</type></os><devices>{}</devices>"
      "</domain>",
      name, more, devices);
}

TEST_CASE("a user's guest belongs to the user's project, and nobody else's user sees it") {
  Projects world;
  const auto defined = world.define_as(4000, small("web1"));
  INFO((defined ? "" : defined.error().message()));
  REQUIRE(defined);
  CHECK(defined->domain->project() == "user-@4000");
  CHECK(world.host().find(world.as(4000, "GetDomain").caller, named("web1")));
  CHECK(world.host().find(world.as(4001, "GetDomain").caller, named("web1")).error().code() == Code::not_found);
  CHECK(world.host().list(world.as(4001, "ListDomains").caller, "").empty());
  CHECK(world.host().list(world.as(4000, "ListDomains").caller, "").size() == 1);
  CHECK(world.host().list(Caller::own(), "").size() == 1);
  CHECK(world.run(world.host().start(world.as(4001, "StartDomain"), named("web1"), false)).error().message() ==
        "no guest named 'web1'");
}

TEST_CASE("names are each project's own, and a stranger's uuid tells nothing of its guest") {
  Projects world;
  REQUIRE(world.define_as(4000, small("web1", uuid_of(1))));
  REQUIRE(world.define_as(4001, small("web1", uuid_of(2))));
  CHECK(world.host().list(Caller::own(), "").size() == 2);
  const auto taken = world.define_as(4001, small("other", uuid_of(1)));
  REQUIRE_FALSE(taken);
  CHECK_THAT(taken.error().message(), !Catch::Contains("web1"));
  CHECK_THAT(taken.error().message(), Catch::Contains("cannot be used in project 'user-@4001'"));
}

TEST_CASE("what a project has is still its own after a restart of the daemon") {
  Projects world;
  REQUIRE(world.define_as(4000, small("web1")));
  REQUIRE(world.run(world.host().start(world.as(4000, "StartDomain"), named("web1"), false)));
  world.kill();
  REQUIRE(world.boot());
  const auto found = world.host().find(world.as(4000, "GetDomain").caller, named("web1"));
  REQUIRE(found);
  CHECK((*found)->project() == "user-@4000");
  CHECK((*found)->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK_FALSE(world.host().find(world.as(4001, "GetDomain").caller, named("web1")));
}

TEST_CASE("another's project cannot be named into, whether it exists or not") {
  Projects world;
  for (const std::string project : {"default", "user-@4000", "nothing"}) {
    const auto refused = world.run(
        world.host().define(world.as(4001, "DefineDomain"), project, document(small("x")), false));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::permission_denied);
    CHECK(refused.error().message() == fmt::format("uid:4001 may have no guests in project '{}'", project));
  }
}

TEST_CASE("operations and events of a project are for its users") {
  Projects world;
  REQUIRE(world.define_as(4000, small("web1")));
  const auto all = world.host().operations(Caller::own(), true);
  REQUIRE(all.size() == 1);
  CHECK(all[0].project() == "user-@4000");
  CHECK(all[0].request_id() == "r");
  CHECK(world.host().operations(world.as(4000, "ListOperations").caller, true).size() == 1);
  CHECK(world.host().operations(world.as(4001, "ListOperations").caller, true).empty());
  const auto stranger = world.host().operation(world.as(4001, "GetOperation").caller, all[0].id());
  const auto absent = world.host().operation(world.as(4001, "GetOperation").caller, "nothing");
  CHECK(stranger.error().code() == absent.error().code());
  CHECK(stranger.error().message() ==
        fmt::format("no operation {}: ended ones are forgotten after an hour", all[0].id()));
}

TEST_CASE("a quota says what is used, what is asked for, and what the limit is") {
  Projects world;
  REQUIRE(world.define_as(4000, small("a")));
  REQUIRE(world.define_as(4000, small("b", "<vcpu>2</vcpu>")));
  const auto third = world.define_as(4000, small("c"));
  REQUIRE_FALSE(third);
  CHECK(third.error().code() == Code::resource_exhausted);
  CHECK(third.error().message() ==
        "define c: project 'user-@4000' has a limit of 2 guests: other guests use 2, this one asks for 1");
  const auto vcpus = world.define_as(4000, small("a", "<vcpu>2</vcpu>" + std::string()));
  REQUIRE_FALSE(vcpus);
  // Nothing is left of what was refused.
  CHECK(world.host().list(Caller::own(), "").size() == 2);
  REQUIRE(world.run(world.host().undefine(world.as(4000, "UndefineDomain"), named("b"))));
  CHECK(world.define_as(4000, small("c")));
}

TEST_CASE("memory and cards count, and the default project has no limits") {
  Projects world;
  const std::string big = "<memory unit='MiB'>101</memory>";
  std::string xml = small("a");
  xml.replace(xml.find("<memory"), std::string("<memory unit='MiB'>32</memory>").size(), big);
  CHECK(world.define_as(4000, xml).error().code() == Code::resource_exhausted);
  CHECK(world.define_as(0, xml));
  const std::string card = "<interface type='direct'><source dev='eth0' mode='bridge'/></interface>";
  CHECK(world.define_as(4000, small("b", "", card + card)));
  CHECK(world.define_as(4000, small("c", "", card)).error().code() == Code::resource_exhausted);
  v1::Interface another;
  another.mutable_direct()->set_dev("eth0");
  another.mutable_direct()->set_mode(v1::DIRECT_MODE_BRIDGE);
  v1::DeviceScope config;
  config.set_config(true);
  const auto attached = world.run(
      world.host().attach_interface(world.as(4000, "AttachDevice"), named("b"), another, config));
  REQUIRE_FALSE(attached);
  CHECK(attached.error().code() == Code::resource_exhausted);
}

TEST_CASE("two who ask at once for the last of a quota do not both get it") {
  Projects world;
  REQUIRE(world.define_as(4000, small("a")));
  const auto b = world.start(world.host().define(world.as(4000, "DefineDomain"), "", document(small("b")), false));
  const auto c = world.start(world.host().define(world.as(4000, "DefineDomain"), "", document(small("c")), false));
  world.until([&] { return b->outcome && c->outcome; });
  CHECK(b->outcome->has_value() + c->outcome->has_value() == 1);
  CHECK(world.host().list(Caller::own(), "user-@4000").size() == 2);
}

TEST_CASE("a document of a project may name what its policy lists, and nothing else of the host") {
  Projects world;
  const auto refusal = [&](const std::string& devices, const std::string& more = "") {
    const auto defined = world.define_as(4000, small("a", more, devices));
    if (defined) return std::string("defined");
    INFO(defined.error().message());
    CHECK(defined.error().code() == Code::permission_denied);
    return defined.error().findings().empty() ? defined.error().message() : defined.error().findings()[0].path;
  };
  CHECK(refusal("<interface type='direct'><source dev='eth9' mode='bridge'/></interface>") ==
        "/domain/devices/interface/source/@dev");
  CHECK(refusal("<interface type='direct'><source dev='eth0' mode='passthrough'/></interface>") ==
        "/domain/devices/interface/source/@mode");
  CHECK(refusal("<interface type='bridge'><source bridge='br9'/></interface>") ==
        "/domain/devices/interface/source/@bridge");
  CHECK(refusal("<disk type='block'><source dev='/dev/sda'/><target dev='vda'/></disk>")
            .starts_with("/domain/devices/disk"));
  CHECK(refusal("<disk type='file'><source file='/etc/shadow'/><target dev='vda'/></disk>") ==
        "/domain/devices/disk/source/@file");
  CHECK(refusal("<hostdev mode='subsystem' type='pci'><source><address domain='0' bus='1' slot='0' "
                "function='0'/></source></hostdev>") == "/domain/devices/hostdev");
  CHECK(refusal("<serial type='dev'><source path='/dev/ttyS0'/></serial>").starts_with("/domain/devices/serial"));
  CHECK(refusal("<channel type='unix'><source mode='connect' path='/run/docker.sock'/><target type='virtio' "
                "name='x'/></channel>")
            .starts_with("/domain/devices/channel"));
  CHECK(refusal("<interface type='bridge'><source bridge='br0'/><mtu size='68'/></interface>") ==
        "/domain/devices/interface/mtu/@size");
  CHECK(refusal("", "<iothreads>1</iothreads><defaultiothread thread_pool_max='4096'/>") == "/domain/defaultiothread");
  CHECK(refusal("", "<memoryBacking><hugepages/></memoryBacking>") == "/domain/memoryBacking");
  CHECK(refusal("<interface type='direct'><source dev='eth0' mode='bridge'/></interface>") == "defined");
}

// The first thing that is wrong with it, by a policy whose [projects.…] section says `rules`.
std::string refusal_by(const std::string& rules, const std::string& devices, const std::string& more = "") {
  Projects world;
  world.access().replace(access::parse_policy("[projects.\"user-@4000\"]\n" + rules, "p.toml").value());
  const auto defined = world.define_as(4000, small("a", more, devices));
  if (defined) return "defined";
  CHECK(defined.error().code() == Code::permission_denied);
  return defined.error().findings().empty()
             ? defined.error().message()
             : defined.error().findings()[0].path + ": " + defined.error().findings()[0].message;
}

TEST_CASE("a project's disks are of formats whose size can be known") {
  const auto disk = [](const std::string& format) {
    return fmt::format(
        "<disk type='file' device='cdrom'><driver name='qemu' type='{}'/><target dev='sda' bus='sata'/></disk>",
        format);
  };
  CHECK(refusal_by("", disk("raw")) == "defined");
  CHECK(refusal_by("", disk("qcow2")) == "defined");
  CHECK_THAT(refusal_by("", disk("vmdk")), Catch::Contains("/domain/devices/disk/driver/@type: disks of project"));
}

TEST_CASE("a guest of a project has about as many threads and queues as processors") {
  const auto card = [](int queues) {
    return fmt::format(
        "<interface type='bridge'><source bridge='br0'/><model type='virtio'/><driver queues='{}'/>"
        "</interface>",
        queues);
  };
  const std::string bridge = "bridges = [\"br0\"]\n";
  CHECK(refusal_by(bridge, card(4)) == "defined");
  CHECK(refusal_by(bridge, card(8), "<vcpu>8</vcpu>") == "defined");
  CHECK_THAT(refusal_by(bridge, card(8)), Catch::Contains("/driver/@queues: 8 are too many"));
  CHECK(refusal_by("", "", "<iothreads>4</iothreads>") == "defined");
  CHECK_THAT(refusal_by("", "", "<iothreads>5</iothreads>"), Catch::Contains("5 are too many"));
}

TEST_CASE("video memory counts as memory") {
  Projects world;  // 100 MiB
  CHECK(world.define_as(4000, small("a", "", "<video><model type='vga' vram='65536'/></video>")));
  REQUIRE(world.run(world.host().undefine(world.as(4000, "UndefineDomain"), named("a"))));
  const auto large = world.define_as(4000, small("a", "", "<video><model type='vga' vram='131072'/></video>"));
  CHECK(large.error().code() == Code::resource_exhausted);
  CHECK_THAT(large.error().message(), Catch::Contains("this one asks for 160"));
}

TEST_CASE("the disks of a transient guest count after a restart, too") {
  if (::geteuid() != 0) return;  // nobody else can look with another user's rights
  Projects world;
  const test::TempFolder temp;
  const fs::path folder = fs::canonical(temp.path());
  REQUIRE(::chmod(folder.c_str(), 0755) == 0);
  REQUIRE(write_file(folder / "big.img", "x"));
  REQUIRE(::chmod((folder / "big.img").c_str(), 0644) == 0);
  REQUIRE(::truncate((folder / "big.img").c_str(), 3ll << 30) == 0);
  world.policy = access::parse_policy(fmt::format("[projects.\"user-@4000\"]\npaths = [\"{}\"]\n", folder.string()),
                                      "p.toml")
                     .value();
  world.access().replace(world.policy);
  const std::string disk = fmt::format("<disk type='file'><source file='{}'/><target dev='vda'/></disk>",
                                       (folder / "big.img").string());
  REQUIRE(world.run(world.host().create(world.as(4000, "CreateDomain"), "", document(small("a", "", disk)), false)));
  const auto used = [&] {
    const auto project = world.run(world.host().project(world.as(4000, "GetProject"), ""));
    for (const auto& quota : project.value().quotas())
      if (quota.what() == "disk_gib") return quota.used();
    return std::uint64_t{0};
  };
  CHECK(used() == 3);
  world.kill();
  REQUIRE(world.boot());
  world.until([&] { return used() == 3; });
}

TEST_CASE("cards of type 'user' are refused where the policy says so") {
  const std::string card = "<interface type='user'/>";
  CHECK(refusal_by("", card) == "defined");
  CHECK(refusal_by("user_network = false\n", card) ==
        "/domain/devices/interface/@type: project 'user-@4000' may have no cards of type 'user'");
}

TEST_CASE("who asks what a project may have is told where it serves, and which cards it has") {
  Projects world;
  const auto asked = [&] { return world.run(world.host().project(world.as(4000, "GetProject"), "")).value(); };
  CHECK(asked().listen_size() == 2);
  CHECK(asked().user_network());
  world.policy = access::parse_policy("[projects.\"user-@4000\"]\nlisten = ['192.0.2.7']\nuser_network = false\n",
                                      "p.toml")
                     .value();
  world.access().replace(world.policy);
  REQUIRE(asked().listen_size() == 1);
  CHECK(asked().listen(0) == "192.0.2.7");
  CHECK_FALSE(asked().user_network());
}

TEST_CASE("screens are served where the policy says, and by default to the host itself") {
  const auto vnc = [](const std::string& listen) { return "<graphics type='vnc' " + listen; };
  CHECK(refusal_by("", vnc("listen='127.0.0.1'/>")) == "defined");
  CHECK(refusal_by("", vnc("/>")) == "defined");
  CHECK_THAT(refusal_by("", vnc("listen='0.0.0.0'/>")), Catch::Contains("may not be served at '0.0.0.0'"));
  CHECK_THAT(refusal_by("", vnc("><listen type='address' address='192.0.2.7'/></graphics>")),
             Catch::Contains("(they may at: 127.0.0.1, ::1)"));
  CHECK(refusal_by("listen = [\"192.0.2.7\"]\n", vnc("listen='192.0.2.7'/>")) == "defined");
  CHECK(refusal_by("listen = [\"*\"]\n", "<graphics type='spice' autoport='yes' listen='0.0.0.0'/>") == "defined");
  CHECK_THAT(refusal_by("", "<graphics type='spice' autoport='yes' listen='::'/>"), Catch::Contains("'::'"));
  CHECK_THAT(refusal_by("", vnc("websocket='5800'><listen type='socket'/></graphics>")),
             Catch::Contains("/@websocket: beside a socket"));
}

Task<Result<void>> validate(Host& host, CallContext context, v1::DomainDocument xml) {
  CO_TRY(co_await host.validate(std::move(context), "user-@4000", std::move(xml)));
  co_return Result<void>{};
}

TEST_CASE("who may only look at a project learns nothing of its files, whatever is asked") {
  Projects world;
  const test::TempFolder temp;
  const fs::path folder = fs::canonical(temp.path());
  REQUIRE(write_file(folder / "there.img", "x"));
  REQUIRE(::chmod((folder / "there.img").c_str(), 0644) == 0);
  REQUIRE(::chmod(folder.c_str(), 0755) == 0);
  world.access().replace(access::parse_policy(fmt::format(R"(
[[bind]]
subject = "uid:4001"
role = "viewer"
project = "user-@4000"
[[bind]]
subject = "uid:4002"
role = "owner"
project = "user-@4000"
object = "mine"
[projects."user-@4000"]
paths = ["{}"]
)",
                                                          folder.string()),
                                              "p.toml")
                             .value());
  REQUIRE(world.define_as(4000, small("web1", uuid_of(1))));
  const auto with = [&](const std::string& name, const std::string& more, const std::string& file) {
    return document(small(
        name, more,
        fmt::format("<disk type='file'><source file='{}'/><target dev='vda'/></disk>", (folder / file).string())));
  };
  const auto answers = [&](const std::string& file) {
    const auto define = [&](bool dry_run) {
      const CallContext context = world.as(4001, "DefineDomain");
      return world.run(world.host().define(context, "user-@4000", with("a", "", file), dry_run)).error().message();
    };
    const auto validated = world.run(validate(world.host(), world.as(4001, "ValidateDomain"), with("a", "", file)));
    v1::DomainRef web1 = named("web1");
    web1.set_project("user-@4000");
    const auto compared = world.run(
        world.host().compare(world.as(4001, "CompareDomain"), web1, with("web1", uuid_of(1), file)));
    const auto created = world.run(
        world.host().create(world.as(4001, "CreateDomain"), "user-@4000", with("a", "", file), false));
    return std::vector<std::string>{define(false), define(true), created.error().message(),
                                    validated ? "fine" : validated.error().message(),
                                    compared ? "fine" : compared.error().message()};
  };
  const auto there = answers("there.img");
  CHECK(there == answers("absent.img"));
  CHECK(there[0] == "uid:4001 may not 'define' anything of project 'user-@4000': no role there gives that right");
  CHECK(there[3] == "fine");
  CHECK(there[4] == "fine");

  // Its owner is told.
  const auto own = world.run(
      world.host().define(world.as(4000, "DefineDomain"), "", with("a", "", "absent.img"), false));
  CHECK_THAT(own.error().message(), Catch::Contains("does not exist"));
  CHECK(world.run(world.host().define(world.as(4000, "DefineDomain"), "", with("a", "", "there.img"), false)));
}

TEST_CASE("files are looked at with the rights of the project's user") {
  if (::geteuid() != 0) return;  // nobody else can look with another user's rights
  Projects world;
  const test::TempFolder temp;
  const fs::path folder = fs::canonical(temp.path());
  REQUIRE(write_file(folder / "secret.img", "x"));
  REQUIRE(::chmod((folder / "secret.img").c_str(), 0600) == 0);
  REQUIRE(::chmod(folder.c_str(), 0755) == 0);
  const std::string policy = fmt::format("[projects.\"user-@4000\"]\npaths = [\"{}\"]\n", folder.string());
  world.access().replace(access::parse_policy(policy, "p.toml").value());
  const auto define = [&] {
    return world.define_as(4000, small("a", "",
                                       fmt::format("<disk type='file'><source file='{}'/><target dev='vda'/></disk>",
                                                   (folder / "secret.img").string())));
  };
  CHECK_THAT(define().error().message(), Catch::Contains("cannot read"));
  REQUIRE(::chmod((folder / "secret.img").c_str(), 0644) == 0);
  CHECK(define());
}

TEST_CASE("who owns one guest does not hear of another by its uuid or name") {
  Projects world;
  world.access().replace(access::parse_policy(R"(
[[bind]]
subject = "uid:4002"
role = "owner"
project = "user-@4000"
object = "mine"
[[bind]]
subject = "uid:4003"
role = "owner"
project = "user-@4000"
object = "11111111-0000-4000-8000-000000000002"
)",
                                              "p.toml")
                             .value());
  REQUIRE(world.define_as(4000, small("theirs", uuid_of(1))));
  const auto by_uuid = world.run(
      world.host().define(world.as(4002, "DefineDomain"), "user-@4000", document(small("mine", uuid_of(1))), false));
  CHECK(by_uuid.error().message() ==
        "uuid 11111111-0000-4000-8000-000000000001 cannot be used in project 'user-@4000': choose another, or leave it "
        "out");
  const auto by_name = world.run(
      world.host().define(world.as(4003, "DefineDomain"), "user-@4000", document(small("theirs", uuid_of(2))), false));
  CHECK_THAT(by_name.error().message(), !Catch::Contains("000000000001"));
  CHECK(world.run(world.host().define(world.as(4002, "DefineDomain"), "user-@4000", document(small("mine")), false)));
}

TEST_CASE("a card of the guest's own may have an MTU, and one in a bridge gets none by being changed") {
  Projects world;
  CHECK(world.define_as(
      4000,
      small("a", "", "<interface type='direct'><source dev='eth0' mode='bridge'/><mtu size='1280'/></interface>")));
  REQUIRE(world.define_as(4000, small("b", "",
                                      "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source "
                                      "bridge='br0'/></interface>")));
  v1::Interface described;
  described.set_mac("52:54:00:00:00:01");
  const Host::Edit smaller = [](v1::Interface& card) -> Result<void> {
    card.set_mtu(68);
    return {};
  };
  v1::DeviceScope config;
  config.set_config(true);
  const auto changed = world.run(world.host().update_interface(world.as(4000, "UpdateDevice"), named("b"),
                                                               "update-device", described, smaller, config));
  REQUIRE_FALSE(changed);
  CHECK(changed.error().code() == Code::permission_denied);
}

TEST_CASE("a card that is changed keeps the project's rules") {
  Projects world;
  world.kernel.add_link("br9");
  REQUIRE(world.define_as(4000, small("a", "",
                                      "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source "
                                      "bridge='br0'/></interface>")));
  v1::Interface described;
  described.set_mac("52:54:00:00:00:01");
  const Host::Edit elsewhere = [](v1::Interface& card) -> Result<void> {
    card.mutable_bridge()->set_bridge("br9");
    return {};
  };
  v1::DeviceScope config;
  config.set_config(true);
  const auto changed = world.run(world.host().update_interface(world.as(4000, "UpdateDevice"), named("a"),
                                                               "update-device", described, elsewhere, config));
  REQUIRE_FALSE(changed);
  CHECK(changed.error().code() == Code::permission_denied);
}

}  // namespace
}  // namespace lodge::host
