#include <grpcpp/grpcpp.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "client/cli/app.h"
#include "lodge/v1/domain_service.grpc.pb.h"

// What `lodge define` makes of the daemon's answer.

using namespace lodge;
using namespace lodge::cli;

namespace {

// Answers every definition as one that changes a running guest's memory.
class Definer final : public v1::DomainService::Service {
  grpc::Status DefineDomain(grpc::ServerContext*, const v1::DefineDomainRequest*,
                            v1::DefineDomainResponse* response) override {
    response->mutable_domain()->set_name("web1");
    response->set_xml("<domain/>\n");
    auto& change = *response->add_changes();
    change.set_path("/domain/memory");
    change.set_before("131072");
    change.set_after("262144");
    response->set_needs_restart(true);
    return grpc::Status::OK;
  }
};

// A daemon that has nothing but that, and a document for it.
class World {
 public:
  World() : folder_(fs::temp_directory_path() / fmt::format("lodge-define-{}", ::getpid())) {
    fs::create_directory(folder_);
    std::ofstream(folder_ / "web1.xml") << "<domain/>";
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket(), grpc::InsecureServerCredentials());
    builder.RegisterService(&definer_);
    server_ = builder.BuildAndStart();
  }
  ~World() {
    server_->Shutdown();
    fs::remove_all(folder_);
  }

  std::string define(const std::vector<std::string>& more) {
    std::vector<std::string> words{"define", "--connect", "lodge+unix://" + socket(), (folder_ / "web1.xml").string()};
    words.insert(words.end(), more.begin(), more.end());
    std::ostringstream out, err;
    run(words, [](const char*) -> const char* { return nullptr; }, {.out = out, .err = err});
    CHECK(err.str() == "");
    return out.str();
  }

 private:
  std::string socket() const { return (folder_ / "lodge.sock").string(); }

  fs::path folder_;
  Definer definer_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace

TEST_CASE("a dry run tells programs all of the answer, and a definition the guest") {
  World world;
  const auto dry = nlohmann::json::parse(world.define({"--dry-run", "-o", "json"}));
  CHECK(dry["domain"]["name"] == "web1");
  CHECK(dry["changes"][0]["path"] == "/domain/memory");
  CHECK(dry["needs_restart"] == true);
  CHECK(world.define({"--dry-run", "-o", "yaml"}).find("needs_restart: true") != std::string::npos);
  CHECK(nlohmann::json::parse(world.define({"-o", "json"}))["name"] == "web1");
  CHECK(world.define({"--dry-run", "-o", "xml"}) == "<domain/>\n");
  CHECK(world.define({"--dry-run"}).find("/domain/memory: 131072 -> 262144") != std::string::npos);
}
