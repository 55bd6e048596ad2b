/* What the code under test switches, allocates and returns to. */
#include "kernel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/device/clock.h"
#include "arch/x86_64/entry/context.h"
#include "arch/x86_64/entry/switch.h"
#include "arch/x86_64/smp/apic.h"
#include "core/panic.h"
#include "core/poll.h"
#include "machine.h"
#include "mm/as/as.h"
#include "mm/as/usercopy.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "task/process/process.h"
#include "task/sched/irq.h"
#include "task/sched/sched.h"
#include "task/sched/timer.h"
#include "tlb/coroutine.h"

static_assert((int)SIM_STACK_BYTES == (int)KSTACK_SIZE, "kernel stacks are the machine's");

struct poll_hooks poll_hooks;

/* --- objects --- */

void *object_new(const char *kind, size_t size_bytes)
{
	struct sim_object *object = &sim.objects[sim.nr_objects];

	assert(sim.nr_objects < SIM_OBJECTS_MAX && size_bytes <= SIM_OBJECT_BYTES);
	*object = (struct sim_object){ .kind = kind,
				       .size_bytes = size_bytes,
				       .is_live = true,
				       .is_thread = strcmp(kind, "thread") == 0 };
	return sim.memory[sim.nr_objects++];
}

void object_free(void *at)
{
	static const unsigned char zeros[SIM_LINE_BYTES];
	struct sim_object *object =
		&sim.objects[((unsigned char *)at - sim.memory[0]) / SIM_OBJECT_BYTES];

	if (!object->is_live) {
		sim_fail("a %s is freed twice", object->kind);
	}
	object->is_live = false;
	/* what it never held need not be saved from now on */
	for (unsigned char *line = at; line < (unsigned char *)at + object->size_bytes;
	     line += SIM_LINE_BYTES) {
		if (memcmp(line, zeros, sizeof(zeros)) != 0) {
			memset(line, 0, sizeof(zeros));
			sim_note_write(line, sizeof(zeros));
		}
	}
}

unsigned kernel_nr_live(const char *kind)
{
	unsigned nr = 0;

	for (unsigned i = 0; i < sim.nr_objects; i++) {
		nr += sim.objects[i].is_live && strcmp(sim.objects[i].kind, kind) == 0;
	}
	return nr;
}

void slab_cache_init(struct slab_cache *cache, const char *name, size_t object_bytes)
{
	cache->name = name;
	cache->size_bytes = (uint32_t)object_bytes;
}

status_t slab_alloc(struct slab_cache *cache, void **out)
{
	*out = object_new(cache->name, cache->size_bytes);
	return STATUS_OK;
}

void slab_free(struct slab_cache *cache, void *object)
{
	(void)cache;
	object_free(object);
}

status_t kstack_alloc(va_t *base)
{
	assert(sim.nr_stacks < SIM_STACKS_MAX);
	*base = (va_t){ (uint64_t)sim_log->stacks[sim.nr_stacks] };
	sim.stacks[sim.nr_stacks++] = (struct sim_stack){ true, base->va + KSTACK_SIZE };
	return STATUS_OK;
}

void kstack_free(va_t base)
{
	unsigned index = sim_stack_of(base.va);

	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		if (sim.cpus[id].stack == index) {
			sim_fail("a stack is freed that a CPU runs on");
		}
	}
	sim.stacks[index].is_used = false;
}

/* --- stacks --- */

asm(".text\n"
    "thread_begin:\n"
    "	xor %edi, %edi\n"
    "	call upcall_thread_begins\n"
    "	mov %r12, %rdi\n"
    "	call *%rbx\n"
    "	ud2\n");
extern char thread_begin[];

uint64_t context_prepare(uint64_t stack_top, void (*function)(void *), void *argument)
{
	/* from the lowest address up: r15 r14 r13 r12 rbp rbx, return address, two more */
	uint64_t *frame = (uint64_t *)(stack_top & -16ul) - SIM_FIRST_WORDS;

	sim.stacks[sim_stack_of(stack_top - 1)].rsp = (uint64_t)frame;
	memset(frame, 0, SIM_FIRST_WORDS * sizeof(*frame));
	frame[3] = (uint64_t)argument;
	frame[5] = (uint64_t)function;
	frame[6] = (uint64_t)thread_begin;
	return (uint64_t)frame;
}

/* The double run is looked for here. */
static unsigned stack_take_over(uint64_t *load)
{
	uint64_t rsp = *load;
	unsigned next;

	if (!rsp) {
		sim_fail("a thread runs on two CPUs: its stack is in use");
	}
	next = sim_stack_of(rsp);
	*load = 0;
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		if (id != sim.current && sim.cpus[id].stack == next) {
			sim_fail("a thread runs on two CPUs");
		}
	}
	if (!sim.stacks[next].is_used) {
		sim_fail("a CPU switches to a stack that was freed");
	}
	return next;
}

/* Others may run where *load becomes 0, and not from there to the other stack; the store to *save
 * they see later. */
static void stack_leave(uint64_t *save, unsigned next)
{
	struct sim_cpu *cpu = &sim.cpus[sim.current];
	unsigned previous = cpu->stack;

	cpu->stack = next;
	/* which stack it is; how far it is in use the machine knows */
	sim_store_later(save, (uint64_t)sim_log->stacks[previous] + sizeof(uint64_t));
	coroutine_switch(&sim.stacks[previous].rsp, sim.stacks[next].rsp);
}

uint64_t context_switch(uint64_t *save, uint64_t *load, uint32_t stack, uint32_t slot)
{
	const struct process *process = thread_current()->process;
	unsigned next = stack_take_over(load);

	(void)slot;
	if (stack != next) {
		sim_fail("a thread goes on on another one's stack");
	}
	as_switch(process ? process->as : NULL);
	stack_leave(save, next);
	return 0;
}

void context_restart(uint64_t stack_top, void (*function)(void *), void *argument)
{
	uint64_t dropped, fresh = context_prepare(stack_top, function, argument);

	stack_leave(&dropped, stack_take_over(&fresh));
	__builtin_unreachable();
}

/* --- interrupts and time --- */

void syscall_leave_slowly(void) {}

void apic_send_ipi(uint32_t id, unsigned vector)
{
	if (sim_log->is_exploring) {
		sim_stores_drain();
	}
	if (vector == VECTOR_RESCHEDULE) {
		sim.cpus[id].reschedule = true;
	} else {
		sim.cpus[id].timer = true;
	}
}

void sim_take_interrupts(void)
{
	struct sim_cpu *cpu = &sim.cpus[sim.current];

	if (cpu->reschedule) {
		cpu->reschedule = false;
		cpu_request_resched();
	}
	if (cpu->timer) {
		cpu->timer = false;
		timer_tick();
		sched_tick();
	}
}

void interrupts_admit(void)
{
	sim_step("admits interrupts", NULL, __builtin_return_address(0));
	sim_take_interrupts();
}

void cpu_idle_once(void)
{
	sim.cpus[sim.current].stand = STAND_HALT;
	sim_step("waits for an interrupt", NULL, __builtin_return_address(0));
	sim.cpus[sim.current].stand = STAND_KERNEL;
	sim_take_interrupts();
}

void irq_start_ticks(void)
{
	sim.cpus[sim.current].ticks = true;
	sim.cpus[sim.current].once_ns = UINT64_MAX;
}

void irq_stop_ticks(uint64_t deadline_ns)
{
	struct sim_cpu *cpu = &sim.cpus[sim.current];

	cpu->ticks = false;
	cpu->once_ns = deadline_ns;
	if (deadline_ns <= sim.clock_ns) {
		cpu->timer = true;
		cpu->once_ns = UINT64_MAX;
	}
}

uint64_t clock_now_ns(void)
{
	if (sim.nr_ticks) {
		sim_step("reads the clock", NULL, __builtin_return_address(0));
	}
	return sim.clock_ns;
}

/* A slice is over at once: whatever interrupts a thread lets others run. */
uint64_t clock_tsc_hz(void) { return 0; }
void sched_share_slice(struct thread *child) { (void)child; }

/* --- user mode --- */

static void (*bodies[SIM_STACKS_MAX])(void);

void kernel_set_body(struct thread *thread, void (*body)(void))
{
	bodies[sim_stack_of(thread->stack.va)] = body;
}

void user_step(void)
{
	sim.cpus[sim.current].stand = STAND_USER;
	sim_step("runs in user mode", NULL, __builtin_return_address(0));
	sim.cpus[sim.current].stand = STAND_KERNEL;
	if (sim_log->takes_interrupt) {
		sim_take_interrupts();
		upcall_user_return();
	}
}

void user_wait(void)
{
	for (;;) {
		CALL(sched_yield());
	}
}

void call_end(void)
{
	if (this_cpu()->leave_syscall != this_cpu()->leave_syscall_fast) {
		upcall_user_return();
	}
}

void user_return(struct regs *regs)
{
	(void)regs;
	if (bodies[sim.cpus[sim.current].stack]) {
		bodies[sim.cpus[sim.current].stack]();
	}
	CALL(thread_end(0));
	abort();
}

status_t load_user_u32(uva_t from, uint32_t *out)
{
	*out = __atomic_load_n(user_word(from), __ATOMIC_RELAXED);
	return STATUS_OK;
}

status_t store_user_u32(uva_t to, uint32_t value)
{
	__atomic_store_n(user_word(to), value, __ATOMIC_RELAXED);
	return STATUS_OK;
}

void panic(const char *format, ...)
{
	char text[120];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sim_fail("panic: %s", text);
	abort();
}

void assert_failed(const char *condition, const char *file, int line, const char *function)
{
	sim_fail("assertion failed: %s, in %s, %s:%d", condition, function, file, line);
	fprintf(stderr, "assertion failed: %s, in %s, %s:%d\n", condition, function, file, line);
	abort();
}
