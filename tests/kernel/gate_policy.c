/*
 * With ptprot: which policy is in force, and what leads an entry over to another. The suite's
 * process is root's; other processes are led over and back meanwhile.
 */
#include "core/options.h"
#include "core/rendezvous.h"
#include "gate_calls.h"
#include "ktest.h"
#include "mm/pmalloc.h"
#include "task/credential_entry.h"
#include "task/process.h"

enum { OTHER_UID = 1000, NO_RULE = BINDING_RULE };

/* A policy with the second rule of the one in force, alone, in a pool. */
static struct program_policy *made;

static const struct credential *own(void) { return &credential_entries[process_current()->pid]; }

static enum gate_refusal put(const struct program_policy *policy)
{
	return asked_of(GATE_POLICY_SET, (uint64_t)policy, process_current()->pid, 0, 0);
}

/* A structure and its entries, and what stays to be done to their pool. */
static const struct pool *pool_make(const char *name, const struct rule_entry *entries,
				    bool is_claimed)
{
	const struct program_policy *now = credential_authority->policy;
	struct rule_entry *copies;
	const struct pool *pool;
	void *policy, *object;

	if (pmalloc_create_pool(name, POOL_RO, 0, 0, &pool) ||
	    (is_claimed && pmalloc_claim_pool(pool)) || pzalloc(pool, sizeof(*made), &policy) ||
	    pmalloc_array(pool, 2, sizeof(*copies), &object)) {
		return NULL;
	}
	copies = object;
	copies[1] = now->entries[2];
	made = policy;
	*made = *now;
	made->nr_entries = 2;
	made->entries = entries ? entries : copies;
	return pool;
}

/* If it came into force all the same, it goes. */
static bool is_refused(const struct program_policy *policy)
{
	const struct program_policy *now = credential_authority->policy;
	enum gate_refusal refusal = put(policy);

	FORCE(((struct authority *)credential_authority)->policy = now);
	return refusal == GATE_NO_CHANGE;
}

static bool is_refused_sealed(const struct pool *pool)
{
	return pool && pmalloc_protect_pool(pool) == STATUS_OK && is_refused(made);
}

static void not_whole(void)
{
	static struct program_policy forged;
	const struct program_policy *now = credential_authority->policy;
	const struct pool *unclaimed = pool_make("policy", NULL, false), *led, *open, *other;

	forged = *now;
	ktest_ok(is_refused(&forged), "no policy lies in ordinary memory");
	ktest_ok(is_refused((const struct program_policy *)credential_authority),
		 "nor in a pool that is written to");
	ktest_ok(is_refused_sealed(unclaimed), "nor in one that nobody claims");
	open = pool_make("policy", NULL, true);
	ktest_ok(open && is_refused(made), "nor in one that is not sealed yet");
	led = pool_make("policy", forged.entries, true);
	ktest_ok(is_refused_sealed(led), "nor do its rules lie in another one");
	other = pool_make("policies", NULL, true);
	ktest_ok(is_refused_sealed(other), "nor is it what another pool has");
	ktest_ok(credential_authority->policy == now, "the one before is in force");
	ktest_ok(pmalloc_destroy_pool(unclaimed) == STATUS_OK &&
			 pmalloc_destroy_claimed_pool(open) == STATUS_OK &&
			 pmalloc_destroy_claimed_pool(led) == STATUS_OK &&
			 pmalloc_destroy_claimed_pool(other) == STATUS_OK,
		 "all are destroyed");
}

static void not_others(const struct program_policy *now)
{
	struct credential before = *own(), is = before;
	enum gate_refusal refusal;

	is.who.uid = OTHER_UID;
	FORCE(*(struct credential *)own() = is);
	refusal = put(now);
	FORCE(*(struct credential *)own() = before);
	ktest_ok(refusal == GATE_NOT_OURS, "who is not root puts no policy in force");
	ktest_ok(asked_of(GATE_POLICY_SET, (uint64_t)now, PID_INIT, 0, 0) == GATE_NOT_OURS &&
			 asked_of(GATE_POLICY_SET, (uint64_t)now, 0, 0, 0) == GATE_NOT_OURS,
		 "nor in another's name");
}

/* Which rule the own entry is under, there and back, if it was under that one. */
static void led(unsigned rule, unsigned there, unsigned back, const char *text)
{
	const struct program_policy *now = credential_authority->policy;
	struct credential before = *own(), is = before;
	unsigned found;
	bool is_done;

	is.binding = (is.binding & ~(uint32_t)BINDING_RULE) | rule;
	rendezvous_stop_others();
	FORCE(*(struct credential *)own() = is);
	is_done = put(made) == GATE_DONE;
	found = own()->binding & BINDING_RULE;
	is_done &= put(now) == GATE_DONE;
	ktest_ok(is_done && found == there && (own()->binding & BINDING_RULE) == back &&
			 !((own()->binding ^ before.binding) & ~(uint32_t)BINDING_RULE),
		 text);
	FORCE(*(struct credential *)own() = before);
	rendezvous_release();
}

KTEST_SUITE(gate_policy)
{
	const struct program_policy *now = credential_authority->policy;
	const struct pool *pool;

	if (gate_in_force == ptprot_off || options.pmalloc == pmalloc_off || !now ||
	    now->nr_entries < 4) {
		ktest_skip("there is no gate, or no policy");
		return;
	}
	not_whole();
	not_others(now);
	pool = pool_make("policy", NULL, true);
	if (!pool || pmalloc_protect_pool(pool)) {
		ktest_skip("no memory for a pool");
		return;
	}
	led(2, 1, 2, "a rule is the one of its name");
	led(1, 0, 0, "where there is none of its name, that of the program, if it has one");
	led(0, 0, 0, "who is under none is not, if its program has none");
	led(NO_RULE, NO_RULE, NO_RULE, "whose rule there never was keeps it");
	led(now->nr_entries, now->nr_entries, now->nr_entries, "nor is one behind the last a rule");
	ktest_ok(pmalloc_destroy_claimed_pool(pool) == STATUS_OK, "the policy is destroyed");
}
