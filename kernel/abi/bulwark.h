/*
 * The structures that Bulwark's own system calls exchange with user programs.
 * Shared with user space: constants and layouts only.
 */
#pragma once

#include <stdint.h>

enum { BW_NAME_MAX = 32, BW_TEXT_MAX = 2048, BW_FAULT_MAX = 2048, BW_EXPLANATION_MAX = 4096 };

/* In a suite's index for ktest: the answer is its name, and nothing is run. */
#define BW_KTEST_NAME 0x80000000u

/* One boot option: what the command line asked for and what is in force on this machine. */
struct bw_option {
	char name[BW_NAME_MAX];
	char value[BW_NAME_MAX]; /* in force; smep is "off" where the CPU lacks it */
	char values[128];        /* "off|local|sync" */
	char help[128];
};

struct bw_archive_entry {
	char name[100]; /* path without a leading slash: "bin/sh" */
	uint64_t size_bytes;
	uint32_t mode; /* permission bits of the archive */
	uint32_t reserved;
};

struct bw_audit {
	uint64_t nr_tables;   /* page tables walked */
	uint64_t nr_mappings; /* leaf entries seen, 4 KiB units */
	uint64_t nr_frames;   /* frame table entries checked */
	uint64_t nr_sealed;   /* frames that nobody may write to: constants, sealed pools */
	uint64_t nr_violations;
	char first[256]; /* the first violation, in words; empty when there is none */
};

struct bw_memory_info {
	uint64_t nr_frames_usable; /* 4 KiB frames under the allocator's control */
	uint64_t nr_free_revealed;
	uint64_t nr_free_hidden;
	uint64_t nr_user;
	uint64_t nr_kernel;
	uint64_t nr_ptable;
	uint64_t nr_pfn; /* one past the highest frame number in the frame table */
	uint64_t nr_processes;
	uint64_t nr_direct_whole; /* 2 MiB pages of the direct map */
	uint64_t nr_direct_split; /* the same, each in a table of its own while part of it is hidden
				   */
};

/* Where eight bytes were found in memory that the kernel owns. */
struct bw_scan {
	uint64_t nr_bytes; /* searched */
	uint64_t nr_found;
	uint64_t address; /* of the first */
	char owner[16];   /* of its frame; RESERVED: in the image */
};

/* How many frames of a group are in each state, by the row of policy.def. */
enum { BW_FRAME_STATES = 22, BW_FRAME_GROUP_MAX = 16384 };
struct bw_frame_group {
	uint16_t nr[BW_FRAME_STATES];
};

/*
 * The part of a frame buffer beside the console, in pixels from its top left corner; all zero where
 * the machine has none. Colours are 0xRRGGBB.
 */
struct bw_canvas {
	uint32_t width, height;
	uint32_t glyph_width, glyph_height; /* of a character of text */
};
struct bw_rectangle {
	uint16_t x, y, width, height;
	uint32_t colour;
};
enum { BW_RECTANGLES_MAX = 1024, BW_CANVAS_PIXELS_MAX = 1 << 17, BW_CANVAS_TEXT_MAX = 256 };

/* Which root of a process's pair. */
enum bw_root { BW_ROOT_KERNEL, BW_ROOT_SHADOW };

enum bw_range_rights { BW_RANGE_WRITE = 1, BW_RANGE_EXECUTE = 2, BW_RANGE_USER = 4 };

/* Neighbouring pages of one region that a root maps with the same rights. */
struct bw_range {
	uint64_t start, end; /* [start, end); end 0: up to the last byte there is */
	uint32_t rights;     /* enum bw_range_rights; all of it can be read */
	uint32_t reserved;
	char region[24]; /* "direct map" */
	char owner[16];  /* of its frames, as the policy table calls it; "several" */
};

/* What lies at an address: docs/faults.md. */
struct bw_explanation {
	char text[BW_EXPLANATION_MAX]; /* lines ended by \n */
	char json[BW_EXPLANATION_MAX]; /* one object */
};

/* A function of the kernel. */
struct bw_symbol {
	uint64_t address;
	char name[64]; /* cut off where it is longer */
};

enum { BW_PATH_MAX = 100, BW_MESSAGE_MAX = 96, BW_CALL_WORDS = 4 };

/* What is wrong with a policy, and where: lines and columns count from 1. */
struct bw_policy_error {
	uint32_t line, column; /* 0 where it is not the text */
	char message[BW_MESSAGE_MAX];
};

/* One rule of the policy in force. */
struct bw_policy_rule {
	char path[BW_PATH_MAX]; /* the policy's file */
	char program[BW_NAME_MAX];
	uint32_t has_uid; /* else it keeps its caller's */
	uint32_t uid;
	uint32_t is_bound;             /* else it may make every call */
	uint64_t calls[BW_CALL_WORDS]; /* bit N: the call of row N of syscalls.def, from 1 on */
};

/* What job_begin begins: a program that root starts, with all that it forks and executes. */
enum bw_job {
	BW_JOB_ORDINARY,
	BW_JOB_ATTACK, /* watched by the kernel, which keeps a record of it */
};

/* What the kernel has seen an attack achieve: any member of it, at any time. */
enum bw_fact {
	BW_FACT_OTHER_USER = 1,      /* acted as a user that neither setuid nor a rule gave it */
	BW_FACT_FLAG = 2,            /* knew the flag */
	BW_FACT_BASE = 4,            /* knew where the kernel's image lies */
	BW_FACT_SEALED = 8,          /* changed sealed memory that the kernel watches */
	BW_FACT_FORBIDDEN_CALL = 16, /* made a call that its policy forbids */
	BW_FACT_FOREIGN_PAGE = 32,   /* held a page of another user's address space */
};

/* Claims to know a secret: only so many of an attack's count. */
enum { BW_PROOFS_MAX = 8 };

struct bw_attack {
	uint32_t facts;     /* enum bw_fact, joined */
	uint32_t other_uid; /* with BW_FACT_OTHER_USER: which; 0 when it ever was 0 */
	uint32_t nr_proofs; /* claims that were counted */
	uint32_t nr_killed; /* members that still ran when the attack was ended */
};

/* How a process ended, as the kernel saw it. */
enum bw_end {
	BW_END_EXIT = 0,     /* exit or exit_group; status holds the code */
	BW_END_USER_FAULT,   /* an exception in user mode */
	BW_END_KERNEL_FAULT, /* an in-kernel fault that this process caused */
	BW_END_KILLED,       /* kill, interrupt key, or no memory */
	BW_END_INSECURE,     /* the kernel could not write who it is, or what it may do */
};

/* Which defence said no to the access that ended a process. */
enum bw_defence {
#define DEFENCE(name, text) BW_DEFENCE_##name,
#include "abi/defences.def"
#undef DEFENCE
};

struct bw_report {
	int32_t pid;
	int32_t status;      /* wait4 encoding */
	uint32_t end;        /* enum bw_end */
	uint32_t defence;    /* enum bw_defence */
	uint32_t uid_first;  /* uid at the last execve */
	uint32_t uid_last;   /* uid when it ended, or was last seen alive */
	uint32_t vuln_calls; /* vulnerable calls made */
	uint32_t reserved;
	uint64_t fault_address;
	uint64_t fault_rip;
	uint64_t fault_pfn;     /* UINT64_MAX where no frame is concerned */
	char text[BW_TEXT_MAX]; /* the explanation, lines ended by \n */
	/* an in-kernel fault, explained to programs: one JSON object (docs/faults.md); else empty
	 */
	char fault_json[BW_FAULT_MAX];
};

/*
 * Of a terminal's c_oflag: what is written is shown as the inside of a JSON string, up to a limit.
 * For uid 0 to change.
 */
#define BW_OUTPUT_QUOTED 0x80000000u

enum { BW_CALL_ROWS = 256 };

/* A processor's stock of frames that are ready for use: numbers of frames, 32 bits each. The one
 * that was put there last goes first. */
struct bw_stock {
	uint64_t slots; /* the first */
	uint64_t nr;    /* where it says how many are in use, 32 bits */
	uint64_t nr_slots;
};

/*
 * What vuln_leak models: an information leak that tells an attacker where things are.
 * All fields are kernel addresses.
 */
struct bw_leak {
	uint64_t image_base;      /* kernel image: first byte */
	uint64_t image_text_end;  /* one past the last byte of kernel text */
	uint64_t direct_map_base; /* frame 0 in the direct map */
	uint64_t process;         /* the calling process's structure */
	uint64_t process_uid;     /* its uid, 32 bits: in force there */
	uint64_t credentials_set; /* void credentials_set(struct process *, uint64_t uid) */
	uint64_t flag;            /* the kernel-held flag, 8 bytes */
	uint64_t user_return; /* expects RSP at a struct bw_frame; returns to user mode with it */
	uint64_t user_cs, user_ss; /* selectors for that frame */
	uint64_t stack_top;        /* one past the calling thread's kernel stack */
	uint64_t uid_pa;           /* the physical address of process_uid */
	uint64_t tss_io_map;       /* where the direct map would have the offset of this processor's
				      I/O map, 16 bits of its TSS */
	uint64_t apic;             /* the registers of its local APIC; 0: nothing maps them */
	uint64_t start_page;       /* where processors start; 0: nothing maps it */
	/* the boot archive: where the kernel reads it, where the direct map would have it */
	uint64_t archive, archive_alias, archive_bytes;
	/* where its calls are looked up: BW_CALL_ROWS addresses, then a row per number */
	uint64_t syscall_table;
	uint64_t syscall_table_all;      /* the same of a program that may make every call */
	uint64_t syscall_table_in_force; /* where this processor has the address of the former */
	uint64_t thread_process; /* where the calling thread has the address of its process */
	uint64_t process_first;  /* as process, of the first process, which is root */
	uint64_t credential;     /* the calling process's entry of credentials, 32 bytes; by pid */
	uint64_t process_name;   /* the calling process's name, for reports: BW_NAME_MAX bytes */
	uint64_t frames;         /* the frame table: 8 bytes for each frame */
	uint64_t frame_links;    /* beside it: 8 bytes for each frame */
	uint64_t kernel_root;    /* the frame of a root whose kernel half all share */
	uint64_t root, root_first; /* the same of the calling process; of the first one */
	uint64_t nr_pages;         /* how many user pages the calling process has, 64 bits */
	uint64_t histories;        /* what was of each frame so far: 8 bytes for each */
	/* of this processor: frames for user pages; empty page tables; pairs of empty roots, by the
	 * first of each */
	struct bw_stock frame_cache, spare_tables, spare_roots;
	uint64_t nr_handed_out; /* how many user pages this processor has given so far, 64 bits */
	uint64_t process_as;    /* where the calling process has the address of its address space */
	uint64_t as_root;       /* where that has the frame of its root, 32 bits */
	uint64_t as_cr3;        /* the same as a physical address, 64 bits: what processors load */
	uint64_t as_newest;     /* the address space that was made last */
	/* words of the processor that the caller runs on */
	uint64_t tlb_seen;      /* the generation up to which it has flushed, 64 bits */
	uint64_t tlb_seen_kept; /* the same, in the gate's memory; 0: with ptprot=off */
	uint64_t tlb_slot;    /* a kernel root's frame, 32 bits, and up to which generation of that
				 root's user half it has flushed, 32 bits: of the slot in use */
	uint64_t cpu_mode;    /* where others believe it to be, 64 bits: 0 in user mode */
	uint64_t exit_cr3;    /* what the way out to user mode loads into CR3, 64 bits */
	uint64_t current_pid; /* whose credentials are those of the current process, 32 bits */
	/* where the next system call saves the registers: at lowest_regs, 64 bits, plus a word of
	   the ring, 16 bits, by the lower byte of twice the number of calls */
	uint64_t lowest_regs, kstack_ring, syscalls_x2;
	uint64_t gate_stack; /* one past its stack in the gate; 0: there is no gate */
	uint64_t gate_held;  /* where a gate that lacks a rule is told what to wait at, 8 bytes, and
				whether it waits, 8 bytes; 0: it lacks none */
};

/* What vuln_copy_on stores, as often as it can: room for an object and its table. */
enum { BW_COPY_BYTES = 32 };

/*
 * Sealed memory for attacks to aim at: an object of BW_SEALED_BYTES in a pool of each mode, every
 * eight bytes of it BW_SEALED_VALUE. The kernel notices any other byte.
 */
enum bw_sealed_mode {
	BW_SEALED_RO,
	BW_SEALED_WR,
	BW_SEALED_AUTO_RO,
	BW_SEALED_AUTO_WR,
	BW_SEALED_START_WR,
	BW_NR_SEALED
};
enum {
	BW_SEALED_BYTES = 64,
	BW_SEALED_POOLS = 16,      /* that attacks have made, at a time */
	BW_SEALED_PAGES = 1 << 14, /* of one that is born sealed, at most */
};
#define BW_SEALED_VALUE 0x5ea1ed5ea1ed5ea1ul

struct bw_sealed_object {
	uint64_t object; /* its address */
	uint64_t alias;  /* where the direct map would have the same bytes */
	uint64_t pfn;    /* its frame */
	uint64_t pool;   /* its pool's descriptor */
	uint64_t entry;  /* the page-table entry that maps it, 8 bytes */
};
struct bw_sealed {
	struct bw_sealed_object of_mode[BW_NR_SEALED];
	uint64_t window; /* where the write-rare object is writable while the kernel writes to it */
	uint64_t secret; /* where the direct map would have a copy of the flag, in a sealed pool */
	struct bw_sealed_object claimed; /* of a write-rare pool that is claimed */
};

/* What vuln_pool_change does: seals or destroys the pool of an object from vuln_pool_open; makes
 * the pool with this descriptor read-only; destroys that one. */
enum bw_pool_change { BW_POOL_SEAL_OWN, BW_POOL_DESTROY_OWN, BW_POOL_FREEZE, BW_POOL_DESTROY };

/* The register frame that leak.user_return consumes, lowest address first. */
struct bw_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* The object that vuln_call trusts: it calls object->ops->handle(object->argument[0],
 * object->argument[1]). */
struct bw_vuln_ops {
	uint64_t handle;
};
struct bw_vuln_object {
	uint64_t ops; /* address of a struct bw_vuln_ops */
	uint64_t argument[2];
};
