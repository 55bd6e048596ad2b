/* BUILD=fuzz: its own call, and what a panic tells beside its own words. */
#include "core/log.h"
#include "core/power.h"
#include "coverage.h"
#include "fuzz_abi.h"
#include "keys.h"
#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "nudge.h"
#include "objects.h"
#include "task/authority/credentials.h"
#include "task/call/syscall.h"
#include "task/process/process.h"

enum { PIECE_BYTES = 256 };

/* A worker writes its own. */
static struct {
	char text[FUZZ_NOTES][FUZZ_NOTE_BYTES + 1];
	uint64_t nr;
} notes[FUZZ_WORKERS_MAX];

static uint8_t canary[FUZZ_CANARY_BYTES] __attribute__((aligned(4096)));
static bool canary_is_set;

_Noreturn void __real_power_off(int status);
_Noreturn void __wrap_power_off(int status);

static int64_t note(uint64_t worker, uint64_t at, uint64_t len_bytes)
{
	char piece[PIECE_BYTES], *text;

	if (worker >= FUZZ_WORKERS_MAX || len_bytes > FUZZ_NOTE_BYTES) {
		return STATUS_EINVAL;
	}
	text = notes[worker].text[notes[worker].nr % FUZZ_NOTES];
	for (uint64_t done = 0; done < len_bytes; done += PIECE_BYTES) {
		uint64_t len = MIN(len_bytes - done, (uint64_t)PIECE_BYTES);
		status_t status = copy_from_user(piece, (uva_t){ at + done }, len);

		if (status) {
			return status;
		}
		memcpy(text + done, piece, len);
	}
	text[len_bytes] = '\0';
	notes[worker].nr++;
	return STATUS_OK;
}

/* The last thing before the machine ends badly: of each worker what it did last, the oldest first.
 */
void __wrap_power_off(int status)
{
	for (unsigned worker = 0; status != 0 && worker < FUZZ_WORKERS_MAX; worker++) {
		for (unsigned i = 0; i < FUZZ_NOTES; i++) {
			const char *text = notes[worker].text[(notes[worker].nr + i) % FUZZ_NOTES];

			if (*text) {
				log_print("fuzz: note %u ", worker);
				log_print("%s\n", text);
			}
		}
	}
	__real_power_off(status);
}

static void canary_set(void)
{
	for (unsigned i = 0; i < FUZZ_CANARY_BYTES; i += sizeof(uint64_t)) {
		*(uint64_t *)(canary + i) = FUZZ_CANARY_WORD;
	}
	canary_is_set = true;
}

static uint64_t canary_nr_changed(void)
{
	uint64_t word = FUZZ_CANARY_WORD, nr = 0;

	for (unsigned i = 0; i < FUZZ_CANARY_BYTES; i++) {
		nr += canary[i] != ((const uint8_t *)&word)[i % sizeof(word)];
	}
	return nr;
}

static int64_t books_tell(uint64_t at)
{
	struct fuzz_books books = { .canary = (uint64_t)canary };

	if (!canary_is_set) {
		canary_set();
		coverage_tell_cpus();
	}
	objects_count(&books);
	books.canary_changed = canary_nr_changed();
	return copy_to_user((uva_t){ at }, &books, sizeof(books));
}

int64_t sys_fuzz(uint64_t operation, uint64_t a, uint64_t b, uint64_t c)
{
	if (operation == FUZZ_TYPE) {
		return keys_type(a, b);
	}
	if (credentials_acting_uid(process_current()) != 0) {
		return STATUS_EPERM;
	}
	switch (operation) {
	case FUZZ_EDGES: return coverage_read(a, b, c);
	case FUZZ_NOTE: return note(a, b, c);
	case FUZZ_BOOKS: return books_tell(a);
	case FUZZ_NUDGE: return a < FUZZ_WORKERS_MAX ? nudge(a, b) : STATUS_EINVAL;
	default: return STATUS_EINVAL;
	}
}
