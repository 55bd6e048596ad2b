/* The calls behind `why`: what lies at an address, and the kernel's symbols. */
#include "core/rendezvous.h"
#include "core/symbols.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "mm/table/policy.h"
#include "mm/watch/explain_say.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/fault/explain_object.h"
#include "task/process/process.h"

enum { EXPLANATION_ORDER = 1 };
static_assert(sizeof(struct bw_explanation) == PAGE_SIZE << EXPLANATION_ORDER,
	      "an explanation fills its frames");

/* All that is told. */
struct findings {
	const struct process *process;
	struct explanation explanation;
	struct memory_region region;
	char object[EXPLANATION_BYTES];
	struct access_verdict verdicts[NR_ACCESSORS][NR_ACCESSES];
};

static const char *const accessor_names[] = {
	[ACCESSOR_KERNEL] = "kernel", [ACCESSOR_USER] = "user"
};
static const char *const access_names[] = {
	[ACCESS_READ] = "read", [ACCESS_WRITE] = "write", [ACCESS_FETCH] = "execute"
};

/* All other CPUs are stopped. */
static void find(struct findings *findings, const struct process *process, uint64_t address)
{
	struct text object = text_begin(findings->object, sizeof(findings->object));
	pfn_t root = process->as->root;

	findings->process = process;
	explain_address(root, address, &findings->explanation);
	memory_region_find(process->as, address, &findings->region);
	explain_object(&object, &findings->explanation, &findings->region);
	for (unsigned i = 0; i < NR_ACCESSORS; i++) {
		for (unsigned access = 0; access < NR_ACCESSES; access++) {
			explain_access(root, &findings->explanation, &findings->region, i, access,
				       &findings->verdicts[i][access]);
		}
	}
}

static void say_policy(struct text *text, pfn_t frame)
{
	const struct policy *policy = &policy_table[policy_state_of(frame)];

	text_say(text, "  policy       %s (%s): direct map %s", policy->name, policy->text,
		 policy_rights_name(policy->direct_map));
	if (policy->view != VIEW_NONE) {
		text_say(text, ", %s at most %s", policy_view_name(policy->view),
			 policy_rights_name(policy->rights));
	}
	if (policy->second_view != VIEW_NONE) {
		text_say(text, ", %s at most %s", policy_view_name(policy->second_view),
			 policy_rights_name(policy->second_rights));
	}
	text_say(text, "\n");
}

static void say_verdict(struct text *text, const struct access_verdict *verdict,
			const struct access_verdict *before)
{
	if (verdict->is_allowed) {
		text_say(text, "yes%s%s\n", verdict->reason[0] ? ", " : "", verdict->reason);
		return;
	}
	text_say(text, "no");
	if (verdict->defence != BW_DEFENCE_NONE) {
		text_say(text, ", %s", defence_name(verdict->defence));
	}
	text_say(text, ": %s\n",
		 before && strcmp(before->reason, verdict->reason) == 0 ? "the same"
									: verdict->reason);
}

static void say(struct text *text, const struct findings *findings)
{
	const struct explanation *explanation = &findings->explanation;

	explanation_say_address(text, explanation);
	if (findings->object[0]) {
		text_say(text, "  object       %s\n", findings->object);
	}
	explanation_say_frame(text, explanation);
	if (!pfn_is_none(explanation->frame)) {
		say_policy(text, explanation->frame);
	}
	explanation_say_roots(text, explanation);
	for (unsigned i = 0; i < NR_ACCESSORS; i++) {
		for (unsigned access = 0; access < NR_ACCESSES; access++) {
			const struct access_verdict *verdict = &findings->verdicts[i][access];

			text_say(text, "  %-6s %-7s ", accessor_names[i], access_names[access]);
			say_verdict(text, verdict, access ? verdict - 1 : NULL);
		}
	}
}

static void json_policy(struct json *json, pfn_t frame)
{
	const struct policy *policy = &policy_table[policy_state_of(frame)];

	json_open(json, "policy", '{');
	json_string(json, "state", policy->name);
	json_string(json, "text", policy->text);
	json_string(json, "direct_map", policy_rights_name(policy->direct_map));
	json_string(json, "view", policy_view_name(policy->view));
	json_string(json, "rights",
		    policy->view == VIEW_NONE ? "absent" : policy_rights_name(policy->rights));
	json_close(json);
}

static void json_verdicts(struct json *json, const struct findings *findings)
{
	for (unsigned i = 0; i < NR_ACCESSORS; i++) {
		json_open(json, accessor_names[i], '{');
		for (unsigned access = 0; access < NR_ACCESSES; access++) {
			const struct access_verdict *verdict = &findings->verdicts[i][access];

			json_open(json, access_names[access], '{');
			json_bool(json, "allowed", verdict->is_allowed);
			json_string(json, "defence", defence_name(verdict->defence));
			json_string(json, "reason", verdict->reason);
			json_close(json);
		}
		json_close(json);
	}
}

static void write_json(struct json *json, const struct findings *findings)
{
	const struct explanation *explanation = &findings->explanation;

	json_string(json, "process", findings->process->name);
	json_number(json, "pid", findings->process->pid);
	explanation_json_address(json, explanation);
	json_string(json, "object", findings->object);
	explanation_json_walks(json, explanation);
	if (pfn_is_none(explanation->frame)) {
		json_null(json, "policy");
	} else {
		json_policy(json, explanation->frame);
	}
	json_verdicts(json, findings);
}

/* With the other CPUs stopped. */
static status_t explain(uint64_t address, uint64_t pid, struct bw_explanation *out)
{
	struct text text = text_begin(out->text, sizeof(out->text));
	struct process *process;
	struct findings findings;
	struct json json;
	status_t status = process_find_stopped(pid, &process);

	if (status) {
		return status;
	}
	find(&findings, process, address);
	say(&text, &findings);
	json_begin(&json, out->json, sizeof(out->json));
	write_json(&json, &findings);
	json_end(&json);
	return STATUS_OK;
}

int64_t sys_explain(uint64_t address, uint64_t pid, uint64_t at)
{
	pfn_t buffer;
	status_t status;

	if (credentials_acting_uid(process_current()) != 0) {
		return STATUS_EPERM;
	}
	status = frame_alloc_copied(EXPLANATION_ORDER, &buffer);
	if (status) {
		return status;
	}
	rendezvous_stop_others();
	status = explain(address, pid, direct_map_pointer(buffer));
	rendezvous_release();
	if (status == STATUS_OK) {
		status = copy_to_user((uva_t){ at }, direct_map_pointer(buffer),
				      sizeof(struct bw_explanation));
	}
	frame_free_kernel(buffer, EXPLANATION_ORDER);
	return status;
}

int64_t sys_symbol(uint64_t index, uint64_t at)
{
	struct bw_symbol out = { 0 };
	const char *name;

	if (credentials_acting_uid(process_current()) != 0) {
		return STATUS_EPERM;
	}
	if (!symbol_at((uint32_t)MIN(index, UINT32_MAX), &name, &out.address)) {
		return STATUS_ENOENT;
	}
	string_copy(out.name, name, sizeof(out.name));
	return copy_to_user((uva_t){ at }, &out, sizeof(out));
}
