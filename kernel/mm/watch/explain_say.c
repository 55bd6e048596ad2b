/* Words and JSON for walks, frames and histories. */
#include "mm/watch/explain_say.h"

#include "lib/format.h"
#include "mm/table/kaiser.h"

enum { LEVEL_TEXT_BYTES = 64 };

/* Rights as `ls` writes them, U for user mode. */
static void say_entry(struct text *text, unsigned level, pte_t entry)
{
	if (!pte_is_present(entry)) {
		text_say(text, "L%u absent", level);
		if (entry.value & PTE_PARKED) {
			text_say(text, " 0x%lx, its frame kept", entry.value);
		}
		return;
	}
	text_say(text, "L%u 0x%lx r%c%c%c", level, entry.value,
		 walk_entry_gives(entry, WALK_WRITE) ? 'w' : '-',
		 walk_entry_gives(entry, WALK_EXECUTE) ? 'x' : '-',
		 walk_entry_gives(entry, WALK_USER) ? 'u' : '-');
}

/* Which level took which right away. */
static void say_stops(struct text *text, const struct ptable_walk *walk)
{
	static const char names[] = { [WALK_WRITE] = 'w', [WALK_EXECUTE] = 'x', [WALK_USER] = 'u' };
	const char *before = "  (";

	for (enum walk_right right = WALK_WRITE; right <= WALK_USER; right++) {
		unsigned level = ptable_walk_stop(walk, right);

		if (level) {
			text_say(text, "%sno %c: L%u", before, names[right], level);
			before = ", ";
		}
	}
	text_say(text, before[0] == ',' ? ")\n" : "\n");
}

static void say_walk(struct text *text, const char *root, const struct ptable_walk *walk)
{
	text_say(text, "  %s  ", root);
	if (!walk->last) {
		text_say(text, "no walk: the address is not canonical\n");
		return;
	}
	for (unsigned level = LEVEL_MAX; level >= walk->last; level--) {
		say_entry(text, level, walk->entries[level]);
		text_say(text, level > walk->last ? " > " : "");
	}
	if (walk->is_mapped) {
		say_stops(text, walk);
	} else {
		text_say(text, "\n");
	}
}

static void say_state(struct text *text, const struct frame_step *step)
{
	text_say(text, "%s%s%s", owner_name(step->owner), step->is_hidden ? " hidden" : "",
		 step->is_sealed ? " sealed" : "");
}

/* What a step changed. */
static void say_step(struct text *text, const struct frame_step *before,
		     const struct frame_step *step)
{
	if (step->owner != before->owner) {
		text_say(text, " > %s", owner_name(step->owner));
	} else if (step->is_hidden != before->is_hidden) {
		text_say(text, " > %s", step->is_hidden ? "hidden" : "revealed");
	} else {
		text_say(text, " > %s", step->is_sealed ? "sealed" : "the same");
	}
}

static void say_history(struct text *text, const struct frame_history *history)
{
	text_say(text, "  history      %s", history->is_whole ? "" : "... ");
	say_state(text, &history->steps[0]);
	for (unsigned i = 1; i < history->nr; i++) {
		say_step(text, &history->steps[i - 1], &history->steps[i]);
	}
	if (history->pid_modulo) {
		text_say(text, " (pid %u modulo %u)", history->pid, history->pid_modulo);
	} else if (history->pid) {
		text_say(text, " (pid %u)", history->pid);
	}
	text_say(text, "\n");
}

void explanation_say_address(struct text *text, const struct explanation *explanation)
{
	text_say(text, "  address      0x%lx: %s\n", explanation->address, explanation->region);
}

void explanation_say_frame(struct text *text, const struct explanation *explanation)
{
	if (!pfn_is_none(explanation->frame)) {
		text_say(text, "  frame        0x%x, owner %s%s\n", explanation->frame.pfn,
			 owner_name(explanation->owner), explanation->is_hidden ? ", hidden" : "");
		say_history(text, &explanation->history);
	}
}

void explanation_say_roots(struct text *text, const struct explanation *explanation)
{
	say_walk(text, "kernel root", &explanation->kernel_walk);
	if (explanation->has_shadow) {
		say_walk(text, "shadow root", &explanation->shadow_walk);
	} else {
		text_say(text, "  shadow root  none: %s\n",
			 kaiser_in_force == kaiser_off ? "KAISER is off"
						       : "no process is concerned");
	}
}

void explanation_say(struct text *text, const struct explanation *explanation)
{
	explanation_say_address(text, explanation);
	explanation_say_frame(text, explanation);
	explanation_say_roots(text, explanation);
	text_say(text, "  defence      %s: %s\n", defence_name(explanation->defence),
		 explanation->reason);
}

static void json_walk(struct json *json, const char *name, const struct ptable_walk *walk)
{
	char rights[LEVEL_TEXT_BYTES];

	json_open(json, name, '[');
	for (unsigned level = LEVEL_MAX; walk->last && level >= walk->last; level--) {
		pte_t entry = walk->entries[level];

		format(rights, sizeof(rights), "%s %s %s",
		       walk_entry_gives(entry, WALK_WRITE) ? "RW" : "R",
		       walk_entry_gives(entry, WALK_EXECUTE) ? "X" : "NX",
		       walk_entry_gives(entry, WALK_USER) ? "U" : "S");
		json_open(json, NULL, '{');
		json_number(json, "level", level);
		json_hex(json, "entry", entry.value);
		json_string(json, "rights", pte_is_present(entry) ? rights : "absent");
		json_close(json);
	}
	json_close(json);
}

static void json_history(struct json *json, const struct frame_history *history)
{
	json_open(json, "history", '[');
	for (unsigned i = 1; i < history->nr; i++) {
		const struct frame_step *step = &history->steps[i];

		json_open(json, NULL, '{');
		json_string(json, "from", owner_name(step[-1].owner));
		json_string(json, "to", owner_name(step->owner));
		json_bool(json, "hidden", step->is_hidden);
		json_bool(json, "sealed", step->is_sealed);
		if (i == history->nr - 1) {
			json_number(json, "pid", history->pid);
			json_number(json, "pid_modulo", history->pid_modulo);
		}
		json_close(json);
	}
	json_close(json);
}

void explanation_json_address(struct json *json, const struct explanation *explanation)
{
	json_hex(json, "address", explanation->address);
	json_string(json, "region", explanation->region);
}

void explanation_json_walks(struct json *json, const struct explanation *explanation)
{
	json_walk(json, "kernel_walk", &explanation->kernel_walk);
	json_walk(json, "shadow_walk", &explanation->shadow_walk);
	if (pfn_is_none(explanation->frame)) {
		json_null(json, "frame");
		return;
	}
	json_open(json, "frame", '{');
	json_hex(json, "pfn", explanation->frame.pfn);
	json_string(json, "owner", owner_name(explanation->owner));
	json_bool(json, "hidden", explanation->is_hidden);
	json_history(json, &explanation->history);
	json_close(json);
}
