/* The calls that show and exchange the policy. */
#include "abi/bulwark.h"

#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "task/authority/credentials.h"
#include "task/authority/program_policy.h"
#include "task/call/syscall.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"

static_assert((int)BW_NAME_MAX == (int)POLICY_NAME_BYTES, "names fit");
static_assert((int)BW_MESSAGE_MAX == (int)POLICY_MESSAGE_BYTES, "messages fit");
static_assert((int)BW_CALL_WORDS == (int)SYSCALL_SET_WORDS, "sets fit");

static bool is_root(void) { return credentials_acting_uid(process_current()) == 0; }

int64_t sys_policy_load(uint64_t path_at, uint64_t error_at)
{
	struct policy_error found = { 0 };
	struct bw_policy_error error = { 0 };
	char path[BW_PATH_MAX];
	status_t status;
	size_t len;

	if (!is_root()) {
		return STATUS_EPERM;
	}
	if (!user_range_ok((uva_t){ error_at }, sizeof(error))) {
		return STATUS_EFAULT;
	}
	status = copy_string_from_user(path, (uva_t){ path_at }, sizeof(path), &len);
	if (status == STATUS_OK) {
		status = program_policy_load(path, &found);
	}
	bounce_scrub(path, sizeof(path));
	if (status && status != STATUS_EINVAL) {
		return status;
	}
	error.line = found.line;
	error.column = found.column;
	memcpy(error.message, found.message, sizeof(error.message));
	/* it is in force by now, whatever becomes of the answer */
	return copy_to_user((uva_t){ error_at }, &error, sizeof(error)) ? STATUS_EFAULT : status;
}

int64_t sys_policy_rule(uint64_t index, uint64_t at)
{
	const struct policy_rule *rule;
	struct bw_policy_rule out = { 0 };

	if (!is_root()) {
		return STATUS_EPERM;
	}
	rule = program_rule_nth(index);
	if (!rule) {
		return STATUS_ENOENT;
	}
	string_copy(out.path, program_policy_path(), sizeof(out.path));
	memcpy(out.program, rule->name, sizeof(out.program));
	out.has_uid = rule->has_uid;
	out.uid = rule->uid;
	out.is_bound = rule->is_bound;
	memcpy(out.calls, rule->calls.words, sizeof(out.calls));
	return copy_to_user((uva_t){ at }, &out, sizeof(out));
}
