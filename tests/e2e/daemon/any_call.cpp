#include "tests/e2e/daemon/any_call.h"

#include <chrono>
#include <optional>

#include "lodge/v1/domain_service.pb.h"
#include "tests/e2e/daemon/client.h"

namespace lodge::test {
namespace {

using namespace std::chrono_literals;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr auto kLongest = 60s;
constexpr auto kSilence = 200ms;

const FieldDescriptor* field_of(const google::protobuf::Descriptor& type, const std::string& name,
                                const google::protobuf::Descriptor* wanted) {
  const FieldDescriptor* field = type.FindFieldByName(name);
  return field != nullptr && field->message_type() == wanted ? field : nullptr;
}

const FieldDescriptor* guest_field(const google::protobuf::Descriptor& type) {
  return field_of(type, "domain", v1::DomainRef::descriptor());
}

// A stream's first message has what a unary call's request has a level deeper.
const FieldDescriptor* opening(const Method& method) {
  return method.client_streaming() ? method.input_type()->FindFieldByName("open") : nullptr;
}

template <class M>
M& part(Message& message, const FieldDescriptor* field) {
  return dynamic_cast<M&>(*message.GetReflection()->MutableMessage(&message, field));
}

void fill(Message& message, const Target& target) {
  const auto& type = *message.GetDescriptor();
  if (const auto* guest = guest_field(type)) {
    auto& ref = part<v1::DomainRef>(message, guest);
    ref.set_name(target.name);
    ref.set_project(target.project);
  }
  // What a document makes is there afterwards: not under the name of what is absent.
  if (const auto* document = field_of(type, "document", v1::DomainDocument::descriptor()))
    part<v1::DomainDocument>(message, document).set_xml(small_domain(target.name == "absent" ? "new" : target.name));
  if (const auto* device = field_of(type, "device", v1::DeviceDocument::descriptor()))
    part<v1::DeviceDocument>(message, device).mutable_interface()->mutable_user();
  for (const auto& [name, text] : {std::pair("project", &target.project), std::pair("id", &target.operation)})
    if (const auto* field = type.FindFieldByName(name)) message.GetReflection()->SetString(&message, field, *text);
}

// Waits for one operation at a time of a call.
class Turns {
 public:
  grpc::CompletionQueue& queue() { return queue_; }
  bool wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }
  // None if nothing comes.
  std::optional<bool> wait_for(std::chrono::milliseconds patience) {
    void* tag = nullptr;
    bool ok = false;
    const auto until = std::chrono::system_clock::now() + patience;
    if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return std::nullopt;
    return ok;
  }

 private:
  grpc::CompletionQueue queue_;
};

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  grpc::Slice whole;
  if (!buffer.Valid() || !buffer.DumpToSingleSlice(&whole).ok()) return {};
  return {reinterpret_cast<const char*>(whole.begin()), whole.size()};
}

Answer call_stream(grpc::GenericStub& stub, grpc::ClientContext& context, const std::string& path,
                   const grpc::ByteBuffer& request) {
  Turns turns;
  Answer answer;
  const auto stream = stub.PrepareCall(&context, path, &turns.queue());
  stream->StartCall(nullptr);
  turns.wait();
  stream->Write(request, nullptr);
  turns.wait();
  grpc::ByteBuffer first;
  stream->ReadInitialMetadata(nullptr);
  turns.wait();
  stream->Read(&first, nullptr);
  // What is refused ends with its first word.
  const auto came = turns.wait_for(kSilence);
  if (!came || *came) context.TryCancel();
  if (!came) turns.wait();
  answer.bytes = bytes_of(first);
  stream->Finish(&answer.status, nullptr);
  turns.wait();
  return answer;
}

Answer call_once(grpc::GenericStub& stub, grpc::ClientContext& context, const std::string& path,
                 const grpc::ByteBuffer& request) {
  Turns turns;
  Answer answer;
  const auto reader = stub.PrepareUnaryCall(&context, path, request, &turns.queue());
  reader->StartCall();
  grpc::ByteBuffer message;
  reader->Finish(&message, &answer.status, nullptr);
  turns.wait();
  answer.bytes = bytes_of(message);
  return answer;
}

}  // namespace

bool names_guest(const Method& method) {
  const auto* open = opening(method);
  return guest_field(open != nullptr ? *open->message_type() : *method.input_type()) != nullptr;
}

bool names_operation(const Method& method) { return method.input_type()->FindFieldByName("id") != nullptr; }

bool brings_document(const Method& method) {
  return field_of(*method.input_type(), "document", v1::DomainDocument::descriptor()) != nullptr;
}

std::unique_ptr<Message> request_for(const Method& method, const Target& target) {
  const Message* prototype = google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  std::unique_ptr<Message> request(prototype->New());
  const auto* open = opening(method);
  fill(open != nullptr ? *request->GetReflection()->MutableMessage(request.get(), open) : *request, target);
  return request;
}

Answer call(grpc::GenericStub& stub, const Method& method, const Message& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kLongest);
  const std::string path = "/" + method.service()->full_name() + "/" + method.name();
  grpc::Slice slice(request.SerializeAsString());
  const grpc::ByteBuffer buffer(&slice, 1);
  const bool streams = method.client_streaming() || method.server_streaming();
  return streams ? call_stream(stub, context, path, buffer) : call_once(stub, context, path, buffer);
}

std::string outcome(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::PERMISSION_DENIED: return "refused";
    case grpc::NOT_FOUND: return "hidden";
    case grpc::UNAUTHENTICATED: return "unknown";
    case grpc::UNAVAILABLE: return "shut out";
    default: return "may";
  }
}

}  // namespace lodge::test
