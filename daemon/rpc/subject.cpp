#include "daemon/rpc/subject.h"

#include <google/protobuf/descriptor.h>

#include "lodge/v1/domain_object.pb.h"
#include "lodge/v1/domain_service.pb.h"

namespace lodge::rpc {
namespace {

std::string text_of(const v1::DomainRef& ref) {
  switch (ref.by_case()) {
    case v1::DomainRef::kUuid: return ref.uuid();
    case v1::DomainRef::kName: return ref.name();
    case v1::DomainRef::kId: return std::to_string(ref.id());
    case v1::DomainRef::kAny: return ref.any();
    case v1::DomainRef::BY_NOT_SET: return {};
  }
  return {};
}

}  // namespace

std::string subject_of(const google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const auto* domain = message.GetDescriptor()->FindFieldByName("domain");
  if (domain != nullptr && domain->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !domain->is_repeated()) {
    const auto& value = message.GetReflection()->GetMessage(message, domain);
    if (const auto* ref = dynamic_cast<const v1::DomainRef*>(&value)) return text_of(*ref);
    if (const auto* object = dynamic_cast<const v1::Domain*>(&value)) return object->name();
  }
  for (const char* key : {"id", "name"}) {
    const auto* field = message.GetDescriptor()->FindFieldByName(key);
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated())
      return message.GetReflection()->GetString(message, field);
  }
  return {};
}

std::string project_of(const google::protobuf::Message& message) {
  using google::protobuf::FieldDescriptor;
  const auto* descriptor = message.GetDescriptor();
  const auto* domain = descriptor->FindFieldByName("domain");
  if (domain != nullptr && domain->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !domain->is_repeated() &&
      message.GetReflection()->HasField(message, domain))
    return project_of(message.GetReflection()->GetMessage(message, domain));
  const auto* project = descriptor->FindFieldByName("project");
  if (project != nullptr && project->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !project->is_repeated())
    return message.GetReflection()->GetString(message, project);
  return {};
}

}  // namespace lodge::rpc
