#include "daemon/app/settings.h"

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::app;

namespace {

const fs::path kFile = "/etc/lodge/lodged.toml";

std::string refusal(std::string_view text) {
  const auto settings = parse_settings(text, kFile);
  REQUIRE_FALSE(settings);
  CHECK(settings.error().code() == Code::invalid_argument);
  return settings.error().message();
}

}  // namespace

TEST_CASE("an empty settings file means the defaults, with paths beside the file") {
  const auto settings = parse_settings("", kFile);
  REQUIRE(settings);
  CHECK(settings->log.level == "info");
  CHECK(settings->local.group == "lodge");
  CHECK_FALSE(settings->tls.enabled);
  CHECK(settings->tls.key == "/etc/lodge/tls/server.key");
}

TEST_CASE("a settings file that does not exist means the defaults") {
  const auto settings = load_settings("/nonexistent/lodged.toml");
  REQUIRE(settings);
  CHECK(settings->limits.deadline_seconds == 60);
}

TEST_CASE("every kind of value is read") {
  const auto settings = parse_settings(
      "[log]\nlevel = 'debug'\n[tls]\nenabled = true\nkey = '/k'\nca = '../ca'\nallow = ['a', 'b']\n[limits]\nworkers = 9\n",
      kFile);
  REQUIRE(settings);
  CHECK(settings->log.level == "debug");
  CHECK(settings->tls.enabled);
  CHECK(settings->tls.key == "/k");
  CHECK(settings->tls.ca == "/etc/ca");
  CHECK(settings->tls.allow == std::vector<std::string>{"a", "b"});
  CHECK(settings->limits.workers == 9);
}

TEST_CASE("the printed default file is complete and reads back as the defaults") {
  const std::string file = default_settings_file();
  const auto settings = parse_settings(file, kFile);
  REQUIRE(settings);
  CHECK(settings->tls.listen == Settings{}.tls.listen);
  CHECK(settings->qemu.search == Settings{}.qemu.search);
  CHECK(file.find("[limits]\n# The largest request") != std::string::npos);
}

TEST_CASE("an unknown key is refused with its place and the nearest key") {
  CHECK(refusal("[tls]\nenabled = false\ncertifcate = 'x'\n") ==
        "/etc/lodge/lodged.toml:3: no key of [tls] is called 'certifcate'; did you mean 'certificate'?");
  CHECK(refusal("\n[tsl]\n") == "/etc/lodge/lodged.toml:2: no section is called 'tsl'; did you mean 'tls'?");
}

TEST_CASE("an unknown key near to none is refused with those there are") {
  CHECK(refusal("[unix]\npassword = 'x'\n") ==
        "/etc/lodge/lodged.toml:2: no key of [unix] is called 'password'; there are group");
}

TEST_CASE("a value of the wrong type or out of range is refused with what would be right") {
  CHECK(refusal("[log]\nlevel = 'loud'\n") ==
        "/etc/lodge/lodged.toml:2: log.level must be one of trace, debug, info, warning, error, off");
  CHECK(refusal("[limits]\nworkers = 0\n") == "/etc/lodge/lodged.toml:2: limits.workers must be a number from 1 to 64");
  CHECK(refusal("[tls]\nenabled = 'yes'\n") == "/etc/lodge/lodged.toml:2: tls.enabled must be true or false");
  CHECK(refusal("[tls]\nallow = [1]\n") ==
        "/etc/lodge/lodged.toml:2: tls.allow must be a list of texts in quotes: [\"a\", \"b\"]");
  CHECK(refusal("log = 1\n") == "/etc/lodge/lodged.toml:1: 'log' is a section: write [log] and its keys below");
}

TEST_CASE("a syntax error is refused with its line") {
  CHECK(refusal("[log]\nlevel = \n").starts_with("/etc/lodge/lodged.toml:2: "));
}

TEST_CASE("TLS needs no list of who may come in: clients can enrol with tokens") {
  const auto settings = parse_settings("[tls]\nenabled = true\n", "/etc/lodge/lodged.toml");
  REQUIRE(settings);
  CHECK(settings->tls.ca_key == "/etc/lodge/tls/ca.key");
}

TEST_CASE("a range of ports without a port is refused") {
  CHECK(refusal("[migration]\nlast_port = 50000\nfirst_port = 50001\n") ==
        "/etc/lodge/lodged.toml:3: migration.first_port is 50001, after migration.last_port, 50000");
  CHECK(refusal("[migration]\nlast_port = 5000\n").starts_with("/etc/lodge/lodged.toml:1: migration.first_port is"));
}

TEST_CASE("a private root holds everything") {
  const Paths paths = Paths::below("/tmp/x/");
  CHECK(paths.settings == "/tmp/x/lodged.toml");
  CHECK(paths.state == "/tmp/x/state");
  CHECK(paths.runtime == "/tmp/x/run");
  CHECK(paths.socket == "/tmp/x/lodge.sock");
}
