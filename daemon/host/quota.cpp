#include "daemon/host/quota.h"

#include "daemon/access/document_check.h"
#include "daemon/host/host.h"

namespace lodge::host {

namespace {

// What runs, whatever phase it is in; null if nothing does.
store::SpecPtr running_spec(const Object& object) {
  const RunPtr run = object.any_run();
  return run ? run->live_spec : nullptr;
}

// Of the object with this specification: nothing if it has none.
access::Usage usage_by(const Object& object, const store::SpecPtr& spec) {
  if (!spec) return {};
  access::Usage usage = access::usage_of(*spec);
  usage.disk_bytes = object.disk_bytes;
  return usage;
}

}  // namespace

access::Usage usage_of(const Object& object) {
  access::Usage usage = usage_by(object, running_spec(object));
  if (object.stored) usage = access::larger(usage, usage_by(object, object.stored->spec));
  return object.granted ? access::larger(usage, *object.granted) : usage;
}

access::Usage usage_of(const Core& core, std::string_view project, const Object* except) {
  access::Usage usage;
  for (const auto& [uuid, object] : core.by_uuid) {
    if (object->project == project && object.get() != except) usage += usage_of(*object);
  }
  return usage;
}

Result<Grant> Grant::ask(const Core& core, ObjectPtr object, const access::Project& project, access::Usage asked) {
  // A definition makes room for the one that takes its place; a run goes on beside it.
  asked = access::larger(asked, usage_by(*object, running_spec(*object)));
  TRY(access::check_quota(project, usage_of(core, object->project, object.get()), asked));
  object->granted = asked;
  return Grant(std::move(object));
}

Grant::~Grant() {
  if (object_) object_->granted.reset();
}

Result<Grant> ask_for(Work& work, const Prepared& prepared) {
  access::Usage asked = access::usage_of(prepared.spec());
  asked.disk_bytes = prepared.disk_bytes;
  TRY_ASSIGN(Grant grant, Grant::ask(work.core, work.object, *prepared.project, asked));
  const bool runs = !work.object->defined();
  work.object->disk_bytes = runs ? std::max(work.object->disk_bytes, prepared.disk_bytes) : prepared.disk_bytes;
  return grant;
}

Task<void> measure_disks(Core& core) {
  std::vector<std::pair<ObjectPtr, store::SpecPtr>> unmeasured;
  for (const auto& [uuid, object] : core.by_uuid) {
    if (object->project == access::kDefaultProject) continue;
    // A transient guest has only what runs, and another may run with other disks than its definition has.
    if (object->stored) unmeasured.emplace_back(object, object->stored->spec);
    if (auto runs = running_spec(*object)) unmeasured.emplace_back(object, std::move(runs));
  }
  for (const auto& [object, spec] : unmeasured) {
    if (core.closing()) co_return;
    const auto measure = [&core, project = object->project, spec = spec]() -> std::uint64_t {
      const auto rules = core.parts.access.project(project);
      return rules ? access::measure_disks(*spec, **rules) : 0;
    };
    const std::uint64_t bytes = co_await core.parts.pool.run(measure);
    object->disk_bytes = std::max(object->disk_bytes, bytes);
  }
}

Task<Result<v1::GetProjectResponse>> Host::project(CallContext context, std::string named) {
  CO_TRY_ASSIGN(const std::string name, core_->target(context.caller, named));
  CO_TRY(context.caller.check({.project = name}));
  const auto resolve = [this, name] { return core_->parts.access.project(name); };
  CO_TRY_ASSIGN(const access::ProjectPtr project, co_await core_->parts.pool.run(resolve));
  v1::GetProjectResponse response;
  response.set_project(name);
  response.set_restricted(project->restricted);
  if (!project->restricted) co_return response;
  for (const access::Account& account : access::accounts(*project, usage_of(*core_, name, nullptr))) {
    v1::Quota& quota = *response.add_quotas();
    quota.set_what(std::string(account.what));
    quota.set_used(account.used);
    quota.set_limit(account.limit);
  }
  response.mutable_parents()->Add(project->parents.begin(), project->parents.end());
  response.mutable_bridges()->Add(project->bridges.begin(), project->bridges.end());
  for (const fs::path& folder : project->folders) response.add_paths(folder.string());
  response.mutable_listen()->Add(project->listen.begin(), project->listen.end());
  response.set_user_network(project->user_network);
  response.set_run_as(project->run_as->name);
  co_return response;
}

}  // namespace lodge::host
