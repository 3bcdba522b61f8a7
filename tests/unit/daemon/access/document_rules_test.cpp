#include "daemon/access/document_rules.h"

#include "daemon/access/verb.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "tests/unit/daemon/access/services.h"

using namespace lodge;
using namespace lodge::access;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

std::string short_name(const std::string& full) { return full.substr(std::string("lodge.v1.").size()); }

// All fields that a project's document can come to: what is refused as a whole is not gone into.
void walk(const Descriptor* message, std::set<const Descriptor*>& seen,
          const std::function<void(const FieldDescriptor&)>& visit) {
  if (!seen.insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor& field = *message->field(i);
    visit(field);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && rule_of(field) != Rule::refused)
      walk(field.message_type(), seen, visit);
  }
}

}  // namespace

TEST_CASE("every field of a document, and of everything in it, has a rule") {
  std::set<const Descriptor*> seen;
  int fields = 0;
  walk(v1::DomainSpec::descriptor(), seen, [&](const FieldDescriptor& field) {
    ++fields;
    INFO(field.full_name());
    const bool own = line_of(short_name(field.full_name())) != nullptr;
    const bool of_child = field.message_type() != nullptr &&
                          line_of(short_name(field.message_type()->full_name())) != nullptr;
    const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
    // A text can name something of the host: it is judged by itself, not with the message around it.
    const bool of_message = !is_text && field.message_type() == nullptr &&
                            line_of(short_name(field.containing_type()->full_name())) != nullptr;
    CHECK((own || of_child || of_message));
  });
  CHECK(seen.size() > 80);
  CHECK(fields > 400);
}

TEST_CASE("every rule is for something that there is") {
  std::set<std::string, std::less<>> known;
  std::set<const Descriptor*> seen;
  const std::function<void(const Descriptor*)> note = [&](const Descriptor* message) {
    if (!seen.insert(message).second) return;
    known.insert(short_name(message->full_name()));
    for (int i = 0; i < message->field_count(); ++i) {
      known.insert(short_name(message->field(i)->full_name()));
      if (message->field(i)->message_type() != nullptr) note(message->field(i)->message_type());
    }
  };
  note(v1::DomainSpec::descriptor());
  for (const DocumentRule& line : document_rules()) {
    INFO(line.what);
    CHECK(known.contains(line.what));
  }
}

TEST_CASE("what names a device, a program or the hypervisor's own words is refused") {
  for (const char* name :
       {"Hostdev", "QemuCommandline", "QemuDeviceOverride", "Seclabel", "MemoryBacking", "Filesystem", "DiskBlock",
        "CharDev", "Interface.script", "Disk.rawio", "OsNvram", "Shmem", "Vsock", "Interface.target_dev",
        "CharUnix.path", "DiskNetwork", "InterfaceVhostUser", "Lease"}) {
    INFO(name);
    REQUIRE(line_of(name));
    CHECK(*line_of(name) == Rule::refused);
  }
}

// Requests carry documents, which have rules of their own, and these. A new field must be put here, by somebody who has thought of who may
// fill it with what.
TEST_CASE("every field of every request is one that was thought of") {
  const std::set<std::string, std::less<>> kKnown = {
      // which guest, where: looked up for the caller
      "DomainRef.uuid", "DomainRef.name", "DomainRef.id", "DomainRef.any", "DomainRef.project",
      "DefineDomainRequest.project", "CreateDomainRequest.project", "ValidateDomainRequest.project",
      "ListDomainsRequest.project", "GetProjectRequest.project",
      // documents: document_rules.cpp
      "DomainDocument.xml", "DomainDocument.spec", "DeviceDocument.xml", "DeviceDocument.interface",
      // operations: found for the caller only
      "GetOperationRequest.id", "WaitOperationRequest.id", "CancelOperationRequest.id",
      // names of devices of the guest that was found
      "DetachDeviceRequest.interface", "SetInterfaceLinkRequest.interface", "SetInterfaceBandwidthRequest.interface",
      "OpenConsoleRequest.Open.device", "OpenConsoleRequest.input",
      // judged by itself, and forgotten
      "ValidateDocumentRequest.document"};
  std::set<const Descriptor*> seen;
  const std::function<void(const Descriptor*)> note = [&](const Descriptor* message) {
    if (!seen.insert(message).second) return;
    for (int i = 0; i < message->field_count(); ++i) {
      const FieldDescriptor& field = *message->field(i);
      const std::string name = short_name(field.full_name());
      INFO(name);
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        CHECK(kKnown.contains(name));
      }
      if (field.message_type() != nullptr && !kKnown.contains(name)) note(field.message_type());
    }
  };
  for (const auto* method : test::every_method()) {
    // What is for admins alone may name anything.
    if (verb_of(method->name())->scope != Scope::host) note(method->input_type());
  }
}
