/*
 * Looks for pages of other users' in the address space of a member of an attack.
 *
 * The frames that others' address spaces show are remembered in a small filter, which may say yes
 * of frames that they do not show, never no of one that they do. What the member shows, too, is
 * searched for in theirs, and what is found is looked at again while the world stands still. Until
 * then nobody is disturbed: an attack that lives of what another CPU remembers ends as it would
 * without.
 */
#include "core/poll.h"
#include "core/rendezvous.h"
#include "lib/assert.h"
#include "mm/as/user_pages.h"
#include "task/authority/credentials.h"
#include "task/authority/witness.h"
#include "task/process/pid.h"
#include "task/process/process.h"

enum { FILTER_BITS_SHIFT = 13, FILTER_WORDS = (1 << FILTER_BITS_SHIFT) / 64, FILTER_HASHES = 3 };

struct look {
	struct credential_space own;
	uint64_t filter[FILTER_WORDS];
};

static void between_tables(void) { (void)poll_call(); }

/* The nth of a frame's bits. */
static unsigned bit_of(pfn_t frame, unsigned nth)
{
	static const uint32_t factors[FILTER_HASHES] = { 0x9e3779b1, 0x85ebca77, 0xc2b2ae3d };

	return (frame.pfn * factors[nth]) >> (32 - FILTER_BITS_SHIFT);
}

static bool filter_add(pfn_t frame, void *argument)
{
	struct look *look = argument;

	for (unsigned i = 0; i < FILTER_HASHES; i++) {
		look->filter[bit_of(frame, i) / 64] |= 1ul << bit_of(frame, i) % 64;
	}
	return false;
}

static bool filter_has(const struct look *look, pfn_t frame)
{
	bool has = true;

	for (unsigned i = 0; i < FILTER_HASHES && has; i++) {
		has = look->filter[bit_of(frame, i) / 64] >> bit_of(frame, i) % 64 & 1;
	}
	return has;
}

static bool is_foreign(const struct credential_space *own, const struct credential_space *other)
{
	return other->granted_uid != own->granted_uid && other->family != own->family &&
	       other->root.pfn != own->root.pfn;
}

/* The address space of the next process behind this pid that is foreign; 0: there is none. */
static uint32_t next_foreign(const struct credential_space *own, uint32_t pid,
			     struct credential_space *out)
{
	bool is_found = false;

	lock_acquire(&process_lock);
	while (!is_found && (pid = pid_next(pid + 1)) != 0) {
		is_found = credentials_space(pid, out) && is_foreign(own, out);
	}
	lock_release(&process_lock);
	return pid;
}

static bool is_frame(pfn_t frame, void *argument)
{
	return frame.pfn == ((const pfn_t *)argument)->pfn;
}

/* Of one moment only if the world stands still. */
static bool is_shown_by_both(const struct credential_space *own, pfn_t frame, void (*pause)(void))
{
	struct credential_space other;
	bool is_shown = false;

	if (!user_pages_walk(own->root, is_frame, &frame, pause)) {
		return false;
	}
	for (uint32_t pid = next_foreign(own, 0, &other); pid && !is_shown;
	     pid = next_foreign(own, pid, &other)) {
		is_shown = user_pages_walk(other.root, is_frame, &frame, pause);
	}
	return is_shown;
}

static bool is_foreign_page(pfn_t frame, void *argument)
{
	const struct look *look = argument;
	bool is_shown;

	if (!filter_has(look, frame) || !is_shown_by_both(&look->own, frame, between_tables)) {
		return false;
	}
	rendezvous_stop_others();
	is_shown = is_shown_by_both(&look->own, frame, NULL);
	rendezvous_release();
	return is_shown;
}

void witness_look_at_pages(const struct process *process)
{
	struct look look = { .own.family = 0 };
	struct credential_space other;

	if (!credentials_job(process).is_watched || !credentials_space_of(process, &look.own)) {
		return;
	}
	for (uint32_t pid = next_foreign(&look.own, 0, &other); pid;
	     pid = next_foreign(&look.own, pid, &other)) {
		(void)user_pages_walk(other.root, filter_add, &look, between_tables);
	}
	if (user_pages_walk(look.own.root, is_foreign_page, &look, between_tables)) {
		witness_note(process, BW_FACT_FOREIGN_PAGE);
	}
}
