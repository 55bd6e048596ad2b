/*
 * Credentials as the gate sees them: it alone changes them, and finds by itself what a change
 * depends on: the entry of the current process, the policy in force, the files of the boot archive.
 */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

struct pool;
struct policy_rule;
struct process;
struct program_file;
struct syscall_table;

/* Whom a process acts for, and whom setuid or a rule let it act for, at the same moment. */
struct identity {
	uint32_t uid;
	uint32_t granted_uid;
};

/* One for each number that a process can have. With cred=plain a process is what its struct process
 * says, and neither `who` nor the rule is asked. */
struct credential {
	const struct process *holder; /* NULL: the number is not in use */
	struct identity who;
	uint32_t binding; /* the rule, the program, and CREDENTIALS_WATCHED: see below */
	pfn_t root;       /* of its address space; the kernel's own while it has none */
	uint32_t job;
	uint32_t family; /* of its address space */
};
static_assert(sizeof(struct credential) == 32, "a megabyte in all");

#define CREDENTIALS_WATCHED (1u << 31)
/* A binding: the rule below; the program above, one more than its file's index in the boot archive,
 * 0: none. No rule has the last index. */
enum { BINDING_PROGRAM_SHIFT = 16, BINDING_RULE = 0xffff, BINDING_PROGRAM = 0x7fff0000 };
static_assert(!((BINDING_RULE | BINDING_PROGRAM) & CREDENTIALS_WATCHED), "no bit twice");

/* The process that the kernel begins with: none forked it, and it never ends. */
enum { CREDENTIAL_FIRST = 1 };

/* A rule of a policy, in the policy's pool. */
enum { RULE_NAME_BYTES = 32 };
struct rule_entry {
	char name[RULE_NAME_BYTES]; /* of its program */
	bool has_uid;
	uint32_t uid;
	const struct policy_rule *rule;
	const struct syscall_table *table;
};

/* One of those that the boot has read. The number of a rule, in a binding, says which policy it is
 * of, and which of its entries: it means the same whatever policy is in force. */
struct program_policy {
	const char *path; /* the archive's */
	unsigned number;
	unsigned nr_entries;
	const struct rule_entry *entries; /* [0] is no rule's */
};
enum { POLICY_SHIFT = 9, POLICIES_MAX = BINDING_RULE >> POLICY_SHIFT };
static inline unsigned policy_rule_number(const struct program_policy *policy, unsigned index)
{
	return policy->number << POLICY_SHIFT | index;
}

/* Beside the entries, in their pool. */
struct authority {
	const struct program_policy *policy; /* in force; NULL: none */
	uint64_t last_job;
};

/* Where all that is. Set while booting. */
struct gate_credentials {
	const struct credential *entries;
	uint32_t nr_entries;
	const struct authority *authority;
	const struct pool *pool;
	/* the names of the boot archive's files, one in so many bytes */
	const char *file_names;
	const struct program_file *programs;
	uint32_t nr_files, file_bytes;
	/* by number; ptprot=off, authority=off: where a holder says what its program is, else 0 */
	const struct program_policy *policies[POLICIES_MAX];
	uint32_t nr_policies, holder_name;
};
extern struct gate_credentials gate_credentials;

/*
 * What may become of an entry, and what is told besides. "Own" is the current process's; what a
 * change may do is in docs/gate.md.
 *
 *   GIVE     an empty one gets what the parent's has: the parent, the holder, the root
 *   TAKE     one of a process that has left its address space is empty
 *   GRANT    own: the user
 *   JOIN     own: whether it is watched. The job is a new one
 *   BECOME   own: the program's index in the boot archive, the new root, its stack pointer
 *   LEAVE    own: it has no address space any more
 */
enum credential_change {
	CREDENTIAL_GIVE,
	CREDENTIAL_TAKE,
	CREDENTIAL_GRANT,
	CREDENTIAL_JOIN,
	CREDENTIAL_BECOME,
	CREDENTIAL_LEAVE,
};

/* For these: false: it is refused, or cannot be written, and nothing has changed. */
bool credential_change(enum credential_change change, uint32_t pid, uint64_t a, uint64_t b,
		       uint64_t c) MUST_CHECK;
/* The current process acts for another user, unasked. With vuln=on alone. */
bool credential_set(uint32_t pid, uint32_t uid) MUST_CHECK;
/*
 * Another policy is in force, by its number, and every entry is led over to it. All other
 * processors stand still. The current process, which is root's. False: nothing has changed. With
 * ptprot=off an entry may be left that cannot be written: policy_rule_next.
 */
bool policy_set(unsigned number, uint32_t pid) MUST_CHECK;
/*
 * This processor serves the current thread's calls by the table of its entry's binding; with
 * cred=plain, of the one that is told. False, with ptprot=off: that cannot be written.
 */
bool calls_bind(uint32_t binding) MUST_CHECK;

/* By its number; NULL: there is none. */
const struct rule_entry *policy_rule(unsigned rule);
/* The rule that a policy (NULL: none) has for a program; 0: it has none. */
unsigned policy_rule_for(const struct program_policy *policy, const char *program);
/*
 * Which rule of the next policy takes a rule's place: the one of the same name; that of the program
 * only for none, or where there is none of that name. One that there never was stays: whose it is
 * may leave.
 */
unsigned policy_rule_next(const struct program_policy *next, unsigned now, const char *program);
/* The last part of the path of a binding's program; "": it has none. */
const char *credential_program_name(uint32_t binding);
/* Is that the entry's rule where this policy is in force? */
bool policy_has_led(const struct program_policy *policy, const struct credential *entry);
