#include "drivers/qemu/command_line/arguments.h"

namespace lodge::drivers::qemu {

void Keyval::put(std::string_view raw) {
  for (const char c : raw) {
    text_ += c;
    if (c == ',') text_ += ',';
  }
}

Keyval& Keyval::add(std::string_view key, std::string_view value) {
  if (!text_.empty()) text_ += ',';
  text_ += key;
  text_ += '=';
  put(value);
  return *this;
}

void Arguments::add(std::string option, const Props& value) {
  add(std::move(option), value.dump(-1, ' ', /*ensure_ascii=*/false, Props::error_handler_t::replace));
}

int Arguments::inherit(int fd) {
  fds_.push_back(fd);
  return kFirstInheritedFd + static_cast<int>(fds_.size()) - 1;
}

}  // namespace lodge::drivers::qemu
