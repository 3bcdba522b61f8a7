#pragma once

#include <string>
#include <string_view>

#include "conf/domain/default_capabilities.h"
#include "conf/domain/prepare.h"

// Small guests with one mistake, and where it is found.
namespace lodge::test {

// The path of the only finding, or what else came about.
inline std::string refused_at(std::string_view xml, const v1::Capabilities& host) {
  const auto domain = conf::prepare_xml(xml, host);
  if (domain) return "accepted";
  if (domain.error().findings().size() != 1) return domain.error().message();
  return domain.error().findings()[0].path;
}

inline std::string guest(std::string_view inside, std::string_view machine = "q35") {
  return fmt::format(
      "<domain type='kvm'><name>a</name><memory>1048576</memory><os><type arch='x86_64' machine='{}'>hvm"
      "</type></os>{}</domain>",
      machine, inside);
}

inline std::string refused_at(std::string_view inside, std::string_view machine = "q35") {
  return refused_at(guest(inside, machine), conf::default_capabilities());
}

inline std::string refused_device(std::string_view devices, std::string_view machine = "q35") {
  return refused_at(fmt::format("<devices>{}</devices>", devices), machine);
}

}  // namespace lodge::test
