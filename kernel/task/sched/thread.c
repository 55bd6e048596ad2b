/* Makes and unmakes threads. */
#include "task/sched/thread.h"

#include "arch/x86_64/entry/upcall.h"
#include "core/cpu.h"
#include "core/syscall_table.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "mm/frame/kspace.h"
#include "mm/frame/slab.h"
#include "mm/gate/current/switch.h"
#include "mm/table/entry_area.h"
#include "mm/tlb/ktlb.h"
#include "task/ipc/futex.h"
#include "task/ipc/ipc.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/sched/bounce.h"
#include "task/sched/sched.h"

static struct slab_cache cache;

/* The kernel's own threads flush nothing for anybody. */
static uint64_t *debts_of_current(void)
{
	struct thread *thread = thread_current();

	return thread && thread->process ? thread->tlb_debts : NULL;
}

void thread_init(void)
{
	slab_cache_init(&cache, "thread", sizeof(struct thread));
	ktlb_set_debts_hook(debts_of_current);
}

void thread_give_stack(struct thread *thread, uint32_t pid)
{
	stack_give(thread->stack_number, pid);
}

void thread_leave_process(void) { stack_switch_here(SWITCH_TO_KERNEL | SWITCH_LEAVE); }

status_t thread_create(struct process *process, void (*start)(void *thread), struct thread **out)
{
	struct thread *thread;
	void *object;
	status_t status = slab_alloc(&cache, &object);

	if (status) {
		return status;
	}
	thread = object;
	assert(is_aligned((uint64_t)thread->fpu, 64));
	status = kstack_alloc(&thread->stack);
	if (status) {
		slab_free(&cache, thread);
		return status;
	}
	thread->process = process;
	thread->call = NR_SYSCALL_NUMBERS; /* none yet */
	thread->stack_top = thread->stack.va + KSTACK_SIZE;
	thread->stack_number = kstack_slot(thread->stack);
	thread->lowest_regs = kstack_lowest_regs(thread->stack_top);
	thread->saved_rsp = context_prepare(thread->stack_top - sizeof(struct regs), start, thread);
	assert(thread->saved_rsp - kspace_base ==
	       thread->stack_number * SLOT_BYTES + KSTACK_FIRST_RSP);
	thread->regs = thread_top_regs(thread);
	list_init(&thread->run_node);
	list_init(&thread->process_node);
	list_init(&thread->tid_node);
	list_init(&thread->ipc.node);
	memset(&thread->allowed, 0xff, sizeof(thread->allowed));
	fpu_area_init(thread->fpu);
	if (!process) {
		thread_give_stack(thread, CURRENT_KERNEL);
	}
	*out = thread;
	return STATUS_OK;
}

void thread_destroy(struct thread *thread)
{
	stack_take(thread->stack_number);
	kstack_free(thread->stack);
	bounce_scrub(thread->fpu, sizeof(thread->fpu));
	slab_free(&cache, thread);
}

bool thread_must_exit(void) { return thread_is_ending(thread_current()); }

void thread_end(int32_t exit_code)
{
	struct thread *thread = thread_current();

	thread->exit_code = exit_code;
	thread->exiting = true;
	cpu_request_resched();
}

void thread_inherit(struct thread *thread, const struct regs *regs)
{
	const struct thread *current = thread_current();
	struct regs *own = thread_user_regs(thread);

	*own = *regs;
	own->rax = 0;
	thread->fs_base = current->fs_base;
	thread->signal_mask = current->signal_mask;
	thread->allowed = current->allowed;
	sched_share_slice(thread);
	fpu_save(thread->fpu);
}

void thread_start_user(void *thread)
{
	struct thread *self = thread;

	/* memory that is not there, or not writable, is the program's own affair */
	if (self->store_tid.uva && store_user_u32(self->store_tid, self->tid)) {
		self->store_tid.uva = 0;
	}
	thread_enter_user(thread_user_regs(thread));
}

void thread_enter_user(struct regs *regs)
{
	upcall_user_return();
	user_return(regs);
}

/* Tells whoever waits for the end of this thread: pthread_join, for one. */
static void clear_child_tid(uva_t at)
{
	/* memory that is not there, or not writable, is the program's own affair */
	if (at.uva && store_user_u32(at, 0) == STATUS_OK) {
		(void)futex_wake(at, FUTEX_ANY, 1);
	}
}

static inline void note_user_trap(struct regs *regs)
{
	struct thread *thread = thread_current();

	TLB_PORT(stands, 1);
	thread->regs = regs;
	thread->works_for_kernel = true;
	/* a vulnerable call may have gone back to user mode on a way of its own */
	thread->in_vuln = false;
}

static __attribute__((noinline)) void catch_up_and_note(struct regs *regs)
{
	ktlb_catch_up();
	note_user_trap(regs);
}

/* The mode was set, by an instruction that is a full barrier. */
void upcall_user_trap(struct regs *regs)
{
	if (UNLIKELY(ktlb_is_behind())) {
		catch_up_and_note(regs);
	} else {
		note_user_trap(regs);
	}
}

void thread_exit(void)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;

	assert(process);
	thread->works_for_kernel = true;
	clear_child_tid(thread->clear_child_tid);
	ipc_thread_exit(thread);
	process_leave(process, thread);
	sched_exit();
}
