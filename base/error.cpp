#include "base/error.h"

#include <system_error>

namespace lodge {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::invalid_argument: return "invalid_argument";
    case Code::not_found: return "not_found";
    case Code::already_exists: return "already_exists";
    case Code::failed_precondition: return "failed_precondition";
    case Code::permission_denied: return "permission_denied";
    case Code::unauthenticated: return "unauthenticated";
    case Code::unsupported: return "unsupported";
    case Code::busy: return "busy";
    case Code::deadline_exceeded: return "deadline_exceeded";
    case Code::cancelled: return "cancelled";
    case Code::resource_exhausted: return "resource_exhausted";
    case Code::unavailable: return "unavailable";
    case Code::data_loss: return "data_loss";
    case Code::internal: return "internal";
  }
  return "internal";
}

Error&& Error::with_context(std::string_view context) && {
  message_ = fmt::format("{}: {}", context, message_);
  return std::move(*this);
}

Error&& Error::with_findings(std::vector<Finding> findings) && {
  findings_ = std::move(findings);
  return std::move(*this);
}

Error&& Error::with_code(Code code) && {
  code_ = code;
  return std::move(*this);
}

std::string errno_text(int err) { return std::generic_category().message(err); }

Code code_from_errno(int err) {
  switch (err) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH: return Code::not_found;
    case EEXIST:
    case EADDRINUSE: return Code::already_exists;
    case EACCES:
    case EPERM:
    case EROFS: return Code::permission_denied;
    case EBUSY:
    case ETXTBSY: return Code::busy;
    case EINVAL:
    case ENAMETOOLONG:
    case ERANGE: return Code::invalid_argument;
    case ENOTSUP:
    case ENOSYS:
    case EAFNOSUPPORT: return Code::unsupported;
    case ENOSPC:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EDQUOT: return Code::resource_exhausted;
    case ETIMEDOUT: return Code::deadline_exceeded;
    case ECANCELED: return Code::cancelled;
    case EAGAIN:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE: return Code::unavailable;
    default: return Code::internal;
  }
}

}  // namespace lodge
