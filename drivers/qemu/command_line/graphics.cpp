#include <algorithm>

#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

// VNC counts displays from this port. @source RFC 6143, section 1
constexpr int kFirstVncPort = 5900;
constexpr int kLastPort = 65535;

std::string listen_address(const google::protobuf::RepeatedPtrField<v1::GraphicsListen>& listens) {
  std::string address;
  if (!listens.empty() && listens[0].has_address()) address = listens[0].address().address();
  // Who names no address wants to reach it from here.
  return address.empty() ? "127.0.0.1" : address;
}

// From which display on QEMU looks for a free one: behind the port that was chosen for SPICE, which it binds later.
int first_display(const v1::DomainSpec& spec) {
  int port = kFirstVncPort;
  for (const auto& graphics : spec.graphics()) {
    if (graphics.has_spice()) port = std::max(port, graphics.spice().port() + 1);
  }
  return port - kFirstVncPort;
}

std::string_view share_policy(v1::VncSharePolicy policy) {
  switch (policy) {
    case v1::VNC_SHARE_POLICY_ALLOW_EXCLUSIVE: return "allow-exclusive";
    case v1::VNC_SHARE_POLICY_FORCE_SHARED: return "force-shared";
    case v1::VNC_SHARE_POLICY_IGNORE: return "ignore";
    default: return {};
  }
}

void add_vnc(Arguments& arguments, const Launch& launch, const v1::GraphicsVnc& vnc) {
  std::string where = "none";
  const bool automatic = vnc.autoport() || vnc.port() <= 0;
  const auto* listen = vnc.listens().empty() ? nullptr : &vnc.listens(0);
  const bool on_socket = listen && listen->has_socket();
  const bool nowhere = listen && listen->has_none();
  if (on_socket) {
    where = "unix:" + listen->socket().socket();
  } else if (!nowhere) {
    const std::string address = listen_address(vnc.listens());
    const bool v6 = address.find(':') != std::string::npos;
    where = fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "",
                        automatic ? first_display(launch.spec) : vnc.port() - kFirstVncPort);
  }
  Keyval option(where);
  // QEMU itself takes the first port that is free, so that two guests cannot both be promised the same.
  if (!on_socket && !nowhere && automatic) option.add("to", static_cast<std::uint64_t>(kLastPort - kFirstVncPort));
  if (vnc.websocket() > 0) option.add("websocket", static_cast<std::uint64_t>(vnc.websocket()));
  if (vnc.has_websocket() && vnc.websocket() < 0) option.add("websocket", "on");
  // The password itself goes over the monitor; until then nobody gets in.
  if (!vnc.passwd().empty()) option.add("password", "on");
  if (const auto policy = share_policy(vnc.share_policy()); !policy.empty()) option.add("share", policy);
  if (vnc.has_power_control()) option.add_on_off("power-control", vnc.power_control());
  if (!launch.spec.audios().empty()) option.add("audiodev", fmt::format("audio{}", launch.spec.audios(0).id()));
  arguments.add("-vnc", option);
  if (!vnc.keymap().empty()) arguments.add("-k", vnc.keymap());
}

std::string_view mouse_mode(v1::SpiceMouseMode mode) { return mode == v1::SPICE_MOUSE_MODE_SERVER ? "off" : "on"; }

std::string_view channel_option(v1::SpiceChannelMode mode) {
  if (mode == v1::SPICE_CHANNEL_MODE_INSECURE) return "plaintext-channel";
  if (mode == v1::SPICE_CHANNEL_MODE_SECURE) return "tls-channel";
  return {};
}

void add_spice(Arguments& arguments, const v1::GraphicsSpice& spice) {
  Keyval option;
  const bool nowhere = !spice.listens().empty() && spice.listens(0).has_none();
  const bool on_socket = !spice.listens().empty() && spice.listens(0).has_socket();
  if (on_socket) {
    option.add("unix", "on").add("addr", spice.listens(0).socket().socket());
  } else {
    option.add("port", static_cast<std::uint64_t>(nowhere ? 0 : std::max(spice.port(), 0)));
    if (!nowhere) option.add("addr", listen_address(spice.listens()));
  }
  if (spice.passwd().empty()) option.add("disable-ticketing", "on");
  if (spice.mouse_mode() != v1::SPICE_MOUSE_MODE_UNSPECIFIED) option.add("agent-mouse", mouse_mode(spice.mouse_mode()));
  for (const auto& channel : spice.channels()) {
    if (const auto name = channel_option(channel.mode()); !name.empty()) option.add(name, channel.name());
  }
  if (const auto name = channel_option(spice.default_mode()); !name.empty()) option.add(name, "default");
  if (!spice.image_compression().empty()) option.add("image-compression", spice.image_compression());
  if (!spice.jpeg_compression().empty()) option.add("jpeg-wan-compression", spice.jpeg_compression());
  if (!spice.zlib_compression().empty()) option.add("zlib-glz-wan-compression", spice.zlib_compression());
  if (spice.has_playback_compression()) option.add_on_off("playback-compression", spice.playback_compression());
  if (!spice.streaming_mode().empty()) option.add("streaming-video", spice.streaming_mode());
  if (spice.has_clipboard_copypaste() && !spice.clipboard_copypaste()) option.add("disable-copy-paste", "on");
  if (spice.has_filetransfer() && !spice.filetransfer()) option.add("disable-agent-file-xfer", "on");
  if (spice.gl()) option.add("gl", "on");
  if (!spice.gl_rendernode().empty()) option.add("rendernode", spice.gl_rendernode());
  option.add("seamless-migration", "on");
  arguments.add("-spice", option);
  if (!spice.keymap().empty()) arguments.add("-k", spice.keymap());
}

template <class G>
void check_network(Refusals& refusals, const G& graphics, const std::string& path, bool port_can_be_low) {
  if (!graphics.listens().empty() && graphics.listens(0).has_network()) {
    refusals.add(path + "/listen/@type", "listening on a virtual network is not supported yet: name the address");
  }
  if (graphics.listens_size() > 1) refusals.add(path + "/listen[2]", "QEMU listens in one place");
  const bool low = graphics.port() > 0 && graphics.port() < kFirstVncPort;
  if (low && !port_can_be_low) refusals.add(path + "/@port", "VNC ports begin at {}", kFirstVncPort);
}

}  // namespace

void add_graphics(Arguments& arguments, const Launch& launch) {
  std::string display = "none";
  for (const auto& graphics : launch.spec.graphics()) {
    if (graphics.has_vnc()) add_vnc(arguments, launch, graphics.vnc());
    if (graphics.has_spice()) add_spice(arguments, graphics.spice());
    if (!graphics.has_egl_headless()) continue;
    Keyval egl("egl-headless");
    if (!graphics.egl_headless().gl_rendernode().empty())
      egl.add("rendernode", graphics.egl_headless().gl_rendernode());
    display = egl.str();
  }
  arguments.add("-display", display);
}

void check_graphics(Refusals& refusals, const v1::DomainSpec& spec, const Emulator& emulator) {
  int vnc = 0;
  int spice = 0;
  for (int i = 0; i < spec.graphics_size(); ++i) {
    const auto& graphics = spec.graphics(i);
    const std::string path = device_path("graphics", i, spec.graphics());
    if (graphics.has_vnc()) {
      if (++vnc > 1) refusals.add(path, "QEMU has one VNC server");
      check_network(refusals, graphics.vnc(), path, false);
    }
    if (graphics.has_spice()) {
      if (++spice > 1) refusals.add(path, "QEMU has one SPICE server");
      if (!emulator.has_spice()) refusals.add(path + "/@type", "this QEMU has no SPICE: use type='vnc'");
      if (graphics.spice().tls_port() > 0) refusals.add(path + "/@tlsPort", "TLS for SPICE is not supported yet");
      check_network(refusals, graphics.spice(), path, true);
    }
    if (graphics.has_sdl()) refusals.add(path + "/@type", "a daemon has no screen to show it on: use vnc or spice");
  }
}

}  // namespace lodge::drivers::qemu
