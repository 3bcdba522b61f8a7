#include "base/pki/check.h"

#include <stdlib.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/pki/folder.h"
#include "base/pki/issue.h"
#include "base/pki/revoked.h"

using namespace lodge;
using namespace lodge::pki;
using namespace std::chrono_literals;

namespace {

// A host's folder as `lodge pki` makes it.
struct Host {
  Folder folder;
  Authority authority = make_authority("example", Days(1000));

  Host() {
    char name[] = "/tmp/lodge-check-XXXXXX";
    folder.path = ::mkdtemp(name);
    put(folder.ca(), authority.certificate.pem(), 0644);
    issue({.common_name = "host1", .dns = {"host1.example"}, .use = Use::server});
  }
  ~Host() { fs::remove_all(folder.path); }

  void put(const fs::path& file, const std::string& content, mode_t mode = 0600) const {
    REQUIRE(write_file(file, content, mode));
  }
  void issue(const Subject& subject) const {
    const Key key = Key::make();
    const auto certificate = pki::issue(authority, subject, key);
    REQUIRE(certificate);
    put(folder.server(), certificate->pem(), 0644);
    put(folder.server_key(), key.pem());
  }
  std::vector<Remark> look(const std::string& host = "", Clock::time_point now = Clock::now()) const {
    return check(
        {.certificate = folder.server(), .key = folder.server_key(), .ca = folder.ca(), .revoked = folder.revoked()},
        Use::server, host, now);
  }
  // The first remark of this weight, without the folder.
  std::string first(Remark::Weight weight, const std::vector<Remark>& remarks) const {
    const auto found = std::ranges::find(remarks, weight, &Remark::weight);
    if (found == remarks.end()) return {};
    std::string text = found->text;
    for (std::size_t at; (at = text.find(folder.path.string() + "/")) != text.npos;)
      text.erase(at, folder.path.string().size() + 1);
    return text;
  }
  std::string wrong(const std::vector<Remark>& remarks) const { return first(Remark::Weight::wrong, remarks); }
};

}  // namespace

TEST_CASE("a host's files as they were made are fine") {
  const Host host;
  const auto remarks = host.look("host1.example");
  CHECK(host.wrong(remarks).empty());
  CHECK(host.first(Remark::Weight::warning, remarks).empty());
  CHECK(remarks.size() == 3);
}

TEST_CASE("what is wrong with a host's files is told with the file and with what to run") {
  const Host host;
  CHECK(
      host.wrong(host.look("host2")) ==
      "server.crt: it is not for host2, but for CN=host1, DNS host1.example; run: lodge pki issue-server host2 --force");
  host.put(host.folder.server_key(), Key::make().pem());
  CHECK(host.wrong(host.look()) ==
        "server.key: the key does not belong to the certificate in server.crt; run: lodge pki issue-server --force");
  host.issue({.common_name = "host1", .use = Use::client});
  CHECK(host.wrong(host.look()) == "server.crt: it is not meant for a TLS server; run: lodge pki issue-server --force");
  fs::remove(host.folder.ca());
  CHECK(host.wrong(host.look()).ends_with("; run: lodge pki init"));
}

TEST_CASE("a certificate that ends within a month is a warning, and one that has ended is wrong") {
  const Host host;
  CHECK(host.first(Remark::Weight::warning, host.look("", Clock::now() + 24h * 340))
            .starts_with("server.crt: CN=host1, DNS host1.example expires soon, on "));
  CHECK(host.wrong(host.look("", Clock::now() + 24h * 400)).starts_with("server.crt: expired on "));
}

TEST_CASE("a damaged list of the revoked is wrong, with its line") {
  const Host host;
  host.put(host.folder.revoked(), "serial:01\nlaptop\n");
  CHECK(host.wrong(host.look()) ==
        "revoked:2: 'laptop' begins neither with sha256: nor with serial:; correct or remove that line");
}

TEST_CASE("what was issued is found again, oldest first") {
  const Host host;
  for (const std::string name : {"a", "b"}) {
    const auto made = issue(host.authority, {.common_name = name}, Key::make());
    REQUIRE(made);
    REQUIRE(record(host.folder.issued(), *made));
  }
  host.put(host.folder.issued() / "junk.crt", "junk");
  CHECK(recorded(host.folder.issued())->size() == 2);
  CHECK(recorded(host.folder.path / "nowhere")->empty());
}

TEST_CASE("an authority's key that is missing or another's is told apart") {
  const Host host;
  CHECK(load_authority(host.folder.path / "none", host.folder.ca_key())
            .error()
            .message()
            .ends_with("run: lodge pki init"));
  CHECK(load_authority(host.folder.ca(), host.folder.ca_key()).error().code() == Code::not_found);
  host.put(host.folder.ca_key(), Key::make().pem());
  CHECK(load_authority(host.folder.ca(), host.folder.ca_key()).error().code() == Code::invalid_argument);
  host.put(host.folder.ca_key(), host.authority.key.pem());
  CHECK(load_authority(host.folder.ca(), host.folder.ca_key()));
}
