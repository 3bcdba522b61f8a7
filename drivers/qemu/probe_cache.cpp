#include "drivers/qemu/probe_cache.h"

#include <nlohmann/json.hpp>

#include "drivers/qemu/qmp/message.h"

namespace lodge::drivers::qemu {

namespace {

using qmp::Json;

// Raised when the probe learns to ask for more: older files then count as not known.
constexpr int kFormat = 1;

fs::path file_for(const fs::path& cache_dir, std::string_view program) {
  std::string name;
  for (const char c : program) name += c == '/' ? '%' : c;
  return cache_dir / (name + ".json");
}

Json to_json(const ProgramIdentity& identity) {
  return {{"path", identity.path},
          {"device", identity.device},
          {"inode", identity.inode},
          {"size", identity.size},
          {"mtime_ns", identity.mtime_ns},
          {"ctime_ns", identity.ctime_ns},
          {"modules_mtime_ns", identity.modules_mtime_ns}};
}

Json to_json(const MachineType& machine) {
  return {{"name", machine.name},
          {"alias", machine.alias},
          {"is_default", machine.is_default},
          {"max_cpus", machine.max_cpus},
          {"default_cpu", machine.default_cpu},
          {"default_ram_id", machine.default_ram_id}};
}

MachineType machine_from(const Json& json) {
  return {.name = qmp::text(json, "name"),
          .alias = qmp::text(json, "alias"),
          .is_default = qmp::flag(json, "is_default"),
          .max_cpus = static_cast<std::uint32_t>(qmp::number(json, "max_cpus")),
          .default_cpu = qmp::text(json, "default_cpu"),
          .default_ram_id = qmp::text(json, "default_ram_id")};
}

template <class Container>
void read_strings(const Json& json, Container& out) {
  if (!json.is_array()) return;
  for (const auto& entry : json) {
    if (entry.is_string()) out.insert(out.end(), entry.get<std::string>());
  }
}

}  // namespace

std::optional<Emulator> load_emulator(const fs::path& cache_dir, const ProgramIdentity& identity) {
  if (cache_dir.empty()) return std::nullopt;
  const auto text = read_file(file_for(cache_dir, identity.path));
  if (!text) return std::nullopt;
  const Json json = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (qmp::number(json, "format") != kFormat || qmp::member(json, "identity") != to_json(identity)) return std::nullopt;

  Emulator emulator{.identity = identity,
                    .major = static_cast<int>(qmp::number(json, "major")),
                    .minor = static_cast<int>(qmp::number(json, "minor")),
                    .micro = static_cast<int>(qmp::number(json, "micro")),
                    .package = qmp::text(json, "package"),
                    .arch = qmp::text(json, "arch"),
                    .kvm = qmp::flag(json, "kvm")};
  if (const Json& machines = qmp::member(json, "machines"); machines.is_array()) {
    for (const auto& machine : machines) emulator.machines.push_back(machine_from(machine));
  }
  read_strings(qmp::member(json, "devices"), emulator.devices);
  read_strings(qmp::member(json, "objects"), emulator.objects);
  read_strings(qmp::member(json, "chardevs"), emulator.chardevs);
  read_strings(qmp::member(json, "options"), emulator.options);
  read_strings(qmp::member(json, "cpus"), emulator.cpus);
  return emulator;
}

Result<void> save_emulator(const fs::path& cache_dir, const Emulator& emulator) {
  if (cache_dir.empty()) return {};
  TRY(make_folder(cache_dir));
  Json json = {{"format", kFormat},
               {"identity", to_json(emulator.identity)},
               {"major", emulator.major},
               {"minor", emulator.minor},
               {"micro", emulator.micro},
               {"package", emulator.package},
               {"arch", emulator.arch},
               {"kvm", emulator.kvm},
               {"devices", emulator.devices},
               {"objects", emulator.objects},
               {"chardevs", emulator.chardevs},
               {"options", emulator.options},
               {"cpus", emulator.cpus},
               {"machines", Json::array()}};
  for (const auto& machine : emulator.machines) json["machines"].push_back(to_json(machine));
  return write_file(file_for(cache_dir, emulator.identity.path),
                    json.dump(1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace lodge::drivers::qemu
