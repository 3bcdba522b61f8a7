#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace lodge::app {

// Where everything is.
struct Paths {
  fs::path settings;  // the file; need not exist
  fs::path state;     // what must survive a reboot
  fs::path runtime;   // what must not
  fs::path logs;
  fs::path socket;  // of the door for local users

  // /etc/lodge/lodged.toml, /var/lib/lodge, /run/lodge, /var/log/lodge, /run/lodge/lodge.sock
  static Paths of_system();
  // root/lodged.toml, root/state, root/run, root/log, root/lodge.sock. `root` is made absolute.
  static Paths below(const fs::path& root);
};

// What lodged.toml can say. The defaults here are the defaults; each key is explained in the table in settings.cpp.
struct Settings {
  struct Log {
    std::string level = "info";
  } log;

  struct Local {
    std::string group = "lodge";
  } local;  // section [unix]

  struct Access {
    std::string policy = "policy.toml";
  } access;

  struct Audit {
    std::string file;
  } audit;

  struct Tls {
    bool enabled = false;
    std::string listen = "0.0.0.0:16515";
    std::string enrol_listen = "0.0.0.0:16516";
    std::string certificate = "tls/server.crt";
    std::string key = "tls/server.key";
    std::string ca = "tls/ca.crt";
    std::string ca_key = "tls/ca.key";
    std::string revoked = "tls/revoked";
    std::vector<std::string> allow;
  } tls;

  struct Qemu {
    std::vector<std::string> search = {"/usr/bin", "/usr/libexec"};
  } qemu;

  struct Migration {
    std::string listen = "0.0.0.0";
    std::uint32_t first_port = 49152;
    std::uint32_t last_port = 49215;
    std::uint32_t lease_seconds = 60;
    std::uint32_t stall_seconds = 30;
    std::uint32_t limit_seconds = 3600;
  } migration;

  struct Limits {
    std::uint32_t message_mib = 16;
    std::uint32_t connections = 4000;
    std::uint32_t connections_per_peer = 1000;
    std::uint32_t calls_per_caller = 1000;
    std::uint32_t calls_per_second = 500;
    std::uint32_t memory_mib = 256;
    std::uint32_t idle_seconds = 300;
    std::uint32_t deadline_seconds = 60;
    std::uint32_t workers = 4;
  } limits;
};

// Reads a settings document. invalid_argument names FILE:LINE, and for an unknown key the nearest one there is.
// Relative paths in it are taken from the folder of `file`.
Result<Settings> parse_settings(std::string_view text, const fs::path& file);

// The same from the file. Without one: the defaults, or not_found if it `must_exist`.
Result<Settings> load_settings(const fs::path& file, bool must_exist = false);

// A complete settings file with every key, its explanation and its default.
std::string default_settings_file();

}  // namespace lodge::app
