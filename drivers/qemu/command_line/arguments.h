#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/qemu/spawn.h"

namespace lodge::drivers::qemu {

// The properties of a device, block node, object…, in the order in which they are written.
using Props = nlohmann::ordered_json;

// QEMU's older option syntax, "first,key=value,…", for options that take no JSON in QEMU 7.2: -chardev, -machine, -cpu,
// -vnc, -spice and a few more. A comma in a value is written twice; nothing else is special.
class Keyval {
 public:
  explicit Keyval(std::string_view first = {}) { put(first); }
  Keyval& add(std::string_view key, std::string_view value);
  Keyval& add(std::string_view key, std::uint64_t value) { return add(key, std::to_string(value)); }
  Keyval& add_on_off(std::string_view key, bool on) { return add(key, on ? "on" : "off"); }
  const std::string& str() const { return text_; }

 private:
  void put(std::string_view raw);
  std::string text_;
};

// What a QEMU is started with, in order.
class Arguments {
 public:
  void add(std::string option) { list_.push_back(std::move(option)); }
  void add(std::string option, std::string value) {
    list_.push_back(std::move(option));
    list_.push_back(std::move(value));
  }
  void add(std::string option, const char* value) { add(std::move(option), std::string(value)); }
  void add(std::string option, const Keyval& value) { add(std::move(option), value.str()); }
  void add(std::string option, const Props& value);

  // Has the process inherit a descriptor of ours; gives the number that it will have there.
  int inherit(int fd);

  const std::vector<std::string>& list() const { return list_; }
  const std::vector<int>& fds() const { return fds_; }

 private:
  std::vector<std::string> list_;
  std::vector<int> fds_;
};

}  // namespace lodge::drivers::qemu
