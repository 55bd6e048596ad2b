/* New sequences, and changed ones. */
#include "generate.h"

#include <string.h>

#include "values.h"

enum { NR_CALLS_NEW = 5, NR_THREADS_CHANCE = 2, MUTATIONS_MAX = 4 };

/* splitmix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" */
static uint64_t random_next(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15ul;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ul;
	z = (z ^ z >> 27) * 0x94d049bb133111ebul;
	return z ^ z >> 31;
}

uint32_t random_below(struct random *random, uint32_t limit)
{
	return (uint32_t)((random_next(random) >> 32) * limit >> 32);
}

bool random_one_in(struct random *random, uint32_t n) { return random_below(random, n) == 0; }

static bool may_be(enum kind kind)
{
	enum how how = kinds[kind].how;

	return kind != NR_SYSTEM_CALLS && how != HOW_NONE && how != HOW_LEFT_OUT;
}

/* Some calls matter more than others: those whose arguments are many, and MEANS less, as they take
 * long. */
static unsigned nr_drawn;

static enum kind kind_draw(struct random *random, const struct sequence *sequence)
{
	for (;;) {
		enum kind kind = random_one_in(random, 2) ? 1 + nr_drawn++ % (NR_KINDS - 1)
							  : 1 + random_below(random, NR_KINDS - 1);

		if (!may_be(kind)) {
			continue;
		}
		switch (kinds[kind].how) {
		case HOW_MEANS:
			if (!random_one_in(random, 3)) {
				continue;
			}
			break;
		case HOW_ROOT:
		case HOW_FAULTS:
			if (!random_one_in(random, sequence->flags & SEQUENCE_ROOT ? 2 : 6)) {
				continue;
			}
			break;
		default:
			if (kinds[kind].nr_arguments < 2 && random_one_in(random, 2)) {
				continue;
			}
		}
		/* all memory is walked */
		if ((kind == KIND_scan || kind == KIND_audit) && !random_one_in(random, 50)) {
			continue;
		}
		return kind;
	}
}

/* A call whose result such an argument is, or KIND_NONE. */
static enum kind producer_of(struct random *random, enum type type)
{
	switch (type) {
	case TYPE_HANDLE: return KIND_endpoint_create;
	case TYPE_PID: return random_one_in(random, 2) ? KIND_fork : KIND_clone;
	case TYPE_BRK: return KIND_brk;
	default: return KIND_NONE;
	}
}

static bool find_before(const struct sequence *sequence, enum kind kind, unsigned end,
			unsigned *nth)
{
	for (unsigned i = end; i-- > 0;) {
		if (sequence->calls[i].kind == kind) {
			*nth = i;
			return true;
		}
	}
	return false;
}

/* nth: where the call stands, or will stand. */
static void argument_draw(struct random *random, const struct sequence *sequence, unsigned nth,
			  struct call *call, unsigned i)
{
	enum type type = kinds[call->kind].types[i];
	unsigned producer;

	call->arguments[i] = value_draw(random, type, nth);
	if (!random_one_in(random, 4) &&
	    find_before(sequence, producer_of(random, type), nth, &producer)) {
		call->arguments[i] = SPECIAL(SPECIAL_RESULT, producer);
	}
}

static void call_draw(struct random *random, const struct sequence *sequence, unsigned nth,
		      enum kind kind, struct call *call)
{
	*call = (struct call){ .kind = (uint8_t)kind, .repeat = 1 };
	for (unsigned i = 0; i < kinds[call->kind].nr_arguments; i++) {
		argument_draw(random, sequence, nth, call, i);
	}
	if (kinds[call->kind].how == HOW_ANY && random_one_in(random, 6)) {
		call->repeat = (uint8_t)(1u << random_below(random, 7));
		call->repeat = call->repeat > REPEAT_MAX ? REPEAT_MAX : call->repeat;
	}
}

static void flags_draw(struct random *random, struct sequence *sequence)
{
	sequence->flags = 0;
	if (random_one_in(random, 4)) {
		sequence->flags |= SEQUENCE_ROOT;
	}
	if (random_one_in(random, 3)) {
		sequence->flags |= SEQUENCE_PROCESSES;
	}
	if (!random_one_in(random, 4)) {
		sequence->flags |= SEQUENCE_WATCHED;
	}
}

void sequence_generate(struct random *random, struct sequence *out)
{
	unsigned nr_threads = random_one_in(random, NR_THREADS_CHANCE)
				      ? 1
				      : 2 + random_below(random, THREADS_MAX - 1);
	unsigned nr;

	*out = (struct sequence){ 0 };
	flags_draw(random, out);
	nr = 1 + random_below(random, NR_CALLS_NEW);
	while (out->nr_calls < nr) {
		enum kind kind = kind_draw(random, out);
		unsigned nth;

		/* calls on an endpoint need one */
		if (kinds[kind].types[0] == TYPE_HANDLE &&
		    !find_before(out, KIND_endpoint_create, out->nr_calls, &nth)) {
			call_draw(random, out, out->nr_calls, KIND_endpoint_create,
				  &out->calls[out->nr_calls]);
			out->nr_calls++;
		}
		call_draw(random, out, out->nr_calls, kind, &out->calls[out->nr_calls]);
		out->calls[out->nr_calls].thread = (uint8_t)random_below(random, nr_threads);
		out->nr_calls++;
	}
}

/* Makes room at a call: those behind move. False: there is none. */
static bool room_make(struct sequence *sequence, unsigned at)
{
	if (sequence->nr_calls == CALLS_MAX) {
		return false;
	}
	memmove(&sequence->calls[at + 1], &sequence->calls[at],
		(sequence->nr_calls - at) * sizeof(sequence->calls[0]));
	sequence->nr_calls++;
	return true;
}

static void call_remove(struct sequence *sequence, unsigned at)
{
	sequence->nr_calls--;
	memmove(&sequence->calls[at], &sequence->calls[at + 1],
		(sequence->nr_calls - at) * sizeof(sequence->calls[0]));
}

static void splice(struct random *random, struct sequence *sequence, const struct sequence *other)
{
	unsigned from = random_below(random, other->nr_calls);
	unsigned nr = 1 + random_below(random, other->nr_calls - from);

	for (unsigned i = 0; i < nr; i++) {
		unsigned at = sequence->nr_calls;

		if (!room_make(sequence, at)) {
			return;
		}
		sequence->calls[at] = other->calls[from + i];
	}
}

/* All calls that are the same in another thread, too: they race for the same objects. */
static void mirror(struct random *random, struct sequence *sequence)
{
	unsigned nr = sequence->nr_calls;
	uint8_t thread = (uint8_t)(1 + random_below(random, THREADS_MAX - 1));

	for (unsigned i = 0; i < nr; i++) {
		unsigned at = sequence->nr_calls;

		if (sequence->calls[i].thread == 0 && room_make(sequence, at)) {
			sequence->calls[at] = sequence->calls[i];
			sequence->calls[at].thread = thread;
		}
	}
}

static void change(struct random *random, struct sequence *sequence, const struct sequence *other)
{
	unsigned at = random_below(random, sequence->nr_calls);
	struct call *call = &sequence->calls[at];

	switch (random_below(random, 12)) {
	case 0:
		if (sequence->nr_calls > 1) {
			call_remove(sequence, at);
		}
		break;
	case 1:
	case 2:
	case 3:
		if (room_make(sequence, at)) {
			uint8_t thread = call->thread;

			call_draw(random, sequence, at, kind_draw(random, sequence), call);
			call->thread = thread;
		}
		break;
	case 4: splice(random, sequence, other); break;
	case 5: call->thread = (uint8_t)random_below(random, THREADS_MAX); break;
	case 6: call->repeat = (uint8_t)(1u << random_below(random, 7)); break;
	case 7: mirror(random, sequence); break;
	case 8: flags_draw(random, sequence); break;
	default:
		if (kinds[call->kind].nr_arguments) {
			argument_draw(random, sequence, at, call,
				      random_below(random, kinds[call->kind].nr_arguments));
		}
	}
}

void sequence_mutate(struct random *random, struct sequence *sequence, const struct sequence *other)
{
	unsigned nr = 1 + random_below(random, MUTATIONS_MAX);

	for (unsigned i = 0; i < nr; i++) {
		change(random, sequence, other);
	}
}
