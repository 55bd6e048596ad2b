/* The user memory of a call that moves bytes: one buffer, or the vectors of readv and writev. */
#pragma once

#include "lib/status.h"
#include "lib/types.h"

enum { WRITE_CHUNK_BYTES = 2048 }; /* written as a whole or not at all, as Linux's terminals do */

/* Linux's struct iovec. */
struct io_vector {
	uint64_t at, len_bytes;
};

/* What is not moved yet. */
struct stream {
	struct io_vector first;          /* of the vector under way, what is left */
	uint64_t vectors_at, nr_vectors; /* those after it, in user memory */
	uint64_t left_bytes;             /* of the call */
};

/* EFAULT. */
status_t stream_of_buffer(uint64_t at, uint64_t len_bytes, struct stream *out) MUST_CHECK;
/* Blocks. EINVAL, EFAULT; EINTR: the thread must end. All vectors are looked at before anything is
 * moved. */
status_t stream_of_vectors(uint64_t vectors_at, uint32_t nr_vectors, struct stream *out) MUST_CHECK;
/* EFAULT: not all of the next chunk can be read now. The stream is a copy, and not moved on. */
status_t stream_probe(struct stream stream) MUST_CHECK;
/* Fills the buffer from the stream, as far as that goes; *len bytes. EFAULT. */
status_t stream_read(struct stream *stream, char *buffer, uint64_t size_bytes,
		     size_t *len) MUST_CHECK;
/* The other way; the stream has room for all. EFAULT: what came before a bad address is stored. */
status_t stream_write(struct stream *stream, const char *buffer, size_t len_bytes) MUST_CHECK;
