/*
 * Console calls: descriptors 0, 1 and 2 are the console until they are closed, and there are no
 * others.
 */
#include "task/call/sys_io.h"

#include "core/poll.h"
#include "mm/as/usercopy.h"
#include "task/authority/credentials.h"
#include "task/authority/witness.h"
#include "task/call/stream.h"
#include "task/call/syscall.h"
#include "task/console/console.h"
#include "task/process/process.h"
#include "task/sched/bounce.h"
#include "task/sched/sched.h"
#include "task/sched/wait.h"

/* Blocks until there is something. 0: end of file. EIO: the console is another job's by now. */
static status_t wait_and_read(char *buffer, size_t size_bytes, size_t *len)
{
	struct waiter waiter;
	bool would_block;
	status_t status = STATUS_OK;

	*len = 0;
	wait_enter(&console_readers, &waiter);
	for (;;) {
		sched_prepare();
		if (!witness_allows_console(process_current())) {
			status = STATUS_EIO;
			break;
		}
		*len = console_read_try(buffer, size_bytes, &would_block);
		if (*len || !would_block) {
			break;
		}
		if (thread_must_exit()) {
			status = STATUS_EINTR;
			break;
		}
		wait_block(&console_readers);
	}
	wait_leave(&console_readers, &waiter);
	return status;
}

/* Blocks. In line mode the rest of one line at most, whatever the vectors are. */
static int64_t console_read(struct stream *stream)
{
	char bounce[BOUNCE_BYTES];
	uint64_t done = 0;
	size_t len = 0;
	bool is_first = true, is_full = true, would_block;
	status_t status = STATUS_OK;

	while (status == STATUS_OK && is_full && stream->left_bytes > 0) {
		size_t size = MIN(stream->left_bytes, sizeof(bounce));

		if (is_first) {
			status = wait_and_read(bounce, size, &len);
		} else {
			len = console_read_try(bounce, size, &would_block);
		}
		is_first = false;
		/* a buffer that is full may hold the beginning of a line */
		is_full = len == size && bounce[len - 1] != '\n';
		if (status == STATUS_OK) {
			status = stream_write(stream, bounce, len);
		}
		done += status ? 0 : len;
	}
	if (is_full && done > 0) {
		console_skip_end();
	}
	bounce_scrub(bounce, sizeof(bounce));
	return done ? (int64_t)done : status;
}

/* Chunk by chunk; the chunks before one that cannot be read count. */
static int64_t console_write_all(struct stream *stream)
{
	char bounce[BOUNCE_BYTES];
	uint64_t done = 0, chunk_end = 0;
	status_t status = STATUS_OK;

	while (stream->left_bytes > 0) {
		size_t len = 0;

		if (done == chunk_end) {
			status = stream_probe(*stream);
			chunk_end += WRITE_CHUNK_BYTES;
		}
		if (status == STATUS_OK) {
			status = stream_read(stream, bounce, MIN(chunk_end - done, sizeof(bounce)),
					     &len);
		}
		if (status == STATUS_OK && len && !console_write(bounce, len)) {
			status = STATUS_EIO;
		}
		if (status || len == 0) {
			break;
		}
		done += len;
		if (poll_call()) {
			status = STATUS_EINTR;
			break;
		}
	}
	bounce_scrub(bounce, sizeof(bounce));
	return done ? (int64_t)done : status;
}

bool descriptor_is_open(uint64_t fd)
{
	return (uint32_t)fd < 32 && process_current()->descriptors >> (uint32_t)fd & 1;
}

/* EBADF; EIO: it is open, but the console is another job's. */
static status_t check(uint64_t fd)
{
	if (!descriptor_is_open(fd)) {
		return STATUS_EBADF;
	}
	return witness_allows_console(process_current()) ? STATUS_OK : STATUS_EIO;
}

int64_t sys_read(uint64_t fd, uint64_t at, uint64_t len_bytes)
{
	struct stream stream;
	status_t status = check(fd);

	if (status == STATUS_OK) {
		status = stream_of_buffer(at, len_bytes, &stream);
	}
	return status ? status : console_read(&stream);
}

int64_t sys_write(uint64_t fd, uint64_t at, uint64_t len_bytes)
{
	struct stream stream;
	status_t status = check(fd);

	if (status == STATUS_OK) {
		status = stream_of_buffer(at, len_bytes, &stream);
	}
	return status ? status : console_write_all(&stream);
}

int64_t sys_readv(uint64_t fd, uint64_t vectors_at, uint64_t nr_vectors)
{
	struct stream stream;
	status_t status = check(fd);

	if (status == STATUS_OK) {
		status = stream_of_vectors(vectors_at, (uint32_t)nr_vectors, &stream);
	}
	return status ? status : console_read(&stream);
}

int64_t sys_writev(uint64_t fd, uint64_t vectors_at, uint64_t nr_vectors)
{
	struct stream stream;
	status_t status = check(fd);

	if (status == STATUS_OK) {
		status = stream_of_vectors(vectors_at, (uint32_t)nr_vectors, &stream);
	}
	return status ? status : console_write_all(&stream);
}

int64_t sys_close(uint64_t fd)
{
	if (!descriptor_is_open(fd)) {
		return STATUS_EBADF;
	}
	/* atomic: another thread may close another descriptor */
	__atomic_fetch_and(&process_current()->descriptors, ~(1u << (uint32_t)fd),
			   __ATOMIC_RELAXED);
	return STATUS_OK;
}

static status_t settings_set(uva_t from, enum settings_flush flush)
{
	const struct process *process = process_current();
	struct terminal_settings settings;
	bool may_quote;

	if (copy_from_user(&settings, from, sizeof(settings))) {
		return STATUS_EFAULT;
	}
	/* else an attack could write its own verdict, as root, too */
	may_quote = credentials_acting_uid(process) == 0 && !credentials_job(process).is_watched;
	console_settings_set(&settings, flush, may_quote ? 0 : OUTPUT_QUOTED);
	/* what was the beginning of a line may be readable now */
	console_wake_readers();
	return STATUS_OK;
}

int64_t sys_ioctl(uint64_t fd, uint64_t request, uint64_t argument)
{
	struct terminal_settings settings;
	struct console_size size;
	status_t status = check(fd);

	if (status) {
		return status;
	}
	switch ((uint32_t)request) {
	case CONSOLE_SETTINGS_GET:
		console_settings_get(&settings);
		return copy_to_user((uva_t){ argument }, &settings, sizeof(settings));
	case CONSOLE_SETTINGS_SET:
	case CONSOLE_SETTINGS_SET_DRAIN:
		return settings_set((uva_t){ argument }, SETTINGS_KEEP_INPUT);
	case CONSOLE_SETTINGS_SET_FLUSH:
		return settings_set((uva_t){ argument }, SETTINGS_DROP_INPUT);
	case CONSOLE_SIZE_GET:
		console_size_get(&size);
		return copy_to_user((uva_t){ argument }, &size, sizeof(size));
	default: return STATUS_ENOTTY;
	}
}
