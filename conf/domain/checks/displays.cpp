#include <algorithm>
#include <set>
#include <utility>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

constexpr std::uint32_t kLeastVideo = 1024;  // KiB

void check_port(const std::string& path, std::int32_t port, std::int32_t low, Findings& findings) {
  if (port != -1 && port != 0 && (port < low || port > 65535)) {
    findings.add(path, "{} is not between {} and 65535, nor -1 to have one chosen", port, low);
  }
}

// `attribute`: where older documents say the first of them.
void check_listens(const google::protobuf::RepeatedPtrField<v1::GraphicsListen>& listens, const std::string& attribute,
                   const std::string& path, Findings& findings) {
  if (!attribute.empty() && !listens.empty() && listens[0].has_address() &&
      attribute != listens[0].address().address()) {
    findings.add(path + "/@listen", "'{}' is not what the first <listen> says, '{}'; one of them is enough", attribute,
                 listens[0].address().address());
  }
  for (int i = 0; i < listens.size(); ++i) {
    const auto at = numbered(path + "/listen", i, listens);
    if (listens[i].has_network() && listens[i].network().network().empty()) {
      findings.add(at + "/@network", "needs the network's name");
    }
    if (listens[i].type_case() == v1::GraphicsListen::TYPE_NOT_SET) {
      findings.add(at + "/@type", "says where to listen: address, network, socket or none");
    }
  }
}

// 2010-04-09T15:51:00
bool is_moment(std::string_view text) {
  constexpr std::string_view kPattern = "dddd-dd-ddTdd:dd:dd";
  return std::ranges::equal(text, kPattern,
                            [](char c, char wanted) { return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted; });
}

void check_validity(const std::string& until, const std::string& path, Findings& findings) {
  if (!until.empty() && !is_moment(until))
    findings.add(path + "/@passwdValidTo", "'{}' is no moment of the form 2010-04-09T15:51:00, in UTC", until);
}

constexpr std::size_t kVncPassword = 8;  // the protocol's DES key

void check_graphics(const v1::Graphics& graphics, const std::string& path, Findings& findings) {
  switch (graphics.type_case()) {
    case v1::Graphics::kVnc:
      check_port(path + "/@port", graphics.vnc().port(), 5900, findings);
      check_port(path + "/@websocket", graphics.vnc().websocket(), 1, findings);
      check_listens(graphics.vnc().listens(), graphics.vnc().listen(), path, findings);
      check_validity(graphics.vnc().passwd_valid_to(), path, findings);
      if (graphics.vnc().passwd().size() > kVncPassword) {
        findings.add(path + "/@passwd", "has {} characters; VNC knows at most {}", graphics.vnc().passwd().size(),
                     kVncPassword);
      }
      break;
    case v1::Graphics::kSpice:
      check_port(path + "/@port", graphics.spice().port(), 1, findings);
      check_validity(graphics.spice().passwd_valid_to(), path, findings);
      check_port(path + "/@tlsPort", graphics.spice().tls_port(), 1, findings);
      if (graphics.spice().port() > 0 && graphics.spice().port() == graphics.spice().tls_port()) {
        findings.add(path + "/@tlsPort", "is the same port as the one without TLS: {}", graphics.spice().port());
      }
      check_listens(graphics.spice().listens(), graphics.spice().listen(), path, findings);
      break;
    case v1::Graphics::kRdp:
    case v1::Graphics::kDesktop:
      findings.add(path + "/@type",
                   "'{}' is another hypervisor's; here it can be vnc, spice, sdl, egl-headless or dbus",
                   graphics.has_rdp() ? "rdp" : "desktop");
      break;
    case v1::Graphics::kDbus:
      if (graphics.dbus().p2p() && !graphics.dbus().address().empty())
        findings.add(path + "/@address", "without a bus, p2p='yes', there is none");
      break;
    case v1::Graphics::TYPE_NOT_SET:
      findings.add(path + "/@type", "says how to look at the screen: vnc, spice, sdl, egl-headless");
      break;
    default: break;
  }
}

// Cards of other hypervisors.
bool is_foreign(v1::VideoType type) {
  return type == v1::VIDEO_TYPE_XEN || type == v1::VIDEO_TYPE_VBOX || type == v1::VIDEO_TYPE_PARALLELS ||
         type == v1::VIDEO_TYPE_GOP;
}

// @source libvirt 9.0, virDomainVideoDefValidate and qemuValidateDomainDeviceDefVideo
void check_video_memory(const v1::Video& video, const std::string& path, Findings& findings) {
  const bool qxl = video.type() == v1::VIDEO_TYPE_QXL;
  for (const auto& [name, is_there] : {std::pair("ram", video.has_ram()), std::pair("vram64", video.has_vram64()),
                                       std::pair("vgamem", video.has_vgamem())}) {
    if (is_there && !qxl)
      findings.add(fmt::format("{}/model/@{}", path, name), "only 'qxl' cards have it, not '{}'",
                   spelling(video.type()));
  }
  if (qxl && video.vgamem() < kLeastVideo)
    findings.add(path + "/model/@vgamem", "{} KiB are less than {}", video.vgamem(), kLeastVideo);
  const bool vga = video.type() == v1::VIDEO_TYPE_VGA || video.type() == v1::VIDEO_TYPE_VMVGA;
  if (vga && video.has_vram() && video.vram() < kLeastVideo)
    findings.add(path + "/model/@vram", "{} KiB are less than {}", video.vram(), kLeastVideo);
}

void check_videos(const v1::DomainSpec& spec, Findings& findings) {
  const auto& videos = spec.videos();
  bool has_primary = false;
  for (int i = 0; i < videos.size(); ++i) {
    const auto path = device_path("video", i, videos);
    const auto& video = videos[i];
    check_video_memory(video, path, findings);
    if (video.primary() && std::exchange(has_primary, true))
      findings.add(path + "/model/@primary", "another card is the primary one already");
    if (is_foreign(video.type())) {
      findings.add(path + "/model/@type", "'{}' is another hypervisor's; here it can be virtio, qxl, vga, bochs, …",
                   spelling(video.type()));
      continue;
    }
    if (video.type() == v1::VIDEO_TYPE_NONE && videos.size() > 1) {
      findings.add(path + "/model/@type", "'none' says that there is no video card, but there are others");
    }
    if (i > 0 && video.type() != v1::VIDEO_TYPE_QXL && video.type() != v1::VIDEO_TYPE_VIRTIO &&
        video.type() != v1::VIDEO_TYPE_BOCHS && video.type() != v1::VIDEO_TYPE_NONE) {
      findings.add(path + "/model/@type", "'{}' can only be the first card; the others can be qxl, virtio or bochs",
                   spelling(video.type()));
    }
    if (video.accel3d() && video.type() != v1::VIDEO_TYPE_VIRTIO) {
      findings.add(path + "/model/acceleration/@accel3d", "only 'virtio' cards have it, not '{}'",
                   spelling(video.type()));
    }
    if (video.heads() > 16) findings.add(path + "/model/@heads", "{} is more than 16", video.heads());
  }
}

}  // namespace

void check_displays(const v1::DomainSpec& spec, Findings& findings) {
  std::set<v1::Graphics::TypeCase> kinds;
  const bool has_headless = std::ranges::any_of(spec.graphics(), &v1::Graphics::has_egl_headless);
  for (int i = 0; i < spec.graphics_size(); ++i) {
    const auto path = device_path("graphics", i, spec.graphics());
    check_graphics(spec.graphics(i), path, findings);
    if (!kinds.insert(spec.graphics(i).type_case()).second)
      findings.add(path + "/@type", "a guest has at most one of each type");
    if (spec.graphics(i).spice().gl() && has_headless)
      findings.add(path + "/gl/@enable", "one display draws by the host's card: this one, or egl-headless");
  }
  check_videos(spec, findings);
}

}  // namespace lodge::conf::checks
