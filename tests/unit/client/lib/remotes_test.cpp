#include "client/lib/remotes.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>

using namespace lodge;
using namespace lodge::client;

namespace {

struct Folder {
  fs::path path;
  Folder() {
    char name[] = "/tmp/lodge-remotes-XXXXXX";
    path = fs::path(::mkdtemp(name)) / "remotes";
  }
  ~Folder() { fs::remove_all(path.parent_path()); }
};

NewRemote some(const std::string& name) {
  return {.name = name,
          .uri = "lodge+tls://192.0.2.1:16515",
          .server_name = "host1",
          .ca = "a",
          .certificate = "b",
          .key = "c"};
}

mode_t mode_of(const fs::path& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

}  // namespace

TEST_CASE("a remote is kept for its owner only, and found again") {
  const Folder folder;
  REQUIRE(save_remote(folder.path, some("host1"), false));
  const auto remote = load_remote(folder.path, "host1");
  REQUIRE(remote);
  CHECK(remote->uri == "lodge+tls://192.0.2.1:16515");
  CHECK(remote->server_name == "host1");
  CHECK(read_file(remote->tls.key) == "c");
  CHECK(mode_of(folder.path / "host1") == 0700);
  CHECK(mode_of(remote->tls.key) == 0600);
}

TEST_CASE("a remote of the same name is replaced only when that is asked for") {
  const Folder folder;
  REQUIRE(save_remote(folder.path, some("host1"), false));
  CHECK(save_remote(folder.path, some("host1"), false).error().code() == Code::already_exists);
  NewRemote other = some("host1");
  other.uri = "lodge+tls://host2:1";
  REQUIRE(save_remote(folder.path, other, true));
  CHECK(load_remote(folder.path, "host1")->uri == "lodge+tls://host2:1");
}

TEST_CASE("remotes are listed by name, and a removed default is no default") {
  const Folder folder;
  CHECK(load_remotes(folder.path)->empty());
  REQUIRE(save_remote(folder.path, some("b"), false));
  REQUIRE(save_remote(folder.path, some("a"), false));
  REQUIRE(set_default_remote(folder.path, "a"));
  CHECK(load_remotes(folder.path)->front().name == "a");
  CHECK(default_remote(folder.path) == "a");
  REQUIRE(remove_remote(folder.path, "a"));
  CHECK(default_remote(folder.path) == "");
  CHECK(load_remotes(folder.path)->size() == 1);
}

TEST_CASE("a remote that is not there, or that cannot be one, is told") {
  const Folder folder;
  CHECK(load_remote(folder.path, "host1").error().message() ==
        "there is no remote 'host1'; 'lodge remote list' lists those there are");
  CHECK(remove_remote(folder.path, "host1").error().code() == Code::not_found);
  CHECK(set_default_remote(folder.path, "host1").error().code() == Code::not_found);
  CHECK(load_remote(folder.path, "../etc").error().code() == Code::invalid_argument);
}
