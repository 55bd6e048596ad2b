/* Walks over the vectors of a call. */
#include "task/call/stream.h"

#include "core/poll.h"
#include "mm/as/usercopy.h"

enum { VECTORS_MAX = 1024, VECTORS_PER_PIECE = 128 };
/* What one call moves at most, all of its vectors together: Linux's MAX_RW_COUNT. */
#define TRANSFER_BYTES_MAX ((uint64_t)INT32_MAX & -PAGE_SIZE)

static status_t vector_check(const struct io_vector *vector)
{
	return user_range_ok((uva_t){ vector->at }, vector->len_bytes) ? STATUS_OK : STATUS_EFAULT;
}

status_t stream_of_buffer(uint64_t at, uint64_t len_bytes, struct stream *out)
{
	*out = (struct stream){
		.first = { at, len_bytes },
		.left_bytes = MIN(len_bytes, TRANSFER_BYTES_MAX),
	};
	return vector_check(&out->first);
}

static status_t vector_fetch(uint64_t at, struct io_vector *out)
{
	return copy_from_user(out, (uva_t){ at }, sizeof(*out));
}

/* All vectors are looked at before anything is moved. In the order of Linux's checks: can they all
 * be read, is a length negative, is a range none of the user half. */
status_t stream_of_vectors(uint64_t vectors_at, uint32_t nr_vectors, struct stream *out)
{
	bool is_negative = false;
	status_t ranges = STATUS_OK;

	if (nr_vectors > VECTORS_MAX) {
		return STATUS_EINVAL;
	}
	*out = (struct stream){ .vectors_at = vectors_at, .nr_vectors = nr_vectors };
	for (uint64_t i = 0; i < nr_vectors; i++) {
		struct io_vector vector;

		if (i % VECTORS_PER_PIECE == VECTORS_PER_PIECE - 1 && poll_call()) {
			return STATUS_EINTR;
		}
		if (vector_fetch(vectors_at + i * sizeof(vector), &vector)) {
			return STATUS_EFAULT;
		}
		if ((int64_t)vector.len_bytes < 0) {
			is_negative = true;
			continue;
		}
		if (vector_check(&vector)) {
			ranges = STATUS_EFAULT;
			continue;
		}
		out->left_bytes += MIN(vector.len_bytes, TRANSFER_BYTES_MAX - out->left_bytes);
	}
	return is_negative ? STATUS_EINVAL : ranges;
}

/*
 * The next piece of at most max_bytes, and on. A vector is fetched here a second time, and may have
 * changed: a range that is none is EFAULT, and left_bytes bounds what the call moves in any case.
 */
static status_t stream_next(struct stream *stream, uint64_t max_bytes, uva_t *at, uint64_t *len)
{
	uint64_t wanted = MIN(max_bytes, stream->left_bytes);

	while (stream->first.len_bytes == 0 && stream->nr_vectors > 0) {
		if (vector_fetch(stream->vectors_at, &stream->first) ||
		    vector_check(&stream->first)) {
			return STATUS_EFAULT;
		}
		stream->vectors_at += sizeof(stream->first);
		stream->nr_vectors--;
		if (stream->nr_vectors % VECTORS_PER_PIECE == 0 && poll_call()) {
			return STATUS_EINTR;
		}
	}
	*len = MIN(wanted, stream->first.len_bytes);
	at->uva = stream->first.at;
	stream->first.at += *len;
	stream->first.len_bytes -= *len;
	stream->left_bytes -= *len;
	return STATUS_OK;
}

/*
 * EFAULT: not all of the next chunk can be read now. Moves nothing on: the stream is a copy. A
 * piece of a chunk lies in two pages at most, so its ends tell.
 */
status_t stream_probe(struct stream stream)
{
	uint64_t left = WRITE_CHUNK_BYTES, len;
	uint8_t byte;
	uva_t at;

	static_assert((uint64_t)WRITE_CHUNK_BYTES <= PAGE_SIZE, "two pages at most");
	do {
		status_t status = stream_next(&stream, left, &at, &len);

		if (status || len == 0) {
			return status;
		}
		if (copy_from_user(&byte, at, 1) ||
		    copy_from_user(&byte, (uva_t){ at.uva + len - 1 }, 1)) {
			return STATUS_EFAULT;
		}
		left -= len;
	} while (left > 0);
	return STATUS_OK;
}

/* Fills the buffer from the stream, as far as that goes; *len bytes. */
status_t stream_read(struct stream *stream, char *buffer, uint64_t size_bytes, size_t *len)
{
	*len = 0;
	while (*len < size_bytes) {
		uint64_t piece;
		uva_t at;
		status_t status = stream_next(stream, size_bytes - *len, &at, &piece);

		if (status || piece == 0) {
			return status;
		}
		if (copy_from_user(buffer + *len, at, piece)) {
			return STATUS_EFAULT;
		}
		*len += piece;
	}
	return STATUS_OK;
}

status_t stream_write(struct stream *stream, const char *buffer, size_t len_bytes)
{
	for (size_t done = 0; done < len_bytes;) {
		uint64_t piece;
		uva_t at;
		status_t status = stream_next(stream, len_bytes - done, &at, &piece);

		if (status || piece == 0 || copy_to_user(at, buffer + done, piece)) {
			return STATUS_EFAULT;
		}
		done += piece;
	}
	return STATUS_OK;
}
