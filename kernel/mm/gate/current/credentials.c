/*
 * In the gate: who a process acts for. A change names the process and what is new; what it may have
 * is what the entry of the current process, the policy in force and the new root's own word say.
 */
#include "mm/gate/current/credentials.h"
#include "arch/x86_64/cpu/registers.h"
#include "mm/gate/locks.h"
#include "mm/pool/pmalloc.h"
#include "mm/table/ptable.h"
#include "mm/tlb/user_half.h"

RO_AFTER_INIT struct gate_credentials gate_credentials;

/* Of one address space that vfork made; each is a debt of its root's. */
enum { SHARERS_MAX = 64 };

static const struct credential *entry_at(uint64_t pid)
{
	return pid && pid < gate_credentials.nr_entries ? &gate_credentials.entries[pid] : NULL;
}

/* With ptprot=off it is who it is told to be. */
const struct credential *credential_current(uint64_t told)
{
	const struct credential *entry = entry_at(told);

	return !gate_is_shut() || (entry && entry->holder && told == current_here()->pid) ? entry
											  : NULL;
}

bool pool_word_write(const struct pool *pool, const void *to, uint64_t value)
{
	bool is_done;
	pfn_t frame;

	if (!gate_is_shut()) {
		return wr_store_in(pool, to, value, sizeof(value)) == STATUS_OK;
	}
	gate_kernel_half_lock();
	is_done = pool_page_find(align_down((uint64_t)to, PAGE_SIZE), &frame) &&
		  gate_store(frame, (uint64_t)to % PAGE_SIZE, value, sizeof(value));
	gate_kernel_half_unlock();
	return is_done;
}

bool authority_write(const void *to, const void *from, uint64_t len_bytes)
{
	bool is_there;
	pfn_t frame;

	if (len_bytes == sizeof(uint64_t)) {
		return pool_word_write(gate_credentials.pool, to, *(const uint64_t *)from);
	}
	if (!gate_is_shut()) {
		return wr_memcpy_in(gate_credentials.pool, to, from, len_bytes) == STATUS_OK;
	}
	gate_kernel_half_lock();
	is_there = pool_page_find(align_down((uint64_t)to, PAGE_SIZE), &frame);
	if (is_there) {
		gate_write(&frame, 1, (uint64_t)to % PAGE_SIZE, from, len_bytes);
	}
	gate_kernel_half_unlock();
	return is_there;
}

/* From the first word that changes to the last; one alone is one store, never seen torn. */
bool credential_write(const struct credential *entry, const struct credential *value)
{
	const uint64_t *is = (const uint64_t *)entry, *will_be = (const uint64_t *)value;
	unsigned first = 0, end = sizeof(*entry) / sizeof(*is);

	while (first < end && is[first] == will_be[first]) {
		first++;
	}
	while (first < end && is[end - 1] == will_be[end - 1]) {
		end--;
	}
	return first == end ||
	       authority_write(&is[first], &will_be[first], (end - first) * sizeof(*is));
}

/* An entry names this root from now on, and it does not rest before that is over. The loaded one,
 * as vfork shares it; or a new one that is made here, which is published by that. */
static bool root_named(pfn_t root)
{
	bool is_named;

	if (!gate_is_shut()) {
		/* with ptprot=off it is what it is told to be */
		(void)gate_root_change(root.pfn, 0, 0, 0);
		return true;
	}
	if (root.pfn == gate_loaded_root().pfn) {
		return root.pfn == kernel_root.pfn ||
		       (frame_entry(root)->nr_used < SHARERS_MAX * OWED && root_owes(root.pfn));
	}
	if (root.pfn >= nr_frames || !gate_lock_root(root.pfn)) {
		return false;
	}
	is_named = (frame_entry(root)->flags & ROOT_STATES) == ROOT_NEW && root_publish_owed(root);
	gate_unlock_root(root.pfn);
	return is_named;
}

static void root_named_no_more(pfn_t root)
{
	if (gate_is_shut() && root.pfn != kernel_root.pfn) {
		root_owes_less(root.pfn);
	}
}

/* What the loaded address space shared with a new one no TLB lets it write to any more. */
static bool is_shared_for_good(pfn_t root)
{
	pfn_t loaded = gate_loaded_root();

	return !gate_is_shut() || loaded.pfn == kernel_root.pfn || root.pfn == loaded.pfn ||
	       half_is_complete(loaded.pfn);
}

/* Who is in no address space for a while makes none: the kernel's own root is everybody's. */
static bool has_loaded_own(const struct credential *own)
{
	return !gate_is_shut() || own->root.pfn == gate_loaded_root().pfn;
}

/* The first process has no parent, and the kernel's own root. */
static uint64_t give(const struct credential *entry, uint64_t parent, uint64_t holder, pfn_t root)
{
	const struct credential *own = credential_current(parent);
	bool is_first = !parent && entry == entry_at(CREDENTIAL_FIRST) &&
			current_here()->pid == CURRENT_KERNEL && root.pfn == kernel_root.pfn;
	struct credential value = { 0 };

	if (entry->holder || !holder) {
		return GATE_IN_USE;
	}
	if (own && !has_loaded_own(own)) {
		return GATE_NOT_OURS;
	}
	if (own && !is_shared_for_good(root)) {
		return GATE_NOT_YET;
	}
	if ((!own && !is_first) || !root_named(root)) {
		return GATE_NOT_OURS;
	}
	if (own) {
		value = *own;
	}
	value.holder = (const struct process *)holder;
	value.root = root;
	if (!credential_write(entry, &value)) {
		root_named_no_more(root);
		return GATE_NO_FRAME;
	}
	return GATE_DONE;
}

/* More than so many: their stacks have the number, and whatever becomes of its entry becomes of
 * them. */
static bool has_threads(const struct credential *entry, unsigned nr)
{
	return gate_is_shut() && gate_nr_stacks((uint32_t)(entry - gate_credentials.entries)) > nr;
}

/* With ptprot=off a process may end that could not leave. */
static uint64_t take(const struct credential *entry)
{
	const struct credential none = { .holder = NULL };
	bool has_left = entry->root.pfn == kernel_root.pfn || !gate_is_shut();

	if (!has_left || entry == entry_at(CREDENTIAL_FIRST) || has_threads(entry, 0)) {
		return GATE_NOT_OURS;
	}
	return credential_write(entry, &none) ? GATE_DONE : GATE_NO_FRAME;
}

static uint64_t grant(const struct credential *own, struct credential *value, uint32_t uid)
{
	if ((own->who.granted_uid != 0 && own->who.granted_uid != uid) || uid == UINT32_MAX) {
		return GATE_NO_CHANGE;
	}
	value->who = (struct identity){ uid, uid };
	return GATE_DONE;
}

/* No job is begun twice, and no member of a watched one leaves it. Another thread would be served
 * by the table that it had. */
static uint64_t join(const struct credential *own, struct credential *value, bool is_watched)
{
	uint64_t job = gate_credentials.authority->last_job + 1;

	if (own->binding & CREDENTIALS_WATCHED || job > UINT32_MAX || has_threads(own, 1)) {
		return GATE_NO_CHANGE;
	}
	if (!authority_write(&gate_credentials.authority->last_job, &job, sizeof(job))) {
		return GATE_NO_FRAME;
	}
	value->job = (uint32_t)job;
	value->binding |= is_watched ? CREDENTIALS_WATCHED : 0;
	return GATE_DONE;
}

/* No store changes what it is drawn from, and a family that began at another moment has another. */
static uint32_t family_draw(void) { return (uint32_t)tsc_read() | 1; }

/* The program's own rule, if it has one, and the rule's user. The root has the program, and nothing
 * else. */
static uint64_t become(const struct credential *own, struct credential *value, uint64_t program,
		       pfn_t root, uint64_t rsp)
{
	const struct program_policy *policy = gate_credentials.authority->policy;
	const struct rule_entry *rule;
	struct program_users users;
	unsigned number;

	if (program >= gate_credentials.nr_files || has_threads(own, 1)) {
		return GATE_NO_CHANGE;
	}
	if (!has_loaded_own(own)) {
		return GATE_NOT_OURS;
	}
	if (!is_shared_for_good(root)) {
		return GATE_NOT_YET;
	}
	value->binding = (own->binding & ~(uint32_t)BINDING_PROGRAM) |
			 (uint32_t)(program + 1) << BINDING_PROGRAM_SHIFT;
	number = policy_rule_for(policy, credential_program_name(value->binding));
	rule = policy_rule(number);
	if (rule) {
		value->binding = (value->binding & ~(uint32_t)BINDING_RULE) | number;
	}
	if (rule && rule->has_uid) {
		value->who = (struct identity){ rule->uid, rule->uid };
	}
	users = (struct program_users){ value->who.uid, own->who.uid };
	if (!program_start(root, program, rsp, &users)) {
		return GATE_NOT_OURS;
	}
	value->root = root;
	value->family = family_draw();
	return GATE_DONE;
}

static uint64_t leave(const struct credential *own, struct credential *value)
{
	if (own == entry_at(CREDENTIAL_FIRST) || has_threads(own, 1)) {
		return GATE_NO_CHANGE;
	}
	value->root = kernel_root;
	return GATE_DONE;
}

static uint64_t next(enum credential_change change, const struct credential *own, uint64_t a,
		     uint64_t b, uint64_t c, struct credential *value)
{
	switch (change) {
	case CREDENTIAL_GRANT: return grant(own, value, (uint32_t)a);
	case CREDENTIAL_JOIN: return join(own, value, a);
	case CREDENTIAL_BECOME: return become(own, value, a, (pfn_t){ (uint32_t)b }, c);
	case CREDENTIAL_LEAVE: return leave(own, value);
	default: return GATE_NO_CHANGE;
	}
}

/* Of the current process's own entry. Of two roots it names one afterwards. */
static uint64_t change_own(enum credential_change change, const struct credential *own, uint64_t a,
			   uint64_t b, uint64_t c)
{
	struct credential value = *own;
	pfn_t before = own->root;
	uint64_t refusal = next(change, own, a, b, c, &value);

	if (refusal) {
		return refusal;
	}
	if (!credential_write(own, &value)) {
		before = value.root;
		refusal = GATE_NO_FRAME;
	}
	if (own->root.pfn != before.pfn) {
		root_named_no_more(before);
	}
	return refusal;
}

/* Which change << 32 | of whom, and three words: credential_change of credential.h. */
uint64_t gate_credential_change(uint64_t which, uint64_t a, uint64_t b, uint64_t c)
{
	const struct credential *entry = entry_at((uint32_t)which), *own;
	enum credential_change change = (enum credential_change)(which >> 32);
	uint64_t refusal = GATE_NOT_OURS;

	if (!entry) {
		return GATE_NO_FRAME;
	}
	gate_credentials_lock();
	own = credential_current((uint32_t)which);
	if (change == CREDENTIAL_GIVE) {
		refusal = give(entry, a, b, (pfn_t){ (uint32_t)c });
	} else if (change == CREDENTIAL_TAKE) {
		refusal = take(entry);
	} else if (own) {
		refusal = change_own(change, own, a, b, c);
	}
	gate_credentials_unlock();
	return refusal;
}

/* What attacks have the kernel call: nothing is granted by it. Whom, the user. */
uint64_t gate_credential_set(uint64_t pid, uint64_t uid, uint64_t unused2, uint64_t unused3)
{
	const struct credential *own;
	struct credential value;
	uint64_t refusal = GATE_NOT_OURS;

	(void)unused2, (void)unused3;
	if (options.vuln != vuln_on) {
		return GATE_NO_CHANGE;
	}
	gate_credentials_lock();
	own = credential_current(pid);
	if (own) {
		value = *own;
		value.who.uid = (uint32_t)uid;
		refusal = credential_write(own, &value) ? GATE_DONE : GATE_NO_FRAME;
	}
	gate_credentials_unlock();
	return refusal;
}
