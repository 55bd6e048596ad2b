/* Calls between processes: through an endpoint of process 0, which all others have inherited. */
#include "arch/x86_64/cpu/registers.h"
#include "programs.h"
#include "task/ipc/endpoint.h"
#include "task/ipc/ipc.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/sched/sched.h"

enum { REPLY = 42 }; /* what the server's reply says */

static void share(struct process **all, struct thread **of)
{
	uint64_t handle;

	host_cpu->current = of[0];
	if (endpoint_create(&handle) || handle) {
		sim_fail("no endpoint");
	}
	host_cpu->current = host_cpu->idle;
	for (unsigned i = 1; i < PROGRAMS_MAX && all[i]; i++) {
		endpoints_inherit(all[i], all[0]);
	}
}

/* The page is thread 0's, which gives it. */
static void share_page(struct process **all, struct thread **of)
{
	share(all, of);
	kernel_page_at = all[0]->as;
	for (unsigned i = 0; i < PROGRAMS_MAX && of[i]; i++) {
		thread_user_regs(of[i])->r13 = PAGE_SIZE;
	}
	thread_user_regs(of[0])->r12 = PAGE_SIZE;
}

static bool is_over(int64_t result)
{
	return result == STATUS_EPIPE || (result == STATUS_EINTR && thread_must_exit());
}

static void call(void)
{
	int64_t result;

	user_step();
	result = ipc_call(thread_user_regs(thread_current()));
	EXPECT(result == 0 || is_over(result) || result == STATUS_EFAULT);
	EXPECT(result || thread_user_regs(thread_current())->rsi == REPLY);
	call_end();
}

/* Two threads that wait to receive do not leave by themselves: docs/ipc.md. */
static void call_and_kill(void)
{
	call();
	kill_second();
}

/*
 * The kill comes at any moment of the other client's call. A server is killed when it has served:
 * before that, those who call would wait for another.
 */
static void kill_first_and_call(void)
{
	kill_first();
	call();
}

static void call_and_kill_first(void)
{
	call();
	kill_first();
}

static void serve_once(void)
{
	int64_t result;

	user_step();
	result = ipc_receive(thread_user_regs(thread_current()));
	EXPECT(result > 0 || is_over(result));
	call_end();
}

static void serve_no_more(void)
{
	serve_once();
	user_wait();
}

static void serve(void)
{
	int64_t result;

	user_step();
	result = ipc_receive(thread_user_regs(thread_current()));
	call_end();
	while (result > 0) {
		thread_user_regs(thread_current())->rsi = REPLY;
		user_step();
		result = ipc_reply_receive(thread_user_regs(thread_current()));
		call_end();
	}
	EXPECT(is_over(result) || result == STATUS_EFAULT);
}

/* --- one whose server goes while it waits for its turn --- */

/* Which no one serves: the second, unless there is an end to the first before. */
static void call_twice(void)
{
	call();
	call();
	user_step();
	__atomic_store_n(user_word(user_at(0)), 1, __ATOMIC_RELAXED);
}

/* Holds the endpoint until the other program is through. */
static void hold(void)
{
	do {
		CALL(sched_yield());
	} while (!__atomic_load_n(user_word(user_at(0)), __ATOMIC_RELAXED));
}

/* As execve does. */
static void serve_once_and_hold(void)
{
	serve_once();
	CALL(ipc_thread_exit(thread_current()); endpoints_stop_serving(process_current()));
	hold();
}

const struct scenario scenarios_ipc[] = {
	{ .name = "ipc: call, reply",
	  .programs = { call, serve },
	  .process = { 0, 1 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: call, reply, on one CPU",
	  .programs = { call, serve },
	  .process = { 0, 1 },
	  .setup = share,
	  .nr_cpus = 1 },
	{ .name = "ipc: call, reply, in one process",
	  .programs = { call, serve },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: call, server ends without a reply",
	  .programs = { call, serve_once },
	  .process = { 0, 1 },
	  .setup = share,
	  .nr_cpus = 2 },
	{ .name = "ipc: call, kill of the client, no server",
	  .programs = { call, kill_first },
	  .process = { 0, 1 },
	  .setup = share,
	  .nr_cpus = 2 },
	{ .name = "ipc: call, reply, page",
	  .programs = { call, serve },
	  .process = { 0, 1 },
	  .setup = share_page,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: call, reply, kill of the client",
	  .programs = { call, serve, kill_first },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: call, reply, kill of the server",
	  .programs = { call, serve, kill_second },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: call, page, kill of the client",
	  .programs = { call, serve, kill_first },
	  .process = { 0, 1, 2 },
	  .setup = share_page,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: call, page, kill of the server",
	  .programs = { call, serve, kill_second },
	  .process = { 0, 1, 2 },
	  .setup = share_page,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: two call, reply",
	  .programs = { call, serve, call },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_long = true },
	{ .name = "ipc: two call, one kills the other first",
	  .programs = { call, serve, kill_first_and_call },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: two call, one kills the other then",
	  .programs = { call, serve, call_and_kill_first },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: two call, one kills the server then",
	  .programs = { call, serve, call_and_kill },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: two call, page, one kills the other, on one CPU",
	  .programs = { call, serve, kill_first_and_call },
	  .process = { 0, 1, 2 },
	  .setup = share_page,
	  .nr_cpus = 1 },
	{ .name = "ipc: two call, page, one kills the server, on one CPU",
	  .programs = { call, serve, call_and_kill },
	  .process = { 0, 1, 2 },
	  .setup = share_page,
	  .nr_cpus = 1 },
	{ .name = "ipc: two call, page, one kills the other first",
	  .programs = { call, serve, kill_first_and_call },
	  .process = { 0, 1, 2 },
	  .setup = share_page,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: two call, page, one kills the server then",
	  .programs = { call, serve, call_and_kill },
	  .process = { 0, 1, 2 },
	  .setup = share_page,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: call, two serve until they are killed",
	  .programs = { call_and_kill, serve, serve },
	  .process = { 0, 1, 1 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: call, received by one that is killed",
	  .programs = { serve_no_more, kill_first, call },
	  .process = { 0, 1, 2 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: call, server ends without a reply, in one process",
	  .programs = { call, serve_once, user_step },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: two calls, server ends between",
	  .programs = { call_twice, serve_once, hold },
	  .process = { 0, 1, 0 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = "ipc: two calls, server executes another program between",
	  .programs = { call_twice, serve_once_and_hold, hold },
	  .process = { 0, 1, 0 },
	  .setup = share,
	  .nr_cpus = 2,
	  .is_pinned = true,
	  .is_long = true },
	{ .name = NULL },
};
