/* Jobs, the record of each attack, and who may use the console. */
#include "task/authority/witness.h"

#include "core/lock.h"
#include "core/panic.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/pool/pmalloc.h"
#include "task/authority/credentials.h"
#include "task/authority/program_policy.h"
#include "task/authority/witness_record.h"
#include "task/console/console.h"
#include "task/process/process.h"
#include "task/process/process_end.h"

enum { RECORDS_MAX = 16 };

struct record {
	uint32_t job;    /* 0: the record is free */
	uint32_t pid;    /* the process that began it */
	uint32_t parent; /* and its parent, which is to end it */
	uint32_t facts;
	uint32_t other_uid; /* BW_FACT_OTHER_USER: the last one seen, but root stays */
	uint32_t nr_proofs;
	uint32_t is_ending;
};

/* In a write-rare pool; written by `update` and `assign` alone. */
struct testimony {
	uint32_t foreground_job;    /* 0: none */
	uint32_t foreground_parent; /* the parent of the process that began it */
	struct record records[RECORDS_MAX];
};
static RO_AFTER_INIT const struct testimony *testimony;
static RO_AFTER_INIT const struct pool *pool;
static RO_AFTER_INIT const struct target_watch *sealed;

/* Guards the testimony. */
static struct lock lock = LOCK_INIT("witness", RANK_witness);

void witness_watch_sealed(const struct target_watch *watch) { sealed = watch; }

static void must_be_written(status_t status)
{
	if (status) {
		panic("the witness cannot write its record (%d)", status);
	}
}

static void update(const struct record *record, const struct record *value)
{
	assert(lock_is_held(&lock));
	must_be_written(wr_memcpy_in(pool, record, value, sizeof(*value)));
}

/* Caller holds the lock. NULL: the process is a member of no attack. */
static const struct record *record_of(const struct process *process)
{
	struct job job = credentials_job(process);

	assert(lock_is_held(&lock));
	for (unsigned i = 0; job.number && i < RECORDS_MAX; i++) {
		if (testimony->records[i].job == job.number) {
			return &testimony->records[i];
		}
	}
	return NULL;
}

/* Caller holds the lock. */
static void latch(const struct record *record, uint32_t facts, uint32_t other_uid)
{
	struct record value = *record;

	assert(lock_is_held(&lock));
	value.facts |= facts;
	if (facts & BW_FACT_OTHER_USER &&
	    !(record->facts & BW_FACT_OTHER_USER && !record->other_uid)) {
		value.other_uid = other_uid;
	}
	if (memcmp(&value, record, sizeof(value)) != 0) {
		update(record, &value);
	}
}

void witness_note(const struct process *process, uint32_t facts)
{
	const struct record *record;
	struct identity who = credentials_identity(process);

	if (who.uid != who.granted_uid && who.uid != CREDENTIALS_NOBODY) {
		facts |= BW_FACT_OTHER_USER;
	}
	if (!facts) {
		return;
	}
	lock_acquire(&lock);
	record = record_of(process);
	if (record) {
		latch(record, facts, who.uid);
	}
	lock_release(&lock);
}

void witness_look_at_sealed(const struct process *process)
{
	if (credentials_job(process).is_watched && sealed && sealed->look()) {
		witness_note(process, BW_FACT_SEALED);
	}
}

void witness_look(const struct process *process)
{
	if (credentials_job(process).is_watched) {
		witness_note(process, 0);
		witness_look_at_sealed(process);
	}
}

void witness_hear_proof(const struct process *process, enum bw_fact fact, bool is_right)
{
	const struct record *record;
	struct record value;

	lock_acquire(&lock);
	record = record_of(process);
	if (record && record->nr_proofs < BW_PROOFS_MAX) {
		value = *record;
		value.nr_proofs++;
		value.facts |= is_right ? fact : 0;
		update(record, &value);
	}
	lock_release(&lock);
}

/* Caller holds the lock. While no job writes to the console: none does afterwards but this one. */
static void foreground_write(uint32_t job, uint32_t parent)
{
	assert(lock_is_held(&lock));
	console_hold();
	must_be_written(wr_assign_in(pool, &testimony->foreground_parent, parent));
	must_be_written(wr_assign_in(pool, &testimony->foreground_job, job));
	console_let_go();
}

/* Caller holds the lock and process_lock. NULL: there is none. */
static const struct record *record_find_free(uint32_t pid)
{
	const struct record *abandoned = NULL;

	assert(lock_is_held(&lock));
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		const struct record *record = &testimony->records[i];

		if (!record->job || record->pid == pid) {
			return record;
		}
		/* the process that was to end it is gone */
		if (!process_find(record->parent)) {
			abandoned = record;
		}
	}
	return abandoned;
}

/* Caller holds the lock and process_lock. */
static status_t begin(struct process *process, enum bw_job kind)
{
	bool is_watched = kind == BW_JOB_ATTACK;
	uint32_t parent = process->parent ? process->parent->pid : 0;
	const struct record *record = is_watched ? record_find_free(process->pid) : NULL;
	uint32_t job;

	assert(lock_is_held(&lock));
	if (is_watched && !record) {
		return STATUS_EAGAIN;
	}
	if (credentials_join(process, is_watched)) {
		return STATUS_EFAULT;
	}
	job = credentials_job(process).number;
	if (record) {
		update(record,
		       &(struct record){ .job = job, .pid = process->pid, .parent = parent });
	}
	program_bind(process);
	foreground_write(job, parent);
	return STATUS_OK;
}

bool witness_is_busy(void)
{
	bool is_found = false;

	lock_acquire(&lock);
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		is_found |= testimony->records[i].job != 0;
	}
	lock_release(&lock);
	return is_found;
}

status_t witness_begin_job(enum bw_job kind)
{
	struct process *process = process_current();
	status_t status;

	if (kind != BW_JOB_ORDINARY && kind != BW_JOB_ATTACK) {
		return STATUS_EINVAL;
	}
	if (credentials_job(process).is_watched || process->nr_threads != 1) {
		return STATUS_EPERM;
	}
	/* what programs that are no attacks have changed is not this attack's */
	if (kind == BW_JOB_ATTACK && sealed && !witness_is_busy()) {
		(void)sealed->settle();
	}
	lock_acquire(&process_lock);
	lock_acquire(&lock);
	status = begin(process, kind);
	lock_release(&lock);
	lock_release(&process_lock);
	if (status == STATUS_OK) {
		console_foreground_set(process->pid);
		console_wake_readers();
	} else if (status == STATUS_EFAULT) {
		process_end_insecure("job_begin");
	}
	return status;
}

void witness_end_foreground(void)
{
	const struct process *process = process_current();
	uint32_t job = credentials_job(process).number;

	lock_acquire(&lock);
	foreground_write(job, 0);
	lock_release(&lock);
	console_foreground_set(job ? process->pid : 0);
	console_wake_readers();
}

bool witness_allows_console(const struct process *process)
{
	uint32_t job;

	if (!credentials_are_own(process)) {
		return false;
	}
	if (credentials_acting_uid(process) == 0) {
		return true;
	}
	job = credentials_job(process).number;
	return job && job == __atomic_load_n(&testimony->foreground_job, __ATOMIC_RELAXED);
}

bool witness_is_ending(const struct process *process)
{
	const struct record *record;
	bool is_ending;

	assert(lock_is_held(&process_lock));
	if (!credentials_job(process).is_watched) {
		return false;
	}
	lock_acquire(&lock);
	record = record_of(process);
	is_ending = record && record->is_ending;
	lock_release(&lock);
	return is_ending;
}

uint32_t record_close_of(uint32_t parent)
{
	uint32_t job = 0;

	lock_acquire(&lock);
	for (unsigned i = 0; i < RECORDS_MAX && !job; i++) {
		const struct record *record = &testimony->records[i];

		if (record->job && record->parent == parent && !record->is_ending) {
			must_be_written(wr_assign_in(pool, &record->is_ending, 1));
			job = record->job;
		}
	}
	if (testimony->foreground_job && testimony->foreground_parent == parent) {
		foreground_write(0, 0);
	}
	lock_release(&lock);
	return job;
}

uint32_t record_close(uint32_t pid)
{
	struct job own = credentials_job(process_current());
	uint32_t job = 0;

	lock_acquire(&lock);
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		const struct record *record = &testimony->records[i];

		if (record->job && record->pid == pid && record->job != own.number) {
			must_be_written(wr_assign_in(pool, &record->is_ending, 1));
			job = record->job;
		}
	}
	lock_release(&lock);
	return job;
}

void record_take(uint32_t job, struct bw_attack *out)
{
	bool sealed_changed = sealed && sealed->settle();

	lock_acquire(&lock);
	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		const struct record *record = &testimony->records[i];

		if (record->job == job) {
			out->facts = record->facts | (sealed_changed ? BW_FACT_SEALED : 0);
			out->other_uid = record->other_uid;
			out->nr_proofs = record->nr_proofs;
			update(record, &(struct record){ .job = 0 });
		}
	}
	lock_release(&lock);
}

void witness_init(void)
{
	void *object;

	if (pmalloc_create_pool("witness", POOL_WR, PAGE_SIZE, 0, &pool) ||
	    pmalloc_claim_pool(pool) || pzalloc(pool, sizeof(*testimony), &object) ||
	    pmalloc_protect_pool(pool)) {
		panic("no memory for the witness");
	}
	testimony = object;
}
