#include "conf/nodedev/check.h"

#include "conf/numbered.h"
#include "conf/wwn.h"

namespace lodge::conf {

namespace {

void check_wwn(const std::string& path, const std::string& text, Findings& findings) {
  if (!text.empty() && !is_wwn(text)) findings.add(path, "'{}' is not 16 hexadecimal digits", text);
}

void check_pci(const std::string& path, const v1::NodeDevicePci& pci, Findings& findings) {
  const auto need = [&](bool is_there, std::string_view name, std::string_view example) {
    if (!is_there) findings.add(fmt::format("{}/{}", path, name), "a PCI function has it: {}", example);
  };
  need(pci.has_domain(), "domain", "<domain>0</domain>");
  need(pci.has_bus(), "bus", "<bus>6</bus>");
  need(pci.has_slot(), "slot", "<slot>2</slot>");
  need(pci.has_function(), "function", "<function>0</function>");
  need(pci.vendor().has_id(), "vendor/@id", "<vendor id='0x8086'>");
  need(pci.product().has_id(), "product/@id", "<product id='0x10ed'>");
}

void check_mdev(const std::string& path, const v1::NodeDeviceMdev& mdev, Findings& findings) {
  if (mdev.type().empty()) findings.add(path + "/type/@id", "says which kind: <type id='i915-GVTg_V5_4'/>");
  for (int i = 0; i < mdev.attributes_size(); ++i) {
    if (mdev.attributes(i).name().empty())
      findings.add(numbered(path + "/attr", i, mdev.attributes()) + "/@name",
                   "names the attribute: <attr name='assign_adapter' value='0x01'/>");
  }
}

void check_scsi_host(const std::string& path, const v1::NodeDeviceScsiHost& host, Findings& findings) {
  for (int i = 0; i < host.capabilities_size(); ++i) {
    const auto& capability = host.capabilities(i);
    if (!capability.has_fc_host()) continue;
    const std::string at = numbered(path + "/capability", i, host.capabilities());
    check_wwn(at + "/wwnn", capability.fc_host().wwnn(), findings);
    check_wwn(at + "/wwpn", capability.fc_host().wwpn(), findings);
  }
}

}  // namespace

void check_node_device(const v1::NodeDeviceSpec& device, Findings& findings) {
  if (device.capabilities().empty())
    findings.add("/device/capability", "says what the device is: <capability type='mdev'>");
  check_wwn("/device/parent/@wwnn", device.parent().wwnn(), findings);
  check_wwn("/device/parent/@wwpn", device.parent().wwpn(), findings);
  check_wwn("/device/parent/@fabric_wwn", device.parent().fabric_wwn(), findings);
  if (device.parent().wwnn().empty() != device.parent().wwpn().empty())
    findings.add("/device/parent", "its node and its port are given together: wwnn='…' wwpn='…'");
  for (int i = 0; i < device.capabilities_size(); ++i) {
    const auto& capability = device.capabilities(i);
    const std::string path = numbered("/device/capability", i, device.capabilities());
    if (capability.has_pci()) check_pci(path, capability.pci(), findings);
    if (capability.has_mdev()) check_mdev(path, capability.mdev(), findings);
    if (capability.has_scsi_host()) check_scsi_host(path, capability.scsi_host(), findings);
    if (capability.has_net() && capability.net().interface().empty())
      findings.add(path + "/interface", "names the link: <interface>eth0</interface>");
    if (capability.has_storage() && capability.storage().block().empty())
      findings.add(path + "/block", "is the device's path: <block>/dev/sda</block>");
  }
}

}  // namespace lodge::conf
