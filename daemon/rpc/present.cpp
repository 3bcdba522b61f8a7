#include "daemon/rpc/present.h"

#include <google/protobuf/util/field_mask_util.h>

#include "conf/view.h"
#include "conf/xml/codec.h"

namespace lodge::rpc {
namespace {

using google::protobuf::util::FieldMaskUtil;

const google::protobuf::FieldMask& all_but_specs() {
  static const google::protobuf::FieldMask mask = [] {
    google::protobuf::FieldMask fields;
    const auto* descriptor = v1::Domain::descriptor();
    for (int i = 0; i < descriptor->field_count(); ++i)
      if (descriptor->field(i)->message_type() != v1::DomainSpec::descriptor())
        fields.add_paths(descriptor->field(i)->name());
    return fields;
  }();
  return mask;
}

}  // namespace

v1::Domain present_briefly(const v1::Domain& domain) {
  v1::Domain shown;
  FieldMaskUtil::MergeMessageTo(domain, all_but_specs(), FieldMaskUtil::MergeOptions(), &shown);
  return shown;
}

v1::Domain present(const v1::Domain& domain, bool secure) {
  v1::Domain shown = domain;
  if (shown.has_persistent_spec())
    conf::apply_view(*shown.mutable_persistent_spec(), {.view = conf::View::inactive, .secure = secure});
  if (shown.has_running_spec())
    conf::apply_view(*shown.mutable_running_spec(), {.view = conf::View::live, .secure = secure});
  return shown;
}

Result<std::string> document_of(const v1::Domain& domain, v1::DomainView view, bool secure) {
  const bool runs = domain.has_running_spec();
  const v1::DomainSpec& stored = domain.has_persistent_spec() ? domain.persistent_spec() : domain.running_spec();
  const auto print = [&](const v1::DomainSpec& spec, conf::View as) {
    return conf::xml::format(spec, {.view = {.view = as, .secure = secure}});
  };
  switch (view) {
    case v1::DOMAIN_VIEW_UNSPECIFIED:
      return runs ? print(domain.running_spec(), conf::View::live) : print(stored, conf::View::inactive);
    case v1::DOMAIN_VIEW_LIVE:
      if (!runs)
        return fail(Code::failed_precondition, "{} does not run, so it has no live document; ask for the inactive one",
                    domain.name());
      return print(domain.running_spec(), conf::View::live);
    case v1::DOMAIN_VIEW_INACTIVE: return print(stored, conf::View::inactive);
    case v1::DOMAIN_VIEW_MIGRATABLE: return print(runs ? domain.running_spec() : stored, conf::View::migratable);
    default: return fail(Code::invalid_argument, "{} is no view of a domain", static_cast<int>(view));
  }
}

}  // namespace lodge::rpc
