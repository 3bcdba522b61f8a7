// Guests of users who are not root: whose they are on the host, what they get of it, and what they cannot reach.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tests/e2e/daemon/client.h"
#include "tests/e2e/support/guest.h"
#include "tests/e2e/support/world.h"

using namespace lodge;
using namespace lodge::test;

namespace {

constexpr uid_t kUser = 4000;
constexpr int kNotAllowed = 6;  // how `lodge` ends when it was refused for want of permission

// A world where user 4000 may use one folder, one uplink and one bridge.
struct Confined : World {
  fs::path folder = root() / "images";
  fs::path secret = root() / "secret";

  Confined() {
    write("policy.toml",
          fmt::format("[projects.\"user-@4000\"]\nparents = [\"up0\"]\nbridges = [\"br0\"]\npaths = [\"{}\"]\n",
                      folder.string()));
    REQUIRE(make_folder(folder));
    REQUIRE(::chmod(root().c_str(), 0755) == 0);
    REQUIRE(::chown(folder.c_str(), kUser, kUser) == 0);
    write("secret", "for root's eyes");
    REQUIRE(::chmod(secret.c_str(), 0600) == 0);
    image("disk.img");
    start();
  }

  fs::path image(const std::string& name) const {
    const fs::path file = folder / name;
    REQUIRE(write_file(file, std::string(1 << 20, '\0'), 0600));
    REQUIRE(::chown(file.c_str(), kUser, kUser) == 0);
    return file;
  }

  Finished as_user(std::vector<std::string> arguments) const { return lodge(std::move(arguments), {.uid = kUser}); }
  // `lodge ACTION FILE` for this document, by the user.
  Finished give(const std::string& action, const GuestDocument& document) const { return give(action, document.xml()); }
  Finished give(const std::string& action, const std::string& xml) const {
    const fs::path file = write("doc.xml", xml);
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    return as_user({action, file.string()});
  }
  Finished define(const std::string& devices, const std::string& name = "g") const {
    return give("define", {.name = name, .boots = false, .devices = devices});
  }
};

std::string disk(const fs::path& file, const std::string& type = "file", const std::string& key = "file") {
  return fmt::format(
      "<disk type='{}' device='disk'><driver name='qemu' type='raw'/><source {}='{}'/><target dev='vda' "
      "bus='virtio'/></disk>",
      type, key, file.string());
}

// The status of a command of the user's own, outside of the daemon.
int run_as_user(std::vector<std::string> argv) { return run(std::move(argv), {.uid = kUser}).status; }

std::string line_of(pid_t pid, const std::string& key) {
  const std::string status = read_file(fmt::format("/proc/{}/status", pid)).value();
  const auto at = status.find("\n" + key + ":");
  REQUIRE(at != std::string::npos);
  return status.substr(at + 1, status.find('\n', at + 1) - at - 1);
}

pid_t qemu_of(const Confined& world, const std::string& guest) {
  const Finished info = world.as_user({"dominfo", guest});
  const auto at = info.out.find("Process:");
  REQUIRE(at != std::string::npos);
  return std::stoi(info.out.substr(at + 8));
}

}  // namespace

TEST_CASE("a user's guest runs as that user, with nothing else, and has real network cards that the daemon made") {
  add_uplink("up0");
  ip("link add br0 type bridge");
  Confined world;
  const std::string cards =
      macvtap_on("up0") +
      "<interface type='bridge'><mac address='52:54:00:77:00:03'/><source bridge='br0'/></interface>" +
      "<channel type='unix'><target type='virtio' name='org.example.0'/></channel>";
  const Finished started = world.give(
      "create", {.name = "g", .boots = false, .devices = disk(world.folder / "disk.img") + cards});
  INFO(started.err << world.log());
  REQUIRE(started.ok());
  const pid_t qemu = qemu_of(world, "g");
  CHECK(line_of(qemu, "Uid") == "Uid:\t4000\t4000\t4000\t4000");
  CHECK(line_of(qemu, "Gid") == "Gid:\t4000\t4000\t4000\t4000");
  CHECK(line_of(qemu, "Groups").substr(0, 7) == "Groups:");
  CHECK(line_of(qemu, "Groups").find_first_of("0123456789") == std::string::npos);
  CHECK(line_of(qemu, "CapEff") == "CapEff:\t0000000000000000");
  CHECK(line_of(qemu, "CapBnd") == "CapBnd:\t0000000000000000");
  CHECK(line_of(qemu, "NoNewPrivs") == "NoNewPrivs:\t1");
  CHECK_THAT(links(), Catch::Contains("macvtap"));
  CHECK_THAT(ip("-d link show master br0"), Catch::Contains("tun"));

  // The monitor is the daemon's: neither open to the user nor to be replaced by it.
  const fs::path run = fs::directory_iterator(world.root() / "run" / "runs")->path();
  CHECK(run_as_user({"ls", run.string()}) != 0);
  CHECK(run_as_user({"rm", "-f", (run / "monitor.sock").string()}) != 0);
  CHECK(run_as_user({"touch", (run / "x").string()}) != 0);

  // It is found again after the daemon has died.
  world.kill();
  world.start();
  CHECK(qemu_of(world, "g") == qemu);
  const Finished ended = world.as_user({"destroy", "g"});
  INFO(ended.err);
  CHECK(ended.ok());
  CHECK(links().find("macvtap") == std::string::npos);
  CHECK_FALSE(fs::exists(run));
}

TEST_CASE("a user's guest gets no host interface and no bridge that the policy does not list") {
  add_uplink("up1");
  ip("link add br1 type bridge");
  Confined world;
  const Finished parent = world.define(macvtap_on("up1"));
  CHECK_FALSE(parent.ok());
  CHECK_THAT(parent.err, Catch::Contains("may not attach guests to 'up1' (it may to: up0)"));
  const Finished bridge = world.define("<interface type='bridge'><source bridge='br1'/></interface>");
  CHECK_FALSE(bridge.ok());
  CHECK_THAT(bridge.err, Catch::Contains("may not use the bridge 'br1' (it may use: br0)"));
  // The same as there would be for one that does not exist.
  const Finished absent = world.define("<interface type='bridge'><source bridge='br7'/></interface>");
  CHECK_THAT(absent.err, Catch::Contains("may not use the bridge 'br7' (it may use: br0)"));
}

TEST_CASE("path tricks are refused at define: links, dots, devices, sockets and /proc") {
  Confined world;
  const auto refused = [&](const std::string& devices) {
    const Finished defined = world.define(devices);
    INFO(defined.out << defined.err << devices);
    CHECK(defined.status == kNotAllowed);
    CHECK(world.as_user({"list", "--all", "--name"}).out.find('g') == std::string::npos);
    return defined.err;
  };
  const fs::path& folder = world.folder;
  fs::create_symlink(world.secret, folder / "link.img");
  fs::create_symlink(world.root(), folder / "way");
  REQUIRE(::link(world.secret.c_str(), (folder / "hard.img").c_str()) == 0);
  REQUIRE(::mknod((folder / "node.img").c_str(), S_IFBLK | 0666, 0) == 0);
  REQUIRE(::mkfifo((folder / "pipe.img").c_str(), 0666) == 0);
  for (const fs::path& file :
       {world.secret, folder / ".." / "secret", folder / "link.img", folder / "way" / "secret", folder / "hard.img",
        folder / "node.img", folder / "pipe.img", fs::path("/dev/sda"), fs::path("/proc/self/fd/3"),
        fs::path("/proc/1/root/etc/shadow"), fs::path("relative.img"), world.socket(), fs::path("/dev/fdset/1")})
    refused(disk(file));
  refused(disk("/dev/sda", "block", "dev"));
  refused("<disk type='dir'><driver name='qemu' type='fat'/><source dir='/'/><target dev='vda'/><readonly/></disk>");
  refused(
      "<disk type='network'><source protocol='nbd' name='x'><host name='127.0.0.1'/></source><target dev='vda'/></disk>");
  refused("<serial type='file'><source path='/etc/cron.d/x'/></serial>");
  refused("<serial type='pipe'><source path='/tmp/x'/></serial>");
  refused("<serial type='dev'><source path='/dev/ttyS0'/></serial>");
  refused("<serial type='unix'><source mode='connect' path='/run/docker.sock'/></serial>");
  refused("<serial type='tcp'><source mode='connect' host='127.0.0.1' service='22'/></serial>");
  refused("<serial type='pty'><log file='/etc/cron.d/x'/></serial>");
  refused("<graphics type='vnc' socket='/run/x.sock'/>");
  refused("<rng model='virtio'><backend model='random'>/dev/mem</backend></rng>");
  refused("<filesystem type='mount'><source dir='/'/><target dir='x'/></filesystem>");
  refused("<input type='evdev'><source dev='/dev/input/event0'/></input>");
  refused("<interface type='ethernet'><script path='/tmp/x'/></interface>");
  refused("<interface type='ethernet'><target dev='up0' managed='no'/></interface>");
  // Refused to everybody, before the project's rules are asked: no such program is ever run to see what it is.
  CHECK_THAT(world.define("<emulator>/bin/sh</emulator>").err, Catch::Contains("is not an emulator of this host"));
}

TEST_CASE("kernels, firmware and raw words for the hypervisor are judged as disks are") {
  Confined world;
  const auto refused = [&](const std::string& os, const std::string& more = "") {
    const std::string xml =
        "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><name>g</name><memory "
        "unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type>" +
        os + "</os>" + more + "</domain>";
    const Finished defined = world.give("define", xml);
    INFO(defined.err << xml);
    CHECK(defined.status == kNotAllowed);
  };
  const std::string kAcpi = "<features><acpi/></features>";
  refused("<kernel>" + world.secret.string() + "</kernel>");
  refused("<kernel>" + (world.folder / "disk.img").string() + "</kernel><initrd>" + world.secret.string() +
          "</initrd>");
  refused("<loader readonly='yes' type='pflash'>" + world.secret.string() + "</loader>", kAcpi);
  refused("<loader readonly='yes' type='pflash'>" + (world.folder / "disk.img").string() +
              "</loader><nvram template='/etc/shadow'>" + (world.folder / "vars.fd").string() + "</nvram>",
          kAcpi);
  refused("", "<qemu:commandline><qemu:arg value='-drive'/><qemu:arg value='file=/etc/shadow'/></qemu:commandline>");
  refused("", "<memoryBacking><hugepages/></memoryBacking>");
  refused("", "<seclabel type='none'/>");
  refused("", "<cputune><vcpupin vcpu='0' cpuset='0'/></cputune>");
}

TEST_CASE("a file that is swapped after define is refused at start, and one swapped later gains nothing") {
  Confined world;
  const fs::path file = world.image("swap.img");
  REQUIRE(world.define(disk(file)).ok());
  fs::remove(file);
  fs::create_symlink(world.secret, file);
  const Finished started = world.as_user({"start", "g"});
  CHECK_FALSE(started.ok());
  CHECK_THAT(started.err, Catch::Contains("symbolic link"));

  // A race: while it is started again and again, the name changes between its own file and root's. Whatever QEMU gets to open, it opens
  // as the user, who may not read it.
  std::atomic<bool> done = false;
  std::thread swapper([&] {
    const fs::path good = world.folder / "good.img", bad = world.folder / "bad.img", next = world.folder / "next.img";
    fs::copy_file(world.folder / "disk.img", good);
    ::chown(good.c_str(), kUser, kUser);
    fs::create_symlink(world.secret, bad);
    while (!done) {
      fs::remove(next);
      fs::copy_file(good, next);
      ::chown(next.c_str(), kUser, kUser);
      fs::rename(next, file);
      fs::copy_symlink(bad, next);
      fs::rename(next, file);
    }
  });
  int refused = 0;
  for (int i = 0; i < 12; ++i) {
    const Finished again = world.as_user({"start", "g"});
    if (!again.ok()) {
      ++refused;
      continue;
    }
    const pid_t qemu = qemu_of(world, "g");
    for (const auto& fd : fs::directory_iterator(fmt::format("/proc/{}/fd", qemu))) {
      std::error_code error;
      CHECK(fs::read_symlink(fd.path(), error) != world.secret);
    }
    CHECK(world.as_user({"destroy", "g"}).ok());
  }
  done = true;
  swapper.join();
  CHECK(refused > 0);
}
