/* A litmus test of translations, as a file of tests/litmus/ says it: docs/litmus.md. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	LITMUS_THREADS = 3,
	LITMUS_OPS = 16,
	LITMUS_REGS = 4,
	LITMUS_WORDS = 4,
	LITMUS_PAGES = 2,
	LITMUS_SPACES = 2,
	LITMUS_FRAMES = 4,
	LITMUS_OUTCOMES = 24,
	LITMUS_TERMS = 6,
	LITMUS_TEXT = 120,
	/* values: small numbers, the letter of a frame, and of registers */
	LITMUS_NONE = 254, /* the access finds no translation */
	LITMUS_UNSET = 255,
};

enum litmus_op_kind {
	OP_LOAD,     /* reg = word */
	OP_STORE,    /* word = value */
	OP_EXCHANGE, /* reg = word, word = value */
	OP_ADD,      /* reg = word += value */
	OP_WAIT,     /* until word == value */
	OP_FENCE,
	OP_READ,  /* reg = byte of the page */
	OP_WRITE, /* byte of the page = value */
	OP_ENTRY, /* of the page, in a space: leads to frame `value`, or nowhere */
	OP_TABLE, /* that the page's entry is in: is there (1) or not (0) */
	OP_INVLPG,
	OP_INVPCID, /* address, pcid */
	OP_FLUSH_PCID,
	OP_FLUSH_ALL,
	OP_CR3,     /* space, pcid, noflush */
	OP_DISCARD, /* the kernel takes the page away: madvise(MADV_DONTNEED) */
};

struct litmus_op {
	enum litmus_op_kind kind;
	unsigned target; /* word or page */
	unsigned value, reg, space, pcid;
	bool noflush;
};

struct litmus_term {
	unsigned thread, reg, value;
};

struct litmus_outcome {
	bool is_forbidden;
	struct litmus_term terms[LITMUS_TERMS];
	unsigned nr_terms;
	char text[LITMUS_TEXT];
};

struct litmus {
	char name[LITMUS_TEXT], from[LITMUS_TEXT];
	bool needs_pcid; /* and INVPCID */
	bool on_guest;   /* threads of a program can run it */
	char words[LITMUS_WORDS][16], pages[LITMUS_PAGES][16];
	unsigned nr_words, nr_pages;
	unsigned word_start[LITMUS_WORDS];
	unsigned frame[LITMUS_SPACES][LITMUS_PAGES]; /* a letter, or LITMUS_NONE */
	struct litmus_op ops[LITMUS_THREADS][LITMUS_OPS];
	unsigned nr_ops[LITMUS_THREADS], nr_threads;
	struct litmus_outcome outcomes[LITMUS_OUTCOMES];
	unsigned nr_outcomes;
};

/* file: NULL where it could not be opened. False: the reason is in error, with the path. */
bool litmus_parse(FILE *file, const char *path, struct litmus *test, char *error,
		  size_t error_bytes);
/* Does what the registers say meet the condition? */
bool litmus_meets(const struct litmus_outcome *outcome,
		  const unsigned char regs[LITMUS_THREADS][LITMUS_REGS]);
/* "0:r0=b 1:r1=1" */
void litmus_text(const unsigned char regs[LITMUS_THREADS][LITMUS_REGS], char *text,
		 size_t size_bytes);
