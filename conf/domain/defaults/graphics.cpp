#include <algorithm>

#include "conf/domain/defaults/defaults.h"
#include "conf/domain/machine.h"

namespace lodge::conf::defaults {

namespace {

// The `listen` attribute and the first <listen type='address'> say the same thing.
void mirror_listen(std::string& attribute, google::protobuf::RepeatedPtrField<v1::GraphicsListen>& listens) {
  if (listens.empty()) {
    auto& address = *listens.Add()->mutable_address();
    if (!attribute.empty()) address.set_address(attribute);
  }
  if (listens[0].has_address() && listens[0].address().address().empty()) {
    listens[0].mutable_address()->set_address(attribute);
  }
  // Two that differ are told by validate().
  if (listens[0].has_address() && !attribute.empty() && attribute != listens[0].address().address()) return;
  attribute = listens[0].has_address() ? listens[0].address().address() : std::string();
}

bool listens_on_network(const google::protobuf::RepeatedPtrField<v1::GraphicsListen>& listens) {
  return listens[0].has_address() || listens[0].has_network();
}

void complete_vnc(v1::GraphicsVnc& vnc) {
  if (vnc.listens().empty() && !vnc.socket().empty()) vnc.add_listens()->mutable_socket()->set_socket(vnc.socket());
  mirror_listen(*vnc.mutable_listen(), *vnc.mutable_listens());
  vnc.set_socket(vnc.listens(0).has_socket() ? vnc.listens(0).socket().socket() : "");
  if (!listens_on_network(vnc.listens())) {
    vnc.clear_port();
    vnc.clear_autoport();
    return;
  }
  // A port that is not there, 0 or -1 is a port to be chosen.
  if (vnc.autoport() || vnc.port() <= 0) {
    vnc.set_port(-1);
    vnc.set_autoport(true);
  } else {
    vnc.set_autoport(false);
  }
}

void complete_spice(v1::GraphicsSpice& spice) {
  const bool silent = spice.has_autoport() && !spice.autoport() && spice.port() == 0 && spice.tls_port() == 0;
  if (silent && spice.listens().empty() && spice.listen().empty()) spice.add_listens()->mutable_none();
  mirror_listen(*spice.mutable_listen(), *spice.mutable_listens());
  if (!listens_on_network(spice.listens())) {
    spice.clear_port();
    spice.clear_tls_port();
    spice.clear_autoport();
    return;
  }
  const bool chosen = spice.port() > 0 || spice.tls_port() > 0;
  if (spice.port() == -1 && spice.tls_port() == -1) spice.set_autoport(true);
  if (!spice.has_autoport()) spice.set_autoport(!chosen);
  if (spice.autoport()) {
    spice.clear_port();
    spice.clear_tls_port();
  }
}

// Powers of two, KiB.
std::uint32_t rounded(std::uint32_t size) {
  std::uint32_t power = 1;
  while (power < size && power < 0x80000000U) power <<= 1U;
  return power;
}

void complete_video_memory(v1::Video& video) {
  switch (video.type()) {
    case v1::VIDEO_TYPE_VGA:
    case v1::VIDEO_TYPE_BOCHS: video.set_vram(rounded(video.has_vram() ? video.vram() : 16 * 1024)); break;
    case v1::VIDEO_TYPE_CIRRUS:
    case v1::VIDEO_TYPE_VMVGA:
      if (!video.has_vram()) video.set_vram(16 * 1024);
      break;
    case v1::VIDEO_TYPE_QXL:
      video.set_ram(rounded(video.has_ram() ? video.ram() : 64 * 1024));
      video.set_vram(rounded(video.has_vram() ? video.vram() : 64 * 1024));
      if (video.has_vram64()) video.set_vram64(rounded(video.vram64()));
      video.set_vgamem(rounded(video.has_vgamem() ? video.vgamem() : 16 * 1024));
      break;
    default: break;
  }
}

v1::VideoType default_video(const v1::Os& os) {
  if (is_ppc64(os.arch())) return v1::VIDEO_TYPE_VGA;
  const auto chipset = chipset_of(os);
  return chipset == Chipset::virt || chipset == Chipset::ccw ? v1::VIDEO_TYPE_VIRTIO : v1::VIDEO_TYPE_CIRRUS;
}

void complete_videos(v1::DomainSpec& spec) {
  auto& videos = *spec.mutable_videos();
  if (videos.empty() && !spec.graphics().empty()) videos.Add();
  if (videos.empty()) return;
  for (auto& video : videos) {
    if (video.type() == v1::VIDEO_TYPE_UNSPECIFIED) video.set_type(default_video(spec.os()));
    if (video.type() == v1::VIDEO_TYPE_NONE) continue;
    complete_video_memory(video);
    if (!video.has_heads()) video.set_heads(1);
  }
  // Exactly one is the primary one: the first, after arrange(). Several are told by validate().
  if (std::ranges::count_if(videos, &v1::Video::primary) > 1) return;
  for (auto& video : videos) video.clear_primary();
  if (videos[0].type() != v1::VIDEO_TYPE_NONE) videos[0].set_primary(true);
}

v1::AudioType default_audio(const v1::DomainSpec& spec) {
  for (const auto& graphics : spec.graphics()) {
    if (graphics.has_spice()) return v1::AUDIO_TYPE_SPICE;
    if (graphics.has_sdl()) return v1::AUDIO_TYPE_SDL;
  }
  return v1::AUDIO_TYPE_NONE;
}

}  // namespace

void complete_graphics(v1::DomainSpec& spec) {
  for (auto& graphics : *spec.mutable_graphics()) {
    if (graphics.has_vnc()) complete_vnc(*graphics.mutable_vnc());
    if (graphics.has_spice()) complete_spice(*graphics.mutable_spice());
  }
  complete_videos(spec);
  if (spec.audios().empty()) spec.add_audios()->set_type(default_audio(spec));
  for (int i = 0; i < spec.audios_size(); ++i) {
    if (!spec.audios(i).has_id()) spec.mutable_audios(i)->set_id(static_cast<std::uint32_t>(i) + 1);
  }
}

}  // namespace lodge::conf::defaults
