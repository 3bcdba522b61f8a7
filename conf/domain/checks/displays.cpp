#include <map>
#include <set>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "conf/numbered.h"

namespace lodge::conf::checks {

namespace {

void check_port(const std::string& path, std::int32_t port, std::int32_t low, Findings& findings) {
  if (port != -1 && port != 0 && (port < low || port > 65535)) {
    findings.add(path, "{} is not between {} and 65535, nor -1 to have one chosen", port, low);
  }
}

void check_listens(const google::protobuf::RepeatedPtrField<v1::GraphicsListen>& listens, const std::string& path,
                   Findings& findings) {
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

constexpr std::size_t kVncPassword = 8;  // the protocol's DES key

void check_graphics(const v1::Graphics& graphics, const std::string& path, Findings& findings) {
  switch (graphics.type_case()) {
    case v1::Graphics::kVnc:
      check_port(path + "/@port", graphics.vnc().port(), 5900, findings);
      check_port(path + "/@websocket", graphics.vnc().websocket(), 1, findings);
      check_listens(graphics.vnc().listens(), path, findings);
      if (graphics.vnc().passwd().size() > kVncPassword) {
        findings.add(path + "/@passwd", "has {} characters; VNC knows at most {}", graphics.vnc().passwd().size(),
                     kVncPassword);
      }
      break;
    case v1::Graphics::kSpice:
      check_port(path + "/@port", graphics.spice().port(), 1, findings);
      check_port(path + "/@tlsPort", graphics.spice().tls_port(), 1, findings);
      if (graphics.spice().port() > 0 && graphics.spice().port() == graphics.spice().tls_port()) {
        findings.add(path + "/@tlsPort", "is the same port as the one without TLS: {}", graphics.spice().port());
      }
      check_listens(graphics.spice().listens(), path, findings);
      break;
    case v1::Graphics::TYPE_NOT_SET:
      findings.add(path + "/@type", "says how to look at the screen: vnc, spice, sdl, egl-headless");
      break;
    default: break;
  }
}

void check_videos(const v1::DomainSpec& spec, Findings& findings) {
  const auto& videos = spec.videos();
  for (int i = 0; i < videos.size(); ++i) {
    const auto path = device_path("video", static_cast<std::size_t>(i), static_cast<std::size_t>(videos.size()));
    const auto& video = videos[i];
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

void check_audio(const v1::DomainSpec& spec, Findings& findings) {
  std::set<std::uint32_t> ids;
  for (int i = 0; i < spec.audios_size(); ++i) {
    const auto path = device_path("audio", static_cast<std::size_t>(i), static_cast<std::size_t>(spec.audios_size()));
    const auto id = spec.audios(i).id();
    if (id == 0) findings.add(path + "/@id", "ids start at 1");
    if (!ids.insert(id).second) findings.add(path + "/@id", "{} is another one's id", id);
    if (spec.audios(i).type() == v1::AUDIO_TYPE_UNSPECIFIED)
      findings.add(path + "/@type", "says where sound goes: none, spice, pulseaudio, …");
  }
  for (int i = 0; i < spec.sounds_size(); ++i) {
    const auto path = device_path("sound", static_cast<std::size_t>(i), static_cast<std::size_t>(spec.sounds_size()));
    const auto& sound = spec.sounds(i);
    if (sound.model() == v1::SOUND_MODEL_UNSPECIFIED)
      findings.add(path + "/@model", "says which card: ich9, ac97, usb, …");
    if (sound.has_audio_id() && !ids.contains(sound.audio_id())) {
      findings.add(path + "/audio/@id", "there is no <audio id='{}'>", sound.audio_id());
    }
  }
}

}  // namespace

void check_displays(const v1::DomainSpec& spec, Findings& findings) {
  std::set<v1::Graphics::TypeCase> kinds;
  for (int i = 0; i < spec.graphics_size(); ++i) {
    const auto path = device_path("graphics", static_cast<std::size_t>(i),
                                  static_cast<std::size_t>(spec.graphics_size()));
    check_graphics(spec.graphics(i), path, findings);
    if (!kinds.insert(spec.graphics(i).type_case()).second)
      findings.add(path + "/@type", "a guest has at most one of each type");
  }
  check_videos(spec, findings);
  check_audio(spec, findings);
}

}  // namespace lodge::conf::checks
