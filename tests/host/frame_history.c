/* sources: tests/host/mm/machine.list kernel/mm/frame/frame_sealed.c */

/* What a frame's history says after known sequences, and for whom. That the newest step is the
 * frame's state holds after every operation of the other host tests: machine_check. */
#include "host_assert.h"
#include "mm/machine.h"
#include "tap.h"

#include "core/cpu.h"
#include "mm/frame/frame_alloc.h"
#include "mm/frame/frame_history.h"

/* "RESERVED FREE FREE,hidden USER,hidden/7": states, oldest first, and the process of the last
 * step; "..." where something came before. */
static const char *story(pfn_t frame)
{
	static char text[160];
	struct frame_history history;
	char *at = text;

	frame_history_read(frame, &history);
	at += sprintf(at, "%s", history.is_whole ? "" : "...");
	for (unsigned i = 0; i < history.nr; i++) {
		const struct frame_step *step = &history.steps[i];

		at += sprintf(at, "%s%s%s%s", at == text ? "" : " ", owner_name(step->owner),
			      step->is_hidden ? ",hidden" : "", step->is_sealed ? ",sealed" : "");
	}
	if (history.pid || history.pid_modulo) {
		at += sprintf(at, "/%u", history.pid);
	}
	if (history.pid_modulo) {
		sprintf(at, " modulo %u", history.pid_modulo);
	}
	return text;
}

static void work_for(uint32_t pid) { this_cpu()->frame_who = frame_who(pid); }

static pfn_t user_frame(unsigned order)
{
	pfn_t frame;

	if ((order ? frame_alloc_large : frame_alloc_user)(&frame)) {
		machine_die("no user frame");
	}
	return frame;
}

static void history_of_user_frame(void)
{
	pfn_t frame;

	machine_choose_xpfo(xpfo_sync);
	work_for(7);
	frame = user_frame(0);
	is_text(story(frame), "RESERVED FREE FREE,hidden USER,hidden/7",
		"a frame's first user: it was RESERVED, FREE, hidden, and USER");
	work_for(8);
	frame_put_user(frame);
	is_text(story(frame), "... FREE,hidden USER,hidden FREE,hidden FREE/8",
		"freed for another process: that one is named alone; the oldest steps are gone");
	is(frame_owner_before_free(frame), OWNER_USER, "and who had it is known");
	work_for(0);
	is(user_frame(0).pfn, frame.pfn, "the next user gets the same frame");
	is_text(story(frame), "... FREE,hidden FREE FREE,hidden USER,hidden",
		"which was revealed and hidden anew; a step of the kernel's own names no process");
	frame_put_user(frame);
}

static void history_without_xpfo(void)
{
	pfn_t frame;

	machine_choose_xpfo(xpfo_off);
	frame = user_frame(0);
	is_text(story(frame), "RESERVED FREE USER", "with xpfo=off a user frame is not hidden");
	frame_put_user(frame);
}

static void history_of_huge_page(void)
{
	pfn_t first;

	machine_choose_xpfo(xpfo_sync);
	work_for(9);
	first = user_frame(HUGE_ORDER);
	is_text(story(pfn_add(first, 300)), "RESERVED FREE FREE,hidden USER,hidden/9",
		"each frame of a 2 MiB page has the history");
	work_for(0);
	frame_put_user(first);
}

static void history_of_pool_frame(void)
{
	pfn_t frame;

	if (frames_alloc_pool(POOL_ALIAS_STAYS, &frame, 1)) {
		machine_die("no pool frame");
	}
	frame_seal(frame);
	is(frame_history_agrees(frame), 1, "sealing is a step");
	frame_seal(frame);
	ok(strstr(story(frame), "POOL POOL,sealed") != NULL, "sealing twice is one step: %s",
	   story(frame));
	frame_free_pool(&frame, 1);
	ok(strstr(story(frame), "POOL,sealed FREE") != NULL,
	   "a freed pool frame is sealed no more: %s", story(frame));
}

static void history_of_kernel_frame(void)
{
	pfn_t frame;

	work_for(HISTORY_PIDS - 1);
	if (frame_alloc_kernel(OWNER_PTABLE, 0, &frame)) {
		machine_die("no kernel frame");
	}
	ok(strstr(story(frame), "FREE PTABLE/127") != NULL,
	   "the largest pid that the table has room for: %s", story(frame));
	work_for(2 * HISTORY_PIDS);
	frame_free_kernel(frame, 0);
	ok(strstr(story(frame), "PTABLE FREE/0 modulo 128") != NULL,
	   "of a larger one there is the rest, and that it is one: %s", story(frame));
	is(frame_who_pid(this_cpu()->frame_who), 2 * HISTORY_PIDS, "the processor knows all of it");
	work_for(0);
}

static void history_of_untouched_frame(void)
{
	is_text(story((pfn_t){ 0 }), "RESERVED", "a frame that nobody ever had is RESERVED");
}

static void history_that_lies(void)
{
	pfn_t frame = user_frame(0);

	frame_history_forge(frame, OWNER_USER, 0);
	is(frame_history_agrees(frame), 0, "a history that ends otherwise is noticed");
	frame_history_forge(frame, OWNER_USER, FRAME_HIDDEN);
	is(frame_history_agrees(frame), 1, "and one that ends right agrees");
	frame_put_user(frame);
}

/* With each owner, hidden or not, sealed or not: those of the table are told apart; of others the
 * audit is told. */
static void every_state(void)
{
	pfn_t frame = user_frame(0);
	struct frame *entry = frame_entry(frame), before = *entry;
	unsigned nr_right = 0, nr_agree = 0;

	for (unsigned code = 0; code < HISTORY_CODES; code++) {
		struct frame_history history;
		const struct frame_step *newest = &history.steps[FRAME_STEPS - 1];

		entry->owner = code % 8;
		entry->flags = (code & 8 ? FRAME_HIDDEN : 0) | (code & 16 ? FRAME_SEALED : 0);
		frame_history_forge(frame, (enum owner)entry->owner, entry->flags);
		frame_history_read(frame, &history);
		if (frame_history_agrees(frame)) {
			nr_agree++;
			nr_right += newest->owner == (enum owner)entry->owner &&
				    newest->is_hidden == !!(entry->flags & FRAME_HIDDEN) &&
				    newest->is_sealed == !!(entry->flags & FRAME_SEALED);
		} else {
			nr_right += newest->owner == OWNER_RESERVED;
		}
	}
	is(nr_agree, 16, "each state that can be is noted");
	is(nr_right, HISTORY_CODES, "and read as it was; of no other the history agrees");
	*entry = before;
	frame_history_forge(frame, OWNER_USER, FRAME_HIDDEN);
	frame_put_user(frame);
}

int main(void)
{
	machine_start();
	history_of_untouched_frame();
	history_without_xpfo();
	history_of_user_frame();
	history_of_huge_page();
	history_of_pool_frame();
	history_of_kernel_frame();
	history_that_lies();
	every_state();
	machine_check();
	return done_testing();
}
