/*
 * Console calls: descriptors 0, 1 and 2 are the console until they are closed, and there are no
 * others.
 */
#include "task/sys_io.h"

#include "core/poll.h"
#include "mm/usercopy.h"
#include "task/bounce.h"
#include "task/console.h"
#include "task/credentials.h"
#include "task/process.h"
#include "task/sched.h"
#include "task/syscall.h"
#include "task/wait.h"
#include "task/witness.h"

enum { VECTORS_MAX = 1024 };

/* Linux's struct iovec. */
struct io_vector {
	uint64_t at, len_bytes;
};

typedef int64_t transfer(uva_t at, uint64_t len_bytes);

static struct wait_queue readers = { WAIT_QUEUE_INIT(readers) };

void console_wake_readers(void) { wait_wake_all(&readers); }

void console_calls_init(void) { console_readable_hook = console_wake_readers; }

/* Blocks until there is something. 0: end of file. EIO: the console is another job's by now. */
static status_t wait_and_read(char *buffer, size_t size_bytes, size_t *len)
{
	struct waiter waiter;
	bool would_block;
	status_t status = STATUS_OK;

	*len = 0;
	wait_enter(&readers, &waiter);
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
		sched_block();
	}
	wait_leave(&readers, &waiter);
	return status;
}

/* Blocks. At most one bounce buffer full, which a reader must expect of a terminal. */
static int64_t console_read(uva_t at, uint64_t len_bytes)
{
	char bounce[BOUNCE_BYTES];
	size_t len;
	status_t status;

	if (!user_range_ok(at, len_bytes)) {
		return STATUS_EFAULT;
	}
	if (len_bytes == 0) {
		return 0;
	}
	status = wait_and_read(bounce, MIN(len_bytes, sizeof(bounce)), &len);
	if (status == STATUS_OK) {
		status = copy_to_user(at, bounce, len);
	}
	bounce_scrub(bounce, sizeof(bounce));
	return status ? status : (int64_t)len;
}

/* What was written before a bad address counts. */
static int64_t write_piecewise(uva_t at, uint64_t len_bytes)
{
	char bounce[BOUNCE_BYTES];
	uint64_t done = 0;
	status_t status = STATUS_OK;

	if (!user_range_ok(at, len_bytes)) {
		return STATUS_EFAULT;
	}
	len_bytes = MIN(len_bytes, CALL_BYTES_MAX);
	while (done < len_bytes) {
		uint64_t piece = MIN(len_bytes - done, sizeof(bounce));

		status = copy_from_user(bounce, (uva_t){ at.uva + done }, piece);
		if (status == STATUS_OK && thread_must_exit()) {
			status = STATUS_EINTR;
		}
		if (status == STATUS_OK && !console_write(bounce, piece)) {
			status = STATUS_EIO;
		}
		if (status) {
			break;
		}
		done += piece;
		if (poll_call()) {
			break;
		}
	}
	bounce_scrub(bounce, sizeof(bounce));
	return done ? (int64_t)done : status;
}

/* One after the other, until one is not done in full. Each vector is fetched once. */
static int64_t transfer_vectors(transfer *one, uint64_t vectors_at, uint64_t nr_vectors)
{
	int64_t total = 0;

	if (nr_vectors > VECTORS_MAX) {
		return STATUS_EINVAL;
	}
	for (uint64_t i = 0; i < nr_vectors; i++) {
		struct io_vector vector;
		int64_t done;

		if (copy_from_user(&vector, (uva_t){ vectors_at + i * sizeof(vector) },
				   sizeof(vector))) {
			return total ? total : STATUS_EFAULT;
		}
		if ((int64_t)vector.len_bytes < 0) {
			return total ? total : STATUS_EINVAL;
		}
		done = one((uva_t){ vector.at }, vector.len_bytes);
		if (done < 0) {
			return total ? total : done;
		}
		total += done;
		if ((uint64_t)done < vector.len_bytes || poll_call()) {
			break;
		}
	}
	return total;
}

static bool is_open(uint64_t fd)
{
	return (uint32_t)fd < 32 && process_current()->descriptors >> (uint32_t)fd & 1;
}

/* EBADF; EIO: it is open, but the console is another job's. */
static status_t check(uint64_t fd)
{
	if (!is_open(fd)) {
		return STATUS_EBADF;
	}
	return witness_allows_console(process_current()) ? STATUS_OK : STATUS_EIO;
}

int64_t sys_read(uint64_t fd, uint64_t at, uint64_t len_bytes)
{
	status_t status = check(fd);

	return status ? status : console_read((uva_t){ at }, len_bytes);
}

int64_t sys_write(uint64_t fd, uint64_t at, uint64_t len_bytes)
{
	status_t status = check(fd);

	return status ? status : write_piecewise((uva_t){ at }, len_bytes);
}

int64_t sys_readv(uint64_t fd, uint64_t vectors_at, uint64_t nr_vectors)
{
	status_t status = check(fd);

	return status ? status : transfer_vectors(console_read, vectors_at, nr_vectors);
}

int64_t sys_writev(uint64_t fd, uint64_t vectors_at, uint64_t nr_vectors)
{
	status_t status = check(fd);

	return status ? status : transfer_vectors(write_piecewise, vectors_at, nr_vectors);
}

int64_t sys_close(uint64_t fd)
{
	if (!is_open(fd)) {
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
