#include <algorithm>

#include "conf/domain/defaults/defaults.h"

namespace lodge::conf::defaults {

namespace {

template <class Devices>
void number_ports(Devices& devices) {
  std::uint32_t next = 0;
  for (const auto& device : devices) {
    if (device.has_port()) next = std::max(next, device.port() + 1);
  }
  for (auto& device : devices) {
    if (!device.has_port()) device.set_port(next++);
  }
}

std::string_view model_of(v1::CharTargetType type, const v1::Os& os) {
  switch (type) {
    case v1::CHAR_TARGET_TYPE_SPAPR_VIO_SERIAL: return "spapr-vty";
    case v1::CHAR_TARGET_TYPE_SCLP_SERIAL: return "sclpconsole";
    case v1::CHAR_TARGET_TYPE_SYSTEM_SERIAL:
      if (chipset_of(os) != Chipset::virt) return {};
      return is_arm(os.arch()) ? "pl011" : "16550a";
    case v1::CHAR_TARGET_TYPE_ISA_SERIAL: return "isa-serial";
    case v1::CHAR_TARGET_TYPE_USB_SERIAL: return "usb-serial";
    case v1::CHAR_TARGET_TYPE_PCI_SERIAL: return "pci-serial";
    case v1::CHAR_TARGET_TYPE_ISA_DEBUG: return "isa-debugcon";
    default: return {};
  }
}

// What the board has; none where it is not known.
v1::CharTargetType board_target(const v1::Os& os) {
  if (is_x86(os.arch())) return v1::CHAR_TARGET_TYPE_ISA_SERIAL;
  switch (chipset_of(os)) {
    case Chipset::pseries: return v1::CHAR_TARGET_TYPE_SPAPR_VIO_SERIAL;
    case Chipset::virt: return v1::CHAR_TARGET_TYPE_SYSTEM_SERIAL;
    case Chipset::ccw: return v1::CHAR_TARGET_TYPE_SCLP_SERIAL;
    default: return v1::CHAR_TARGET_TYPE_UNSPECIFIED;
  }
}

v1::CharTargetType default_target(const v1::Serial& serial, const v1::Os& os) {
  switch (serial.address().type_case()) {
    case v1::Address::kIsa: return v1::CHAR_TARGET_TYPE_ISA_SERIAL;
    case v1::Address::kSpaprVio: return v1::CHAR_TARGET_TYPE_SPAPR_VIO_SERIAL;
    case v1::Address::kUsb: return v1::CHAR_TARGET_TYPE_USB_SERIAL;
    case v1::Address::kPci: return v1::CHAR_TARGET_TYPE_PCI_SERIAL;
    default: return board_target(os);
  }
}

// A path that another daemon made up for its own runtime folder: …/channel/target/domain-3-web1/NAME.
bool is_made_up(std::string_view path, std::string_view name) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos || name.empty() || path.substr(slash + 1) != name) return false;
  const auto folder = path.substr(0, slash);
  const auto parent_end = folder.rfind('/');
  if (parent_end == std::string_view::npos || !folder.substr(parent_end + 1).starts_with("domain-")) return false;
  const auto parent = folder.substr(0, parent_end);
  return parent.ends_with("/channel") || parent.ends_with("/channel/target");
}

// The socket of a channel that names none is made for each run.
void complete_channel(v1::Channel& channel) {
  if (!channel.backend().has_unix_socket() || !channel.has_virtio()) return;
  auto& socket = *channel.mutable_backend()->mutable_unix_socket();
  if (is_made_up(socket.path(), channel.virtio().name())) socket.clear_path();
  if (socket.path().empty()) socket.clear_mode();
}

void complete_serials(v1::DomainSpec& spec) {
  number_ports(*spec.mutable_serials());
  for (auto& serial : *spec.mutable_serials()) {
    // What every serial port was once said to be, on any board.
    if (serial.target_type() == v1::CHAR_TARGET_TYPE_ISA_SERIAL && serial.target_model().empty() &&
        board_target(spec.os()) != v1::CHAR_TARGET_TYPE_UNSPECIFIED) {
      serial.set_target_type(board_target(spec.os()));
    }
    if (serial.target_type() == v1::CHAR_TARGET_TYPE_UNSPECIFIED) {
      serial.set_target_type(default_target(serial, spec.os()));
    }
    if (serial.target_model().empty()) serial.set_target_model(std::string(model_of(serial.target_type(), spec.os())));
  }
}

void complete_backend(v1::CharBackend& backend) {
  if (backend.type_case() == v1::CharBackend::TYPE_NOT_SET) backend.mutable_pty();
  if (backend.has_tcp() && backend.tcp().protocol() == v1::CHAR_PROTOCOL_UNSPECIFIED) {
    backend.mutable_tcp()->set_protocol(v1::CHAR_PROTOCOL_RAW);
  }
}

bool is_serial(const v1::Console& console) {
  return console.target_type() == v1::CHAR_TARGET_TYPE_UNSPECIFIED ||
         console.target_type() == v1::CHAR_TARGET_TYPE_SERIAL;
}

}  // namespace

void complete_chardevs(v1::DomainSpec& spec) {
  auto& consoles = *spec.mutable_consoles();
  // A console alone asks for the serial port that it shows; arrange() has seen to the opposite.
  if (spec.serials().empty() && !consoles.empty() && is_serial(consoles[0])) {
    *spec.add_serials()->mutable_backend() = consoles[0].backend();
  }
  complete_serials(spec);
  number_ports(*spec.mutable_parallels());

  for (auto& console : consoles) {
    if (console.target_type() == v1::CHAR_TARGET_TYPE_UNSPECIFIED) {
      console.set_target_type(v1::CHAR_TARGET_TYPE_SERIAL);
    }
  }
  if (!consoles.empty() && is_serial(consoles[0]) && !spec.serials().empty()) {
    *consoles[0].mutable_backend() = spec.serials(0).backend();
    consoles[0].set_port(spec.serials(0).port());
  }
  // Their ports are their places, whatever the document says.
  for (int i = 0; i < consoles.size(); ++i) consoles[i].set_port(static_cast<std::uint32_t>(i));

  for (auto& serial : *spec.mutable_serials()) complete_backend(*serial.mutable_backend());
  for (auto& parallel : *spec.mutable_parallels()) complete_backend(*parallel.mutable_backend());
  for (auto& console : consoles) complete_backend(*console.mutable_backend());
  for (auto& channel : *spec.mutable_channels()) {
    complete_backend(*channel.mutable_backend());
    complete_channel(channel);
  }
  for (auto& redirdev : *spec.mutable_redirdevs()) complete_backend(*redirdev.mutable_backend());
  for (auto& smartcard : *spec.mutable_smartcards()) {
    if (smartcard.has_passthrough()) complete_backend(*smartcard.mutable_passthrough()->mutable_backend());
  }
  for (auto& rng : *spec.mutable_rngs()) {
    if (rng.has_egd()) complete_backend(*rng.mutable_egd()->mutable_backend());
  }
}

void mirror_first_serial(v1::DomainSpec& spec) {
  if (spec.consoles().empty() || spec.serials().empty() || !is_serial(spec.consoles(0))) return;
  auto& console = *spec.mutable_consoles(0);
  console.clear_address();
  if (spec.serials(0).has_address()) *console.mutable_address() = spec.serials(0).address();
}

}  // namespace lodge::conf::defaults
