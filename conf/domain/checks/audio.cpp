#include <set>

#include "conf/domain/checks/checks.h"

namespace lodge::conf::checks {

namespace {

void check_stream(const v1::AudioStream& stream, const std::string& path, Findings& findings) {
  const bool unmixed = stream.has_mixing_engine() && !stream.mixing_engine();
  if (stream.fixed_settings() && unmixed)
    findings.add(path + "/@fixedSettings", "without the mixing engine the guest decides: mixingEngine='yes'");
  if (stream.has_settings() && stream.has_fixed_settings() && !stream.fixed_settings())
    findings.add(path + "/settings", "are used with fixedSettings='yes' only");
}

}  // namespace

void check_audio(const v1::DomainSpec& spec, Findings& findings) {
  std::set<std::uint32_t> ids;
  for (int i = 0; i < spec.audios_size(); ++i) {
    const auto path = device_path("audio", i, spec.audios());
    const auto id = spec.audios(i).id();
    check_stream(spec.audios(i).input(), path + "/input", findings);
    check_stream(spec.audios(i).output(), path + "/output", findings);
    if (id == 0) findings.add(path + "/@id", "ids start at 1");
    if (!ids.insert(id).second) findings.add(path + "/@id", "{} is another one's id", id);
    if (spec.audios(i).type() == v1::AUDIO_TYPE_UNSPECIFIED)
      findings.add(path + "/@type", "says where sound goes: none, spice, pulseaudio, …");
  }
  for (int i = 0; i < spec.sounds_size(); ++i) {
    const auto path = device_path("sound", i, spec.sounds());
    const auto& sound = spec.sounds(i);
    if (sound.model() == v1::SOUND_MODEL_UNSPECIFIED)
      findings.add(path + "/@model", "says which card: ich9, ac97, usb, …");
    if (sound.has_audio_id() && !ids.contains(sound.audio_id())) {
      findings.add(path + "/audio/@id", "there is no <audio id='{}'>", sound.audio_id());
    }
  }
  each("graphics", spec.graphics(), [&](const v1::Graphics& graphics, const std::string& path) {
    const auto& vnc = graphics.vnc();
    const auto& dbus = graphics.dbus();
    const auto id = vnc.has_audio_id() ? vnc.audio_id() : dbus.audio_id();
    if (id != 0 && !ids.contains(id)) findings.add(path + "/audio/@id", "there is no <audio id='{}'>", id);
  });
}

}  // namespace lodge::conf::checks
