#include "daemon/host/host.h"
#include "daemon/host/quota.h"
#include "daemon/host/sequences.h"

// Definitions: what is stored, whether it runs or not.
namespace lodge::host {

// What a definition would be stored as: the row of before, with the new specification.
store::DomainRow next_row(const Object* object, const std::string& project, const Caller& caller,
                          const v1::DomainSpec& spec) {
  store::DomainRow row;
  if (object && object->stored) {
    row = *object->stored;
    ++row.generation;
  } else {
    row.project = project;
    row.uuid = spec.uuid();
    row.name = spec.name();
    row.owner = caller.identity;
  }
  row.spec = std::make_shared<const v1::DomainSpec>(spec);
  return row;
}

namespace {

Task<Result<void>> commit_row(Work& work, store::DomainRow row) {
  store::Batch batch;
  batch.put_domains.push_back(row);
  CO_TRY(co_await work.core.parts.store.commit(std::move(batch)));
  work.object->stored = std::move(row);
  co_return Result<void>{};
}

// Null for an object that has just been made for a definition still to come.
DomainPtr as_it_is(const Core& core, const Object& object) {
  return object.stored || object.running() ? core.snapshot(object) : nullptr;
}

// As it would be, without touching anything.
Result<Defined> rehearse(Core& core, const std::string& project, const Caller& caller, const v1::DomainSpec& spec) {
  TRY_ASSIGN(const ObjectPtr object, core.claim_name(caller, project, spec.uuid(), spec.name()));
  const DomainPtr before = as_it_is(core, *object);
  Object would_be(object->project, object->uuid, object->name, nullptr);
  would_be.stored = next_row(object.get(), project, caller, spec);
  const bool created = !object->stored;
  core.publish(object);
  return Defined{.domain = core.snapshot(would_be), .created = created, .before = before};
}

// Who judges documents without the right to bring them learns nothing of files.
access::Files files_for(const Caller& caller, const access::Place& place) {
  const bool may_bring = caller.rights->may(*access::verb_of("DefineDomain"), place) ||
                         caller.rights->may(*access::verb_of("CreateDomain"), place);
  return may_bring ? access::Files::looked_at : access::Files::by_name_only;
}

}  // namespace

Task<Result<Defined>> Host::define(CallContext context, std::string project, v1::DomainDocument document,
                                   bool dry_run) {
  CO_TRY_ASSIGN(const std::string target, core_->target(context.caller, project));
  CO_TRY_ASSIGN(const Prepared prepared, co_await core_->prepare(target, std::move(document)));
  CO_TRY(core_->driver_for(prepared.spec()));
  if (dry_run) co_return rehearse(*core_, target, context.caller, prepared.spec());
  CO_TRY(core_->reached("define.checked"));

  CO_TRY_ASSIGN(const ObjectPtr object,
                core_->claim_name(context.caller, target, prepared.spec().uuid(), prepared.spec().name()));
  const Body<Defined> body = [prepared](Work& work) -> Task<Result<Defined>> {
    CO_TRY(work.core.reached("define.gate-passed"));
    CO_TRY_ASSIGN(const Grant grant, ask_for(work, prepared));
    const bool created = !work.object->stored;
    const DomainPtr before = as_it_is(work.core, *work.object);
    CO_TRY(co_await commit_row(work, next_row(work.object.get(), work.object->project, work.caller, prepared.spec())));
    work.core.passed("define.committed");
    work.core.emit(work.object, v1::DOMAIN_EVENT_KIND_DEFINED, created ? "added" : "updated");
    co_return Defined{.domain = work.core.snapshot(*work.object), .created = created, .before = before};
  };
  auto result = co_await core_->perform<Defined>(std::move(context), "define", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<conf::ValidatedDomain>> Host::validate(CallContext context, std::string project,
                                                   v1::DomainDocument document) {
  CO_TRY_ASSIGN(const std::string target, core_->target(context.caller, project));
  CO_TRY(context.caller.check({.project = target}));
  const access::Files files = files_for(context.caller, {.project = target});
  CO_TRY_ASSIGN(Prepared prepared, co_await core_->prepare(target, std::move(document), files));
  CO_TRY(core_->driver_for(prepared.spec()));
  co_return std::move(prepared.domain);
}

Task<Result<Defined>> Host::compare(CallContext context, v1::DomainRef ref, v1::DomainDocument document) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const access::Files files = files_for(context.caller,
                                        {.project = object->project, .name = object->name, .uuid = object->uuid});
  CO_TRY_ASSIGN(const Prepared prepared, co_await core_->prepare(object->project, std::move(document), files, object));
  CO_TRY(core_->driver_for(prepared.spec()));
  if (prepared.spec().uuid() != object->uuid) {
    co_return fail(Code::invalid_argument, "the document is about another guest: its uuid is {}, that of '{}' is {}",
                   prepared.spec().uuid(), object->name, object->uuid);
  }
  co_return rehearse(*core_, object->project, context.caller, prepared.spec());
}

Task<Result<void>> Host::undefine(CallContext context, v1::DomainRef ref) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<void> body = [](Work& work) -> Task<Result<void>> {
    if (!work.object->stored)
      co_return fail(Code::failed_precondition, "it is transient: there is no definition to forget");
    store::Batch batch;
    batch.drop_domains.push_back(work.object->uuid);
    CO_TRY(work.core.reached("undefine.gate-passed"));
    CO_TRY(co_await work.core.parts.store.commit(std::move(batch)));
    work.core.passed("undefine.committed");
    work.object->stored.reset();
    work.core.emit(work.object, v1::DOMAIN_EVENT_KIND_UNDEFINED);
    co_return Result<void>{};
  };
  auto result = co_await core_->perform<void>(std::move(context), "undefine", object, Entry::in_turn, body);
  co_return result;
}

Task<Result<DomainPtr>> Host::set_autostart(CallContext context, v1::DomainRef ref, bool autostart) {
  CO_TRY_ASSIGN(const ObjectPtr object, core_->find(context.caller, ref));
  const Body<DomainPtr> body = [autostart](Work& work) -> Task<Result<DomainPtr>> {
    if (!work.object->stored)
      co_return fail(Code::failed_precondition, "it is transient: only a stored guest can be started at boot");
    CO_TRY(work.core.reached("autostart.gate-passed"));
    if (work.object->stored->autostart != autostart) {
      store::DomainRow row = *work.object->stored;
      row.autostart = autostart;
      CO_TRY(co_await commit_row(work, std::move(row)));
      work.core.passed("autostart.committed");
      work.core.emit(work.object, v1::DOMAIN_EVENT_KIND_AUTOSTART_CHANGED, autostart ? "on" : "off");
    }
    co_return work.core.snapshot(*work.object);
  };
  auto result = co_await core_->perform<DomainPtr>(std::move(context), "autostart", object, Entry::in_turn, body);
  co_return result;
}

}  // namespace lodge::host
