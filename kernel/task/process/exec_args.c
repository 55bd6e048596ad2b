/* Collects the strings for a new program. */
#include "task/process/exec_args.h"

#include "core/poll.h"
#include "lib/string.h"
#include "mm/as/usercopy.h"
#include "mm/frame/direct_map.h"
#include "mm/frame/frame_alloc.h"
#include "task/sched/bounce.h"

enum { BOUNCE_ORDER = 2, STRINGS_PER_PIECE = 16 };

status_t exec_args_get(struct exec_args *args)
{
	pfn_t first;
	status_t status = frame_alloc_copied(BOUNCE_ORDER, &first);

	if (status == STATUS_OK) {
		*args = (struct exec_args){ .bounce = direct_map_pointer(first) };
	}
	return status;
}

void exec_args_put(struct exec_args *args)
{
	bounce_scrub(args->bounce, sizeof(*args->bounce));
	frame_free_kernel(pointer_to_pfn(args->bounce), BOUNCE_ORDER);
	args->bounce = NULL;
}

static bool is_full(const struct exec_args *args)
{
	return args->nr_arguments + args->nr_variables == EXEC_STRINGS_MAX ||
	       args->len_bytes == EXEC_STRINGS_BYTES;
}

/* Appends one string. */
static status_t fetch_string(struct exec_args *args, uva_t from)
{
	size_t len;
	status_t status;

	if (is_full(args)) {
		return STATUS_E2BIG;
	}
	status = copy_string_from_user(args->bounce->strings + args->len_bytes, from,
				       EXEC_STRINGS_BYTES - args->len_bytes, &len);
	if (status) {
		return status == STATUS_ENAMETOOLONG ? STATUS_E2BIG : status;
	}
	args->len_bytes += len + 1;
	return STATUS_OK;
}

/* Appends the strings of a null-terminated array of pointers; each pointer is fetched once. */
static status_t fetch_array(struct exec_args *args, uva_t array, unsigned *nr)
{
	while (array.uva) {
		uint64_t string;
		status_t status = load_user_u64(array, &string);

		if (status || !string) {
			return status;
		}
		status = fetch_string(args, (uva_t){ string });
		if (status) {
			return status;
		}
		(*nr)++;
		array.uva += sizeof(string);
		if (*nr % STRINGS_PER_PIECE == 0 && poll_call()) {
			return STATUS_EINTR;
		}
	}
	return STATUS_OK;
}

status_t exec_args_fetch_path(struct exec_args *args, uva_t path)
{
	size_t len;

	return copy_string_from_user(args->bounce->path, path, EXEC_PATH_BYTES, &len);
}

status_t exec_args_fetch(struct exec_args *args, uva_t argv, uva_t envp)
{
	status_t status = fetch_array(args, argv, &args->nr_arguments);

	if (status == STATUS_OK && args->nr_arguments == 0) {
		status = exec_args_add(args, "");
	}
	return status ? status : fetch_array(args, envp, &args->nr_variables);
}

status_t exec_args_add(struct exec_args *args, const char *argument)
{
	size_t size = strlen(argument) + 1;

	if (is_full(args) || size > EXEC_STRINGS_BYTES - args->len_bytes) {
		return STATUS_E2BIG;
	}
	memcpy(args->bounce->strings + args->len_bytes, argument, size);
	args->len_bytes += size;
	args->nr_arguments++;
	return STATUS_OK;
}
