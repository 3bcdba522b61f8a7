#include <catch2/catch.hpp>

#include "tests/unit/conf/domain/refused.h"

// What is refused of disks, and of where their contents come from.

using namespace lodge;
using namespace lodge::test;

namespace {

// After the prefix that all have.
std::string place(std::string_view disk) {
  const auto where = refused_device(disk);
  constexpr std::string_view kPrefix = "/domain/devices/disk/";
  return where.starts_with(kPrefix) ? where.substr(kPrefix.size()) : where;
}

std::string disk(std::string_view target, std::string_view inside, std::string_view attributes = "") {
  return place(fmt::format("<disk {}><source file='/i'/><target {}/>{}</disk>", attributes, target, inside));
}

std::string driver(std::string_view target, std::string_view attributes) {
  return disk(target, fmt::format("<driver {}/>", attributes));
}

std::string on_server(std::string_view source, std::string_view inside, std::string_view beside = "") {
  return place(
      fmt::format("<disk type='network'>{}<source {}>{}</source><target dev='vda'/></disk>", beside, source, inside));
}

std::string with_auth(std::string_view protocol, std::string_view auth) {
  return on_server(fmt::format("protocol='{}' name='pool/image'", protocol), "<host name='h'/>", auth);
}

std::string lun(std::string_view type, std::string_view inside) {
  return place(
      fmt::format("<disk type='block' device='{}'><source dev='/dev/sdb'>{}</source><target dev='sda' "
                  "bus='scsi'/></disk>",
                  type, inside));
}

}  // namespace

TEST_CASE("a disk has a format that QEMU reads") {
  CHECK(driver("dev='vda'", "type='vmdk'") == "accepted");
  CHECK(driver("dev='vda'", "type='bogus'") == "driver/@type");
  CHECK(driver("dev='vda'", "type='iso'") == "driver/@type");
  CHECK(driver("dev='vda'", "type='cow'") == "driver/@type");
  CHECK(driver("dev='vda'", "name='phy'") == "driver/@name");
  CHECK(place("<disk type='dir'><driver type='raw'/><source dir='/d'/><target dev='vda'/><readonly/></disk>") ==
        "driver/@type");
  CHECK(place("<disk type='block' device='lun'><driver type='qcow2'/><source dev='/dev/sdb'/><target dev='sda' "
              "bus='scsi'/></disk>") == "driver/@type");
}

TEST_CASE("only disks on virtio are told how virtio is spoken") {
  CHECK(driver("dev='vda'", "ioeventfd='on' event_idx='on' queues='4' queue_size='256' packed='on'") == "accepted");
  CHECK(driver("dev='sda' bus='sata'", "ioeventfd='on'") == "driver/@ioeventfd");
  CHECK(driver("dev='sda' bus='scsi'", "event_idx='off'") == "driver/@event_idx");
  CHECK(driver("dev='sda' bus='usb'", "queues='4'") == "driver/@queues");
  CHECK(driver("dev='sda' bus='sata'", "queue_size='256'") == "driver/@queue_size");
  CHECK(driver("dev='sda' bus='sata'", "iommu='on'") == "driver/@iommu");
  CHECK(driver("dev='sda' bus='sata'", "ats='on'") == "driver/@ats");
  CHECK(disk("dev='sda' bus='sata'", "", "model='virtio-transitional'") == "@model");
}

TEST_CASE("a disk's name is of its kind, and hard disks on IDE and SATA can be written") {
  CHECK(disk("dev='fda' bus='fdc'", "", "device='floppy'") == "accepted");
  CHECK(disk("dev='vda' bus='fdc'", "", "device='floppy'") == "target/@dev");
  CHECK(disk("dev='fda' bus='sata'", "") == "target/@dev");
  CHECK(disk("dev='sda' bus='sata'", "<readonly/>") == "readonly");
  CHECK(disk("dev='sda' bus='sata'", "<readonly/>", "device='cdrom'") == "accepted");
  CHECK(disk("dev='vda'", "<readonly/>") == "accepted");
}

TEST_CASE("only what is on this host can be missing, and a hard disk is not taken out") {
  const auto policy = [](std::string_view attributes, std::string_view value) {
    return place(fmt::format("<disk {}><source file='/i' startupPolicy='{}'/><target dev='sda' bus='sata'/></disk>",
                             attributes, value));
  };
  CHECK(policy("", "optional") == "accepted");
  CHECK(policy("", "requisite") == "source/@startupPolicy");
  CHECK(policy("device='cdrom'", "requisite") == "accepted");
  CHECK(on_server("protocol='nbd' startupPolicy='optional'", "<host name='h'/>") == "source/@startupPolicy");
}

TEST_CASE("a server is at a port, and names the image as its protocol does") {
  CHECK(on_server("protocol='nbd'", "<host name='h' port='65535'/>") == "accepted");
  CHECK(on_server("protocol='nbd'", "<host name='h' port='99999'/>") == "source/host/@port");
  CHECK(on_server("protocol='gluster' name='images/web1.img'", "<host name='h'/>") == "accepted");
  CHECK(on_server("protocol='gluster' name='images'", "<host name='h'/>") == "source/@name");
  const std::string_view good = "<host name='h'/><cookies><cookie name='a'>b</cookie></cookies>";
  CHECK(on_server("protocol='http' name='i'", good) == "accepted");
  CHECK(on_server("protocol='nbd' name='i'", good) == "source/cookies");
  CHECK(on_server("protocol='http' name='i'", "<host name='h'/><cookies><cookie name='a b'>c</cookie></cookies>") ==
        "source/cookies/cookie/@name");
}

TEST_CASE("credentials are a name and a secret of the server's kind") {
  CHECK(with_auth("rbd", "<auth username='u'><secret type='ceph' usage='x'/></auth>") == "accepted");
  CHECK(with_auth("rbd", "<auth><secret type='ceph' usage='x'/></auth>") == "auth/@username");
  CHECK(with_auth("rbd", "<auth username='u'><secret type='iscsi' usage='x'/></auth>") == "auth/secret/@type");
  CHECK(with_auth("iscsi", "<auth username='u'><secret type='ceph' usage='x'/></auth>") == "auth/secret/@type");
  CHECK(with_auth("nbd", "<auth username='u'><secret type='iscsi' usage='x'/></auth>") == "auth");
  CHECK(with_auth("rbd", "<auth username='u'/>") == "auth/secret");
  CHECK(with_auth("rbd", "<auth username='u'><secret type='ceph'/></auth>") == "auth/secret");
  CHECK(with_auth("rbd",
                  "<auth username='u'><secret type='ceph' usage='x' "
                  "uuid='f52a81b2-424e-490c-823d-6bd4235bc572'/></auth>") == "auth/secret");
  const auto encrypted = [](std::string_view secret) {
    return place(
        fmt::format("<disk><source file='/i'><encryption format='luks'><secret type='passphrase' {}/>"
                    "</encryption></source><target dev='vda'/></disk>",
                    secret));
  };
  CHECK(encrypted("usage='x'") == "accepted");
  CHECK(encrypted("") == "source/encryption/secret");
}

TEST_CASE("only a lun is reserved") {
  CHECK(lun("lun", "<reservations managed='yes'/>") == "accepted");
  CHECK(lun("disk", "<reservations managed='yes'/>") == "source/reservations");
}

TEST_CASE("what a SCSI disk says of itself can be printed, and names of the world may begin with 0x") {
  CHECK(disk("dev='sda' bus='scsi'", "<vendor>SEAGATE</vendor>") == "accepted");
  CHECK(disk("dev='sda' bus='scsi'", "<vendor>S\xc3\xa9</vendor>") == "vendor");
  CHECK(disk("dev='sda' bus='scsi'", "<product>a&#9;b</product>") == "product");
  CHECK(disk("dev='sda' bus='scsi'", "<wwn>0x5000c50015ea71aa</wwn>") == "accepted");
  CHECK(disk("dev='sda' bus='scsi'", "<wwn>5000c50015ea71a</wwn>") == "wwn");
}

TEST_CASE("limits of a disk are those that QEMU counts, and a group has some") {
  CHECK(disk("dev='vda'", "<iotune><total_iops_sec>10</total_iops_sec><group_name>g</group_name></iotune>") ==
        "accepted");
  CHECK(disk("dev='vda'", "<iotune><group_name>g</group_name></iotune>") == "iotune/group_name");
  CHECK(disk("dev='vda'", "<iotune><read_bytes_sec>1000000000000001</read_bytes_sec></iotune>") ==
        "iotune/read_bytes_sec");
}
