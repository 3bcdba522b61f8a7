#include <map>

#include "conf/domain/checks/checks.h"
#include "conf/domain/device.h"
#include "lodge/xml/options.pb.h"

namespace lodge::conf::checks {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kDevices = "devices/";

// The device's name, if families like its own have one. That of a display counts for nothing.
const FieldDescriptor* alias_of(const FieldDescriptor& family) {
  if (family.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return nullptr;
  if (family.message_type() == v1::Graphics::descriptor()) return nullptr;
  const FieldDescriptor* alias = family.message_type()->FindFieldByName("alias");
  return alias && !alias->is_repeated() && alias->cpp_type() == FieldDescriptor::CPPTYPE_STRING ? alias : nullptr;
}

// The first console is the first serial port, shown once more under the same name.
bool is_mirror(const v1::DomainSpec& spec, const Message& device) {
  return !spec.consoles().empty() && &device == &spec.consoles(0) && !spec.serials().empty() &&
         spec.consoles(0).target_type() == v1::CHAR_TARGET_TYPE_SERIAL;
}

}  // namespace

void check_aliases(const v1::DomainSpec& spec, Findings& findings) {
  std::map<std::string, std::string> owners;
  const auto* reflection = spec.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection->ListFields(spec, &set);
  for (const FieldDescriptor* family : set) {
    const std::string& at = family->options().GetExtension(::lodge::xml::at);
    const FieldDescriptor* const alias = at.starts_with(kDevices) ? alias_of(*family) : nullptr;
    if (!alias) continue;
    const auto check = [&](const Message& device, const std::string& path) {
      const std::string name = device.GetReflection()->GetString(device, alias);
      if (name.empty() || is_mirror(spec, device)) return;
      const auto [first, fresh] = owners.try_emplace(name, path.substr(path.rfind('/') + 1));
      if (!fresh) findings.add(path + "/alias/@name", "'{}' is the name of {} already", name, first->second);
    };
    const auto element = std::string_view(at).substr(kDevices.size());
    if (!family->is_repeated()) {
      check(reflection->GetMessage(spec, family), device_path(element, 0, 1));
      continue;
    }
    const int count = reflection->FieldSize(spec, family);
    for (int i = 0; i < count; ++i) {
      check(reflection->GetRepeatedMessage(spec, family, i), device_path(element, i, count));
    }
  }
}

}  // namespace lodge::conf::checks
