#include "drivers/qemu/command_line/machine.h"
#include "drivers/qemu/command_line/sections.h"

namespace lodge::drivers::qemu {

namespace {

std::string_view backend_of(v1::AudioType type) {
  switch (type) {
    case v1::AUDIO_TYPE_NONE: return "none";
    case v1::AUDIO_TYPE_ALSA: return "alsa";
    case v1::AUDIO_TYPE_OSS: return "oss";
    case v1::AUDIO_TYPE_SPICE: return "spice";
    default: return {};
  }
}

std::string_view device_of(v1::SoundModel model) {
  switch (model) {
    case v1::SOUND_MODEL_SB16: return "sb16";
    case v1::SOUND_MODEL_ES1370: return "ES1370";
    case v1::SOUND_MODEL_AC97: return "AC97";
    case v1::SOUND_MODEL_ICH6: return "intel-hda";
    case v1::SOUND_MODEL_ICH9: return "ich9-intel-hda";
    case v1::SOUND_MODEL_USB: return "usb-audio";
    default: return {};
  }
}

bool has_codecs(v1::SoundModel model) { return model == v1::SOUND_MODEL_ICH6 || model == v1::SOUND_MODEL_ICH9; }

std::string_view codec_of(int type) {
  if (type == v1::SOUND_CODEC_MICRO) return "hda-micro";
  if (type == v1::SOUND_CODEC_OUTPUT) return "hda-output";
  return "hda-duplex";
}

void add_sound(Arguments& arguments, const Launch& launch, const v1::Sound& sound, const std::string& audio) {
  Props device{{"driver", device_of(sound.model())}, {"id", sound.alias()}};
  if (!has_codecs(sound.model()) && !audio.empty()) device["audiodev"] = audio;
  place(device, sound.address(), launch.spec);
  arguments.add("-device", device);
  if (!has_codecs(sound.model())) return;
  const auto add_codec = [&](int n, int type) {
    Props codec{{"driver", codec_of(type)},
                {"id", fmt::format("{}-codec{}", sound.alias(), n)},
                {"bus", sound.alias() + ".0"},
                {"cad", n}};
    if (!audio.empty()) codec["audiodev"] = audio;
    arguments.add("-device", codec);
  };
  for (int n = 0; n < sound.codecs_size(); ++n) add_codec(n, sound.codecs(n));
  if (sound.codecs().empty()) add_codec(0, v1::SOUND_CODEC_DUPLEX);
}

}  // namespace

void add_audio(Arguments& arguments, const Launch& launch) {
  const auto& spec = launch.spec;
  for (const auto& audio : spec.audios()) {
    arguments.add("-audiodev", Props{{"id", fmt::format("audio{}", audio.id())}, {"driver", backend_of(audio.type())}});
  }
  for (const auto& sound : spec.sounds()) {
    std::string audio;
    if (sound.has_audio_id()) {
      audio = fmt::format("audio{}", sound.audio_id());
    } else if (!spec.audios().empty()) {
      audio = fmt::format("audio{}", spec.audios(0).id());
    }
    add_sound(arguments, launch, sound, audio);
  }
}

void check_audio(Refusals& refusals, const v1::DomainSpec& spec) {
  for (int i = 0; i < spec.audios_size(); ++i) {
    if (backend_of(spec.audios(i).type()).empty()) {
      refusals.add(device_path("audio", i, spec.audios()) + "/@type",
                   "a daemon has no such sound: use none, spice, alsa or oss");
    }
  }
  for (int i = 0; i < spec.sounds_size(); ++i) {
    if (device_of(spec.sounds(i).model()).empty()) {
      refusals.add(device_path("sound", i, spec.sounds()) + "/@model",
                   "QEMU has no such sound card: use ich9, ich6, ac97, es1370, sb16 or usb");
    }
  }
}

}  // namespace lodge::drivers::qemu
