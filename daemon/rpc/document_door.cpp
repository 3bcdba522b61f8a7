#include "daemon/rpc/document_door.h"

#include "conf/kinds.h"
#include "conf/view.h"
#include "conf/xml/codec.h"

namespace lodge::rpc {
namespace {

using google::protobuf::FieldDescriptor;

// The member of `form` that is called as the kind is; null for domains.
const FieldDescriptor* member_of(const conf::Kind& kind) {
  return v1::Document::descriptor()->FindFieldByName(std::string(kind.name));
}

// The kind of the message that is set; of XML, of the root element.
Result<const conf::Kind*> kind_of(const v1::Document& document) {
  const conf::Kind* kind = nullptr;
  if (document.form_case() == v1::Document::kXml) {
    kind = conf::guess_kind(document.xml());
    if (!kind) return fail(Code::invalid_argument, "the root element is of no kind of document that there is");
  } else {
    const auto* set = document.GetReflection()->GetOneofFieldDescriptor(
        document, v1::Document::descriptor()->FindOneofByName("form"));
    if (!set) return fail(Code::invalid_argument, "there is no document: neither XML nor a message");
    kind = conf::find_kind(set->name());
  }
  if (!kind || !member_of(*kind))
    return fail(Code::invalid_argument,
                "guests are judged by DomainService.ValidateDomain, which knows what runs here");
  return kind;
}

Result<void> validate(const host::Host&, const host::Caller&, const v1::ValidateDocumentRequest& request,
                      v1::ValidateDocumentResponse& response) {
  return judge(request, response);
}

}  // namespace

Result<void> judge(const v1::ValidateDocumentRequest& request, v1::ValidateDocumentResponse& response) {
  TRY_ASSIGN(const conf::Kind* kind, kind_of(request.document()));
  *response.mutable_document() = request.document();
  auto& document = *response.mutable_document();
  auto& message = *document.GetReflection()->MutableMessage(&document, member_of(*kind));
  conf::xml::SourceMap source;
  if (request.document().form_case() == v1::Document::kXml) {
    TRY_ASSIGN(source, conf::xml::parse_into(request.document().xml(), message));
  }
  conf::apply_view(message, {.view = conf::View::inactive});
  if (!request.syntax_only()) TRY(conf::validate(*kind, message, source));
  TRY_ASSIGN(*response.mutable_xml(), conf::xml::format(message, {.view = {.view = conf::View::inactive}}));
  return {};
}

grpc::ServerUnaryReactor* DocumentDoor::ValidateDocument(grpc::CallbackServerContext* context,
                                                         const v1::ValidateDocumentRequest* request,
                                                         v1::ValidateDocumentResponse* response) {
  return calls_.answer(*context, *request, *response, validate);
}

}  // namespace lodge::rpc
