/*
 * The witness: what attacks achieve, as the kernel sees it.
 *
 * A process that root starts begins a *job*; all that it forks and executes are members of it
 * (credentials.h). An attack is a job that is watched: it has a record here, and its members look
 * their calls up in a table of their own (watched_calls.c), so that the witness sees each call
 * before it is carried out. Calls of others cost nothing. A fact is latched in the record when it
 * is seen, whatever the process does later, and whichever member it was.
 *
 * Records lie in a write-rare pool that is claimed, as credentials do. With pmalloc=off that is
 * ordinary memory, and so are they.
 *
 * The console belongs to root and to the members of the job in the foreground.
 */
#pragma once

#include "abi/bulwark.h"
#include "lib/status.h"
#include "lib/types.h"

struct process;

/* Boot. Panics without memory. */
void witness_init(void);

/*
 * Whether sealed memory was changed: `look` only looks; `settle` also makes it whole again, for the
 * attack that comes next. Registered by kernel/vuln/.
 */
struct target_watch {
	bool (*look)(void);
	bool (*settle)(void);
};
void witness_watch_sealed(const struct target_watch *watch);

/*
 * The current process begins a job, which is in the foreground from now on. EINVAL: no kind; EPERM:
 * it is a member of a watched job, or has several threads; EAGAIN: as many attacks as can be
 * recorded are under way; EFAULT: it is a member of none, and ends.
 */
status_t witness_begin_job(enum bw_job kind) MUST_CHECK;
/* The current process's own job is in the foreground again; none, where it has none. */
void witness_end_foreground(void);
/* Is an attack under way? */
bool witness_is_busy(void);
/* May the current process read from and write to the console? */
bool witness_allows_console(const struct process *process);

/* A member of an attack has ended. */
void witness_look(const struct process *process);
/* One is about to make a call. Whom it acts for is looked at, and this has been seen, too: enum
 * bw_fact. */
void witness_note(const struct process *process, uint32_t facts);
/*
 * A vulnerable call is over. Sealed memory changes by these alone, so it is looked at here and not
 * at every call: a look at a dozen pages evicts from a TLB what attacks on stale translations live
 * of.
 */
void witness_look_at_sealed(const struct process *process);
/*
 * A member is about to leave its address space. Does that show a frame that the address space of a
 * process of another user's shows, too? Kin may share frames: those that came from one execve by
 * fork, whatever setuid made of them since (credentials.h). All others share none: a grant moves a
 * page. Blocks, in pieces; stops the world if it does.
 */
void witness_look_at_pages(const struct process *process);
/*
 * The current process claims to know a secret. Counts, and is latched where it is right and among
 * the first BW_PROOFS_MAX claims of the attack. Tells the process nothing.
 */
void witness_hear_proof(const struct process *process, enum bw_fact fact, bool is_right);

/* Caller holds process_lock. A process of an attack that is being ended may not fork any more. */
bool witness_is_ending(const struct process *process);
/* Attacks that the process began end with it. Blocks. It has no threads any more. */
void witness_end_attacks_of(const struct process *process);
/* Caller holds process_lock. A process has ended. */
void witness_process_ended(void);

/*
 * Blocks until every member of the attack that this process began has ended: those that still run
 * are killed. Then what it achieved. Its record is free after that. ESRCH: there is no such attack,
 * or the caller is one of its members; EINTR: the caller must end.
 */
status_t witness_end_attack(uint32_t pid, struct bw_attack *out) MUST_CHECK;
