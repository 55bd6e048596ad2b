/* What code that is compiled with -fsanitize=thread calls before each access. */
#include <stdatomic.h>
#include <string.h>

#include "core/cpu.h"
#include "machine.h"
#include "still.h"
#include "task/sched/thread.h"

#define NO_HOOKS __attribute__((no_sanitize_thread))
#define HERE __builtin_return_address(0)

NO_HOOKS static bool is_in(const void *at, const void *from, size_t size_bytes)
{
	return (uint64_t)at - (uint64_t)from < size_bytes;
}

/* Fails when nobody may touch that any more. */
NO_HOOKS static void check_alive(const void *at)
{
	size_t offset;
	const struct sim_object *object = sim_object_at(at, &offset);

	if (object) {
		if (!object->is_live || offset >= object->size_bytes) {
			sim_fail("use of a %s after it was freed",
				 object->kind ? object->kind : "nothing");
		}
	} else if (is_in(at, sim_log->stacks, sizeof(sim_log->stacks))) {
		unsigned index = sim_stack_of((uint64_t)at);
		const struct sim_stack *stack = &sim.stacks[index];

		if (!stack->is_used) {
			sim_fail("use of a stack after it was freed");
		} else if (index != sim.cpus[sim.current].stack && (uint64_t)at < stack->rsp) {
			sim_fail("use of a variable on the stack of a thread that has left it");
		}
	}
}

/* A word that other CPUs read without a lock, by a plain access. */
NO_HOOKS static bool is_shared(const void *at, bool is_write)
{
	size_t offset;
	const struct sim_object *object = sim_object_at(at, &offset);

	if (object && object->is_thread) {
		return is_write && (offset == offsetof(struct thread, saved_rsp) ||
				    offset == offsetof(struct thread, cpu));
	}
	for (unsigned id = 0; id < sim.nr_cpus; id++) {
		if (at == &cpus[id]->current) {
			return is_write || id != sim.current;
		}
	}
	return false;
}

NO_HOOKS static bool is_own_stack(const void *at)
{
	return is_in(at, sim_log->stacks[sim.cpus[sim.current].stack], SIM_STACK_BYTES);
}

/* May it go while the thread that runs does not? */
NO_HOOKS static bool is_anothers(const void *at)
{
	const struct thread *current = host_cpu->current;
	size_t offset;
	const struct sim_object *object = sim_object_at(at, &offset);

	if (object) {
		return !is_in(at, current, sizeof(*current)) &&
		       !(current->process && is_in(at, current->process, SIM_OBJECT_BYTES));
	}
	return is_in(at, sim_log->stacks, sizeof(sim_log->stacks));
}

/* A plain load or store must see the stores before it. */
NO_HOOKS static void stores_before(const void *at, size_t size_bytes)
{
	const struct sim_cpu *cpu = &sim.cpus[sim.current];

	for (unsigned i = 0; i < cpu->nr_stores; i++) {
		const struct sim_store *store = &cpu->stores[i];

		if (is_in(at, store->at, store->size_bytes) || is_in(store->at, at, size_bytes)) {
			sim_stores_drain();
			return;
		}
	}
}

NO_HOOKS static void plain(const void *at, size_t size_bytes, bool is_write, const void *code)
{
	if (!sim_log || !sim_log->is_exploring) {
		return;
	}
	if (sim.cpus[sim.current].nr_stores) {
		stores_before(at, size_bytes);
	}
	if (is_own_stack(at)) {
		return;
	}
	if (is_shared(at, is_write)) {
		sim_step(is_write ? "writes" : "reads", at, code);
	} else if (sim_log->has_published && is_anothers(at)) {
		sim_step(is_write ? "writes, after a store," : "reads, after a store,", at, code);
	}
	check_alive(at);
	if (is_write) {
		still_is_not(at, size_bytes);
		sim_note_write(at, size_bytes);
	}
}

/* --- atomic operations --- */

NO_HOOKS static uint64_t load(const void *at, unsigned size_bytes)
{
	uint64_t value = 0;

	memcpy(&value, at, size_bytes);
	return value;
}

/* The CPU's own store of it, if there is one that others do not see yet. */
NO_HOOKS static uint64_t load_own(const void *at, unsigned size_bytes)
{
	const struct sim_cpu *cpu = &sim.cpus[sim.current];

	for (unsigned i = cpu->nr_stores; i > 0; i--) {
		if (cpu->stores[i - 1].at == at) {
			return cpu->stores[i - 1].value;
		}
	}
	return load(at, size_bytes);
}

NO_HOOKS static bool is_held_lock(const void *at)
{
	for (unsigned i = 0; i < host_cpu->nr_held; i++) {
		if (host_cpu->held[i] == at) {
			return true;
		}
	}
	return false;
}

NO_HOOKS static uint64_t atomic_read(const void *at, unsigned size_bytes, const void *code)
{
	if (!sim_log->is_exploring) {
		return load(at, size_bytes);
	}
	if (is_anothers(at) || !(is_held_lock(at) || still_is(at, size_bytes))) {
		sim_step("loads", at, code);
	}
	check_alive(at);
	return load_own(at, size_bytes);
}

/* lock_release: the lock is off the list of those held, and the last that was on it. */
NO_HOOKS static bool is_release(const void *at)
{
	return host_cpu->nr_held < HELD_LOCKS_MAX && host_cpu->held[host_cpu->nr_held] == at;
}

NO_HOOKS static void buffer(const struct sim_store *store)
{
	struct sim_cpu *cpu = &sim.cpus[sim.current];

	if (cpu->nr_stores == SIM_STORES_MAX) {
		sim_store_drain_one(sim.current);
	}
	cpu->stores[cpu->nr_stores++] = *store;
}

NO_HOOKS static void atomic_write(void *at, unsigned size_bytes, uint64_t value, int order,
				  const void *code)
{
	struct sim_cpu *cpu = &sim.cpus[sim.current];
	const struct sim_store store = { at, value, size_bytes, host_cpu->current };
	bool is_still;

	if (!sim_log->is_exploring) {
		memcpy(at, &value, size_bytes);
		return;
	}
	if (is_release(at) && !cpu->nr_stores) {
		check_alive(at);
		sim_store_apply(&store);
		sim_log->has_published = true;
		return;
	}
	is_still = order != __ATOMIC_SEQ_CST && load(at, size_bytes) == value &&
		   still_is(at, size_bytes);
	if (!is_still || is_anothers(at)) {
		sim_step("stores", at, code);
	}
	check_alive(at);
	if (is_still) {
		return;
	}
	still_is_not(at, size_bytes);
	sim_log->has_published = true;
	if (order == __ATOMIC_SEQ_CST) {
		sim_stores_drain();
		sim_store_apply(&store);
		return;
	}
	buffer(&store);
}

NO_HOOKS void sim_store_later(void *at, uint64_t value)
{
	const struct sim_store store = { at, value, sizeof(value), host_cpu->current };

	if (sim_log->is_exploring) {
		still_is_not(at, sizeof(value));
		buffer(&store);
	} else {
		memcpy(at, &value, sizeof(value));
	}
}

/* Ahead of a read-modify-write, which sees and changes memory. */
NO_HOOKS static void rmw_begin(const void *at, const void *code)
{
	if (sim_log->is_exploring) {
		sim_step("changes", at, code);
		sim_stores_drain();
		check_alive(at);
	}
}

#define FETCH(bits, type, name, result)                                                            \
	NO_HOOKS type __tsan_atomic##bits##_##name(volatile void *place, type value, int order)    \
	{                                                                                          \
		volatile type *at = place;                                                         \
                                                                                                   \
		(void)order;                                                                       \
		rmw_begin((const void *)at, HERE);                                                 \
		sim_log->has_published = true;                                                     \
		return change##bits(at, (type)(result));                                           \
	}

#define ATOMICS(bits, type)                                                                        \
	NO_HOOKS type __tsan_atomic##bits##_load(const volatile void *at, int order)               \
	{                                                                                          \
		(void)order;                                                                       \
		return (type)atomic_read((const void *)at, sizeof(type), HERE);                    \
	}                                                                                          \
	NO_HOOKS void __tsan_atomic##bits##_store(volatile void *at, type value, int order)        \
	{                                                                                          \
		atomic_write((void *)at, sizeof(type), value, order, HERE);                        \
	}                                                                                          \
	NO_HOOKS static type change##bits(volatile type *at, type value)                           \
	{                                                                                          \
		type old = *at;                                                                    \
                                                                                                   \
		if (old != value) {                                                                \
			still_is_not((const void *)at, sizeof(type));                              \
		}                                                                                  \
		sim_store_apply(&(struct sim_store){ (void *)at, value, sizeof(type),              \
						     host_cpu->current });                         \
		return old;                                                                        \
	}                                                                                          \
	FETCH(bits, type, exchange, value)                                                         \
	FETCH(bits, type, fetch_or, *at | value)                                                   \
	FETCH(bits, type, fetch_and, *at &value)                                                   \
	FETCH(bits, type, fetch_add, *at + value)                                                  \
	NO_HOOKS bool __tsan_atomic##bits##_compare_exchange_strong(                               \
		volatile void *place, void *wanted, type value, int order, int failure)            \
	{                                                                                          \
		volatile type *at = place;                                                         \
		type *expected = wanted;                                                           \
                                                                                                   \
		(void)order;                                                                       \
		(void)failure;                                                                     \
		if (sizeof(type) == sizeof(uint32_t) && *expected == 0) {                          \
			sim.cpus[sim.current].lock = (const void *)at;                             \
		}                                                                                  \
		rmw_begin((const void *)at, HERE);                                                 \
		sim_log->has_published = !sim.cpus[sim.current].lock;                              \
		sim.cpus[sim.current].lock = NULL;                                                 \
		if (*at != *expected) {                                                            \
			*expected = *at;                                                           \
			return false;                                                              \
		}                                                                                  \
		change##bits(at, value);                                                           \
		return true;                                                                       \
	}
ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

NO_HOOKS void __tsan_atomic_thread_fence(int order)
{
	if (order == __ATOMIC_SEQ_CST && sim_log->is_exploring) {
		sim_stores_drain();
	}
}

#define PLAIN(bytes)                                                                               \
	NO_HOOKS void __tsan_read##bytes(void *at) { plain(at, bytes, false, HERE); }              \
	NO_HOOKS void __tsan_write##bytes(void *at) { plain(at, bytes, true, HERE); }              \
	NO_HOOKS void __tsan_unaligned_read##bytes(void *at) { plain(at, bytes, false, HERE); }    \
	NO_HOOKS void __tsan_unaligned_write##bytes(void *at) { plain(at, bytes, true, HERE); }
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

NO_HOOKS void __tsan_read_range(void *at, long size) { plain(at, (size_t)size, false, HERE); }
NO_HOOKS void __tsan_write_range(void *at, long size) { plain(at, (size_t)size, true, HERE); }
NO_HOOKS void __tsan_init(void) {}
NO_HOOKS void __tsan_func_entry(void *caller) { (void)caller; }
NO_HOOKS void __tsan_func_exit(void *caller) { (void)caller; }
