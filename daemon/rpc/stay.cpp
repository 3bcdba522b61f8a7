#include "daemon/rpc/stay.h"

namespace lodge::rpc {

Stay::Stay(const access::Access& access, access::Peer peer, host::Caller caller)
    : access_(access), peer_(std::move(peer)), caller_(std::move(caller)) {}

void Stay::narrow_to(const v1::Domain& domain) {
  guest_ = {.project = domain.project(), .name = domain.name(), .uuid = domain.uuid()};
}

Result<void> Stay::check() const {
  TRY_ASSIGN(const access::RightsPtr now, access_.identify(peer_));
  const access::Verb& verb = *caller_.verb;
  if (guest_) {
    if (now->may(verb, {.project = guest_->project, .name = guest_->name, .uuid = guest_->uuid})) return {};
    return fail(Code::permission_denied, "{} may not '{}' {} any more: the rights here have changed", caller_.identity,
                verb.word, guest_->name);
  }
  const access::Holding* lost = caller_.rights->lost(verb, *now);
  if (lost == nullptr) return {};
  return fail(Code::permission_denied,
              "{} may not '{}' all that it could: the rights {} have changed; ask again for the rest", caller_.identity,
              verb.word, lost->project == "*" ? std::string("here") : fmt::format("in project '{}'", lost->project));
}

}  // namespace lodge::rpc
