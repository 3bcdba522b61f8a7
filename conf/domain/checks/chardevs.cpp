#include <algorithm>
#include <cctype>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"

namespace lodge::conf::checks {

namespace {

constexpr int kIsaPorts = 4;

bool has_spice(const v1::DomainSpec& spec) {
  return std::ranges::any_of(spec.graphics(), [](const auto& graphics) { return graphics.has_spice(); });
}

void check_channel_name(const std::string& name, const std::string& path, Findings& findings) {
  const auto fine = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
  if (name.empty() || !std::ranges::all_of(name, fine))
    findings.add(path + "/source/@channel", "'{}' is no channel's name: org.example.web1.0", name);
}

// `made_for_run`: a socket without a path gets one at each start.
void check_backend(const v1::CharBackend& backend, bool spice, bool made_for_run, const std::string& path,
                   Findings& findings) {
  const auto need_path = [&](const std::string& value) {
    if (value.empty()) findings.add(path + "/source/@path", "needs a path on the host");
  };
  switch (backend.type_case()) {
    case v1::CharBackend::kDev: need_path(backend.dev().path()); break;
    case v1::CharBackend::kFile: need_path(backend.file().path()); break;
    case v1::CharBackend::kPipe: need_path(backend.pipe().path()); break;
    case v1::CharBackend::kUnixSocket:
      if (!made_for_run) need_path(backend.unix_socket().path());
      check_reconnect(backend.unix_socket().reconnect(), backend.unix_socket().mode() == v1::CHAR_SOCKET_MODE_BIND,
                      path + "/source/reconnect", findings);
      // The kernel's sun_path, with its end.
      if (backend.unix_socket().path().size() > 107) {
        findings.add(path + "/source/@path", "a socket's path has at most 107 bytes, this one has {}",
                     backend.unix_socket().path().size());
      }
      break;
    case v1::CharBackend::kTcp:
      check_reconnect(backend.tcp().reconnect(), backend.tcp().mode() == v1::CHAR_SOCKET_MODE_BIND,
                      path + "/source/reconnect", findings);
      if (backend.tcp().service().empty()) findings.add(path + "/source/@service", "a 'tcp' device needs a port");
      if (backend.tcp().host().empty() && backend.tcp().mode() != v1::CHAR_SOCKET_MODE_BIND) {
        findings.add(path + "/source/@host", "a 'tcp' device needs to know whom to connect to");
      }
      break;
    case v1::CharBackend::kUdp:
      if (std::ranges::none_of(backend.udp().sources(), [](const auto& s) {
            return s.mode() != v1::CHAR_SOCKET_MODE_BIND && !s.service().empty();
          })) {
        findings.add(path + "/source",
                     "a 'udp' device needs to know where to send: <source mode='connect' host='…' service='…'/>");
      }
      break;
    case v1::CharBackend::kDbus: check_channel_name(backend.dbus().channel(), path, findings); break;
    case v1::CharBackend::kSpicevmc:
    case v1::CharBackend::kSpiceport:
      if (backend.has_spiceport()) check_channel_name(backend.spiceport().channel(), path, findings);
      if (!spice) findings.add(path + "/@type", "needs <graphics type='spice'>, which the guest does not have");
      break;
    default: break;
  }
}

void check_serials(const v1::DomainSpec& spec, Findings& findings) {
  int isa = 0;
  each("serial", spec.serials(), [&](const auto& serial, const std::string& path) {
    check_backend(serial.backend(), has_spice(spec), false, path, findings);
    if (serial.target_type() == v1::CHAR_TARGET_TYPE_ISA_SERIAL && ++isa == kIsaPorts + 1) {
      findings.add(path, "a machine has at most {} ISA serial ports; more can be on USB or PCI", kIsaPorts);
    }
  });
}

// What a <serial> is plugged into, and no <console>.
bool is_port_of_board(v1::CharTargetType type) {
  return type >= v1::CHAR_TARGET_TYPE_ISA_SERIAL && type <= v1::CHAR_TARGET_TYPE_ISA_DEBUG;
}

void check_consoles(const v1::DomainSpec& spec, Findings& findings) {
  each("console", spec.consoles(), [&](const auto& console, const std::string& path) {
    const bool is_first = &console == &spec.consoles(0);
    const bool shows_serial = console.target_type() == v1::CHAR_TARGET_TYPE_SERIAL;
    // The first serial port shown again was checked as such.
    if (is_first && shows_serial && !spec.serials().empty()) return;
    check_backend(console.backend(), has_spice(spec), false, path, findings);
    if (is_port_of_board(console.target_type())) {
      findings.add(path + "/target/@type",
                   "a console cannot be a '{}', a <serial> can; it can be serial, virtio or sclp",
                   spelling(console.target_type()));
    }
    if (!is_first && shows_serial) {
      findings.add(path + "/target/@type", "only the first console can be a serial port; this one can be virtio");
    }
  });
}

void check_channels(const v1::DomainSpec& spec, Findings& findings) {
  each("channel", spec.channels(), [&](const auto& channel, const std::string& path) {
    check_backend(channel.backend(), has_spice(spec), true, path, findings);
    if (channel.target_case() == v1::Channel::TARGET_NOT_SET) {
      findings.add(path + "/target",
                   "says how the guest sees it: <target type='virtio' name='org.qemu.guest_agent.0'/>");
    }
    if (channel.has_guestfwd() && (channel.guestfwd().address().empty() || channel.guestfwd().port() == 0)) {
      findings.add(path + "/target", "a guestfwd channel needs an address and a port of the guest's network");
    }
  });
}

}  // namespace

void check_reconnect(const v1::CharReconnect& reconnect, bool waits, const std::string& path, Findings& findings) {
  if (!reconnect.enabled()) return;
  if (waits) findings.add(path + "/@enabled", "who waits to be called does not call again; who calls can");
  if (!reconnect.has_timeout() || reconnect.timeout() == 0)
    findings.add(path + "/@timeout", "says after how many seconds, from 1: timeout='10'");
}

void check_no_virtio(const v1::VirtioOptions& options, const std::string& path, Findings& findings) {
  for (const auto& [name, is_there] :
       {std::pair("iommu", options.has_iommu()), std::pair("ats", options.has_ats()),
        std::pair("packed", options.has_packed()), std::pair("page_per_vq", options.has_page_per_vq())}) {
    if (is_there) findings.add(fmt::format("{}/@{}", path, name), "only virtio devices have it");
  }
}

void check_chardevs(const v1::DomainSpec& spec, Findings& findings) {
  const bool spice = has_spice(spec);
  check_serials(spec, findings);
  check_consoles(spec, findings);
  check_channels(spec, findings);
  each("parallel", spec.parallels(), [&](const auto& parallel, const std::string& path) {
    check_backend(parallel.backend(), spice, false, path, findings);
  });
  each("redirdev", spec.redirdevs(), [&](const auto& redirdev, const std::string& path) {
    check_backend(redirdev.backend(), spice, false, path, findings);
    if (redirdev.bus() != "usb") findings.add(path + "/@bus", "'{}' cannot be redirected, only usb", redirdev.bus());
  });
  each("smartcard", spec.smartcards(), [&](const auto& smartcard, const std::string& path) {
    if (smartcard.has_passthrough()) check_backend(smartcard.passthrough().backend(), spice, false, path, findings);
  });
  each("rng", spec.rngs(), [&](const auto& rng, const std::string& path) {
    if (rng.has_egd()) check_backend(rng.egd().backend(), spice, false, path + "/backend", findings);
  });
}

}  // namespace lodge::conf::checks
