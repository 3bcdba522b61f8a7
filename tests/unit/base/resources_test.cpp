#include <fcntl.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include "base/fd.h"
#include "base/file.h"
#include "base/undo.h"
#include "base/uuid.h"

using namespace lodge;

namespace {

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("lodge-unit-" + Uuid::random().str());
  TemporaryFolder() { fs::create_directories(path); }
  ~TemporaryFolder() { fs::remove_all(path); }
};

}  // namespace

TEST_CASE("a descriptor is closed by its owner, once") {
  const int raw = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    Fd first(raw);
    Fd second(std::move(first));
    CHECK_FALSE(first);
    CHECK(second.get() == raw);
    CHECK(is_open(raw));
  }
  CHECK_FALSE(is_open(raw));
}

TEST_CASE("a released descriptor stays open") {
  const int raw = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC)).release();
  CHECK(is_open(raw));
  ::close(raw);
}

TEST_CASE("undo runs its steps newest first, and not after a commit") {
  std::string order;
  {
    Undo undo;
    undo.push([&] { order += 'a'; });
    undo.push([&] { order += 'b'; });
  }
  CHECK(order == "ba");
  {
    Undo undo;
    undo.push([&] { order += 'c'; });
    undo.commit();
  }
  CHECK(order == "ba");
}

TEST_CASE("a UUID is read in any common spelling and written in one") {
  const auto id = Uuid::parse("C7A5FDBD-EDAF-9455-926A-D65C16DB1809");
  REQUIRE(id);
  CHECK(id->str() == "c7a5fdbd-edaf-9455-926a-d65c16db1809");
  CHECK(Uuid::parse("c7a5fdbdedaf9455926ad65c16db1809") == *id);
  CHECK(Uuid::parse("c7a5fdbd").error().message() == "'c7a5fdbd' is not a UUID (32 hexadecimal digits)");
  CHECK_FALSE(Uuid::parse("g7a5fdbd-edaf-9455-926a-d65c16db1809"));
  CHECK_FALSE(Uuid::parse("c7a5fdbd-edaf-9455-926a-d65c16db18090"));
}

TEST_CASE("random UUIDs differ and carry version 4") {
  const std::string id = Uuid::random().str();
  CHECK(id != Uuid::random().str());
  CHECK(id[14] == '4');
}

TEST_CASE("a written file replaces the old one whole and leaves no temporary behind") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "a";
  REQUIRE(write_file(path, "old"));
  REQUIRE(write_file(path, "new", 0640));
  CHECK(read_file(path) == "new");
  CHECK(std::distance(fs::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("a file longer than the limit is refused, one just as long is not") {
  const TemporaryFolder folder;
  const fs::path path = folder.path / "a";
  REQUIRE(write_file(path, "12345"));
  CHECK(read_file(path, 5) == "12345");
  CHECK(read_file(path, 4).error().code() == Code::resource_exhausted);
}

TEST_CASE("a missing file is named in the error") {
  CHECK(read_file("/nonexistent/x").error().message() == "open /nonexistent/x: No such file or directory");
}

TEST_CASE("make_folder makes parents, accepts what is there, and refuses a file in its place") {
  const TemporaryFolder folder;
  REQUIRE(make_folder(folder.path / "a" / "b"));
  REQUIRE(make_folder(folder.path / "a" / "b"));
  REQUIRE(write_file(folder.path / "file", ""));
  CHECK(make_folder(folder.path / "file").error().code() == Code::already_exists);
}
