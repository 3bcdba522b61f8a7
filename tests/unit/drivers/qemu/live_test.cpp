#include "drivers/qemu/live.h"

#include <catch2/catch.hpp>

#include "drivers/qemu/console.h"
#include "drivers/qemu/monitor_socket.h"
#include "tests/unit/drivers/qemu/temporary.h"

using namespace lodge;
using namespace lodge::drivers::qemu;
using qmp::Json;

namespace {

const drivers::Run kRun{.run_id = "r1", .id = 7, .folder = "/run/lodge/r1"};

v1::DomainSpec live(const v1::DomainSpec& spec, const std::map<int, netdev::NetworkPort>& ports = {}) {
  return live_spec(spec, kRun, ports, "/var/lib/lodge/nvram");
}

v1::DomainSpec with_serial() {
  v1::DomainSpec spec;
  spec.set_name("web1");
  spec.add_serials()->mutable_backend()->mutable_pty();
  auto& console = *spec.add_consoles();
  console.mutable_backend()->mutable_pty();
  console.set_target_type(v1::CHAR_TARGET_TYPE_SERIAL);
  return spec;
}

}  // namespace

TEST_CASE("a live specification has the run's id and every device an alias") {
  v1::DomainSpec spec = with_serial();
  auto& disk = *spec.add_disks();
  disk.set_bus(v1::DISK_BUS_VIRTIO);
  disk.set_target_dev("vdb");
  auto& sata = *spec.add_disks();
  sata.set_bus(v1::DISK_BUS_SATA);
  sata.mutable_address()->mutable_drive()->set_unit(2);
  spec.add_interfaces();
  spec.mutable_memballoon();
  const auto out = live(spec);
  CHECK(out.id() == 7);
  CHECK(out.disks(0).alias() == "virtio-disk1");
  CHECK(out.disks(1).alias() == "sata0-0-2");
  CHECK(out.interfaces(0).alias() == "net0");
  CHECK(out.serials(0).alias() == "serial0");
  CHECK(out.consoles(0).alias() == "serial0");
  CHECK(out.memballoon().alias() == "balloon0");
}

TEST_CASE("an alias that the user chose stays") {
  v1::DomainSpec spec;
  spec.add_interfaces()->set_alias("ua-uplink");
  spec.add_interfaces();
  const auto out = live(spec);
  CHECK(out.interfaces(0).alias() == "ua-uplink");
  CHECK(out.interfaces(1).alias() == "net1");
}

TEST_CASE("a disk named as no disk is named still gets an alias of its own") {
  v1::DomainSpec spec;
  for (const char* name : {"vd", "vdA", "", "vdaaaaaaaaaaaaaaaaaa"}) {
    auto& disk = *spec.add_disks();
    disk.set_bus(v1::DISK_BUS_VIRTIO);
    disk.set_target_dev(name);
  }
  const auto out = live(spec);
  CHECK(out.disks(1).alias() == "disk1");
  CHECK(out.disks(3).alias() == "disk3");
}

TEST_CASE("a device of the network is marked as generated unless the user named it") {
  v1::DomainSpec spec;
  spec.add_interfaces()->set_target_dev("uplink");
  spec.add_interfaces();
  std::map<int, netdev::NetworkPort> ports;
  ports[0].name = "uplink";
  ports[1].name = "macvtap3";
  const auto out = live(spec, ports);
  CHECK_FALSE(out.interfaces(0).target_dev_generated());
  CHECK(out.interfaces(1).target_dev() == "macvtap3");
  CHECK(out.interfaces(1).target_dev_generated());
}

TEST_CASE("sockets without a path get one in the folder of the run") {
  v1::DomainSpec spec;
  auto& channel = *spec.add_channels();
  channel.mutable_backend()->mutable_unix_socket();
  channel.mutable_virtio()->set_name("org.qemu.guest_agent.0");
  spec.add_graphics()->mutable_vnc()->add_listens()->mutable_socket();
  const auto out = live(spec);
  CHECK(out.channels(0).backend().unix_socket().path() == "/run/lodge/r1/channel0.sock");
  CHECK(out.channels(0).backend().unix_socket().mode() == v1::CHAR_SOCKET_MODE_BIND);
  CHECK(out.graphics(0).vnc().listens(0).socket().socket() == "/run/lodge/r1/vnc.sock");
}

TEST_CASE("variables of UEFI without a file get one that belongs to the guest") {
  v1::DomainSpec spec;
  spec.set_uuid("u-1");
  spec.mutable_os()->mutable_loader()->set_type(v1::LOADER_TYPE_PFLASH);
  CHECK_FALSE(live(spec).os().has_nvram());
  spec.mutable_os()->mutable_nvram()->set_template_("/usr/share/vars.fd");
  CHECK(live(spec).os().nvram().path() == "/var/lib/lodge/nvram/u-1_VARS.fd");
}

TEST_CASE("only sources that there are get a number") {
  v1::DomainSpec spec;
  spec.add_disks()->mutable_file();
  auto& disk = *spec.add_disks();
  disk.mutable_file()->set_path("/a");
  disk.mutable_backing_store()->mutable_file()->set_path("/b");
  const auto out = live(spec);
  CHECK_FALSE(out.disks(0).has_source_index());
  CHECK(out.disks(1).source_index() == 1);
  CHECK(out.disks(1).backing_store().index() == 2);
}

TEST_CASE("QEMU's pseudo terminals and VNC port become part of the live specification") {
  v1::DomainSpec spec = live(with_serial());
  add_chardev_facts(
      spec,
      Json::parse(
          R"([{"label": "monitor", "filename": "unix:x"}, {"label": "charserial0", "filename": "pty:/dev/pts/3"}])"));
  CHECK(spec.serials(0).backend().pty().path() == "/dev/pts/3");
  CHECK(spec.consoles(0).tty() == "/dev/pts/3");
  CHECK(spec.consoles(0).backend().pty().path() == "/dev/pts/3");
  spec.add_graphics()->mutable_vnc()->set_autoport(true);
  add_vnc_facts(spec, Json::parse(R"({"enabled": true, "service": "5903"})"));
  CHECK(spec.graphics(0).vnc().port() == 5903);
}

TEST_CASE("answers of another shape add no facts") {
  v1::DomainSpec spec = live(with_serial());
  for (const Json& junk : {Json(), Json(7), Json::array({1}), Json::object({{"service", "many"}})}) {
    add_chardev_facts(spec, junk);
    add_vnc_facts(spec, junk);
  }
  CHECK(spec.serials(0).backend().pty().path().empty());
}

TEST_CASE("a character device is found by its alias, the first serial port without one") {
  v1::DomainSpec spec = live(with_serial());
  spec.mutable_serials(0)->mutable_backend()->mutable_pty()->set_path("/dev/pts/3");
  CHECK(find_chardev(spec, "")->pty().path() == "/dev/pts/3");
  CHECK(find_chardev(spec, "serial0").has_value());
  const auto missing = find_chardev(spec, "serial1");
  CHECK(missing.error().code() == Code::not_found);
  CHECK(missing.error().message() == "web1 has no character device serial1 (it has: serial0)");
}

TEST_CASE("a guest without a console, and a device that leads nowhere, are told apart") {
  v1::DomainSpec spec;
  spec.set_name("web1");
  CHECK(find_chardev(spec, "").error().code() == Code::not_found);
  spec.add_serials()->mutable_backend()->mutable_file()->set_path("/x");
  CHECK(find_chardev(live(spec), "").error().code() == Code::unsupported);
}

TEST_CASE("a monitor's both ends are there before QEMU is, however long the folder's path") {
  test::Temporary folder;
  const fs::path deep = folder.path() / std::string(100, 'a') / std::string(100, 'b');
  REQUIRE(make_folder(deep));
  auto monitor = make_monitor(deep);
  if (!monitor) FAIL(monitor.error().message());
  CHECK(monitor->client);
  CHECK(connect_monitor(deep).has_value());
  monitor->listener.reset();
  CHECK(connect_monitor(deep).error().code() == Code::unavailable);
}

TEST_CASE("a QEMU that accepts nobody does not block those who try") {
  test::Temporary folder;
  const auto monitor = make_monitor(folder.path());
  REQUIRE(monitor);
  std::vector<Fd> waiting;
  while (waiting.size() < 100) {
    auto fd = connect_monitor(folder.path());
    if (!fd) {
      CHECK(fd.error().code() == Code::unavailable);
      return;
    }
    waiting.push_back(std::move(*fd));
  }
  FAIL("connected without bound");
}
