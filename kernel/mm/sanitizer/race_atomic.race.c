/*
 * BUILD=race: the compiler turns each __atomic_* into one of these calls. They do what was asked
 * for, in an order that is at least as strong, and tell the sampler.
 */
#include "mm/sanitizer/race.h"

#define CALLER ((uint64_t)__builtin_return_address(0))

static inline void note(const volatile void *at, size_t len_bytes, unsigned flags, uint64_t caller)
{
	race_look((uint64_t)at, len_bytes, flags | RACE_ATOMIC, caller);
}

#define LOAD_STORE(bits, type)                                                                     \
	type __tsan_atomic##bits##_load(const volatile type *at, int order);                       \
	type __tsan_atomic##bits##_load(const volatile type *at, int order)                        \
	{                                                                                          \
		(void)order;                                                                       \
		note(at, sizeof(type), 0, CALLER);                                                 \
		return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                      \
	}                                                                                          \
	void __tsan_atomic##bits##_store(volatile type *at, type value, int order);                \
	void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                 \
	{                                                                                          \
		note(at, sizeof(type), RACE_STORE, CALLER);                                        \
		if (order == __ATOMIC_SEQ_CST) {                                                   \
			__atomic_store_n(at, value, __ATOMIC_SEQ_CST);                             \
		} else {                                                                           \
			__atomic_store_n(at, value, __ATOMIC_RELEASE);                             \
		}                                                                                  \
	}

#define UPDATE(bits, type, name, builtin)                                                          \
	type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);               \
	type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)                \
	{                                                                                          \
		(void)order;                                                                       \
		note(at, sizeof(type), RACE_STORE, CALLER);                                        \
		return builtin(at, value, __ATOMIC_SEQ_CST);                                       \
	}

#define COMPARE_EXCHANGE(bits, type, name)                                                         \
	int __tsan_atomic##bits##_compare_exchange_##name(                                         \
		volatile type *at, type *expected, type value, int order, int order_failed);       \
	int __tsan_atomic##bits##_compare_exchange_##name(volatile type *at, type *expected,       \
							  type value, int order, int order_failed) \
	{                                                                                          \
		(void)order;                                                                       \
		(void)order_failed;                                                                \
		bool has_stored = __atomic_compare_exchange_n(at, expected, value, false,          \
							      __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
		note(at, sizeof(type), has_stored ? RACE_STORE : 0, CALLER);                       \
		return has_stored;                                                                 \
	}

#define ATOMICS(bits, type)                                                                        \
	LOAD_STORE(bits, type)                                                                     \
	UPDATE(bits, type, exchange, __atomic_exchange_n)                                          \
	UPDATE(bits, type, fetch_add, __atomic_fetch_add)                                          \
	UPDATE(bits, type, fetch_sub, __atomic_fetch_sub)                                          \
	UPDATE(bits, type, fetch_and, __atomic_fetch_and)                                          \
	UPDATE(bits, type, fetch_or, __atomic_fetch_or)                                            \
	UPDATE(bits, type, fetch_xor, __atomic_fetch_xor)                                          \
	COMPARE_EXCHANGE(bits, type, strong)                                                       \
	COMPARE_EXCHANGE(bits, type, weak)

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order)
{
	(void)order;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order)
{
	(void)order;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}
