/* execve: the new address space is complete before the old one goes. */
#include "task/process/exec.h"

#include "arch/x86_64/entry/context.h"
#include "arch/x86_64/entry/switch.h"
#include "core/log.h"
#include "core/poll.h"
#include "lib/string.h"
#include "mm/as/as.h"
#include "task/authority/credentials.h"
#include "task/authority/program_policy.h"
#include "task/authority/witness.h"
#include "task/ipc/ipc.h"
#include "task/process/boot_archive.h"
#include "task/process/exec_args.h"
#include "task/process/exec_path.h"
#include "task/process/exec_stack.h"
#include "task/process/process.h"
#include "task/process/process_end.h"
#include "task/process/signal.h"

/* What the new program starts with. */
struct program {
	const struct archive_entry *file; /* no user bytes are kept */
	const struct elf_image *image;
	struct as *as;
	uint64_t rsp;
};

static unsigned rights_of(const struct elf_segment *segment)
{
	return RIGHT_READ | (segment->rights & ELF_WRITE ? RIGHT_WRITE : 0) |
	       (segment->rights & ELF_EXECUTE ? RIGHT_EXECUTE : 0);
}

/* What lies behind the file's bytes in the segment is zero, as untouched memory is. */
static status_t segment_load(struct as *as, const struct elf_segment *segment, const uint8_t *file)
{
	uint64_t start = align_down(segment->start.uva, PAGE_SIZE);
	uint64_t end = align_up(segment->start.uva + segment->len_bytes, PAGE_SIZE);
	uva_t at;
	status_t status =
		as_map(as, AS_MAP_FIXED_NOREPLACE, start, end - start, rights_of(segment), 0, &at);

	if (status == STATUS_OK && segment->file_len_bytes) {
		status = as_load(as, segment, file);
	}
	return status;
}

/* A piece of the call for each segment: as_load ends none behind its last pages. */
static status_t image_load(struct as *as, const struct elf_image *image, const uint8_t *file)
{
	status_t status = STATUS_OK;

	for (unsigned i = 0; i < image->nr_segments && status == STATUS_OK; i++) {
		status = segment_load(as, &image->segments[i], file);
		if (status == STATUS_OK && poll_call()) {
			status = STATUS_EINTR;
		}
	}
	as->heap_start = image->end.uva;
	as->heap_end = image->end.uva;
	return status == STATUS_EEXIST || status == STATUS_EINVAL ? STATUS_ENOEXEC : status;
}

static status_t program_build(const struct archive_entry *file, struct exec_args *args,
			      struct program *out)
{
	const struct program_file *program = boot_archive_program(file);
	status_t status = program->refusal;
	unsigned index;

	if (status) {
		log_print("bulwark: %s does not run: %s\n", file->name, program->image->error);
		return status;
	}
	*out = (struct program){ .file = file, .image = program->image };
	status = boot_archive_index(file, &index) ? as_create_for(index, &out->as) : STATUS_ENOENT;
	if (status) {
		return status;
	}
	status = poll_call() ? STATUS_EINTR : image_load(out->as, program->image, program->bytes);
	if (status == STATUS_OK) {
		status = exec_stack_build(out->as, args, &out->rsp);
	}
	if (status) {
		as_put(out->as);
	}
	return status;
}

static void name_set(struct process *process, const struct archive_entry *file)
{
	lock_acquire(&process_lock);
	string_copy(process->name, path_base_name(file->name), sizeof(process->name));
	lock_release(&process_lock);
}

/* From here on the process is bound by the program's rule alone; where the program has none, it
 * stays bound as it was. EFAULT: it is who it was, and must end. */
static status_t rule_apply(struct process *process, const struct program *program)
{
	uint32_t caller = credentials_uid(process);
	status_t status = credentials_become(process, program->file, program->as, program->rsp);

	if (status) {
		return status;
	}
	if (credentials_uid(process) != caller) {
		/* a C library would open those that its caller closed, or refuse to start */
		process->descriptors = DESCRIPTORS_CONSOLE;
	}
	process->uid_first = credentials_uid(process);
	process->has_execed = true;
	process->end_signal = SIGNAL_CHLD;
	process_set_band(process, process->uid_first);
	process->calls_refused = 0;
	return STATUS_OK;
}

/* Nothing of the old program survives: memory, registers, floating-point state. On failure the
 * process ends: of the new program nothing has run. */
static status_t program_commit(const struct program *program)
{
	struct thread *thread = thread_current();
	struct process *process = thread->process;
	struct as *old = process->as;
	status_t status;

	witness_look_at_pages(process);
	status = rule_apply(process, program);
	if (status) {
		process_end_insecure("execve");
		as_put(program->as);
		return status;
	}
	name_set(process, program->file);
	process->as = program->as;
	as_switch(program->as);
	program_bind(process);
	if (old) {
		as_put(old);
	}
	process_vfork_release(process);
	thread->fs_base = 0;
	thread->clear_child_tid = (uva_t){ 0 };
	thread->futex_seen = (struct futex_seen){ 0 };
	segments_clear();
	msr_write(MSR_FS_BASE, 0);
	fpu_area_init(thread->fpu);
	fpu_load(thread->fpu);
	return STATUS_OK;
}

static _Noreturn void program_enter(const struct program *program)
{
	struct regs *regs = thread_top_regs(thread_current());

	*regs = (struct regs){
		.vector = VECTOR_SYSCALL,
		.rip = program->image->entry.uva,
		.rsp = program->rsp,
		.rflags = RFLAGS_IF | RFLAGS_FIXED,
		.cs = SELECTOR_USER_CODE,
		.ss = SELECTOR_USER_DATA,
	};
	thread_enter_user(regs);
}

/* Takes the arguments over. */
static status_t exec_with(struct exec_args *args)
{
	struct process *process = process_current();
	struct program program;
	const struct archive_entry *file;
	status_t status = exec_path_find(args->bounce->path, &file);

	if (status == STATUS_OK) {
		status = program_build(file, args, &program);
	}
	if (status == STATUS_OK) {
		status = process_end_others();
		if (status) {
			as_put(program.as);
		} else {
			ipc_thread_exit(thread_current());
			endpoints_stop_serving(process);
			status = program_commit(&program);
		}
	}
	exec_args_put(args);
	if (status) {
		return status;
	}
	program_enter(&program);
}

status_t exec_from_user(uva_t path, uva_t argv, uva_t envp)
{
	struct exec_args args;
	status_t status = exec_args_get(&args);

	if (status) {
		return status;
	}
	status = exec_args_fetch_path(&args, path);
	if (status == STATUS_OK) {
		status = exec_args_fetch(&args, argv, envp);
	}
	if (status) {
		exec_args_put(&args);
		return status;
	}
	return exec_with(&args);
}

status_t exec_first(const char *path)
{
	struct exec_args args;
	status_t status = exec_args_get(&args);

	if (status) {
		return status;
	}
	string_copy(args.bounce->path, path, sizeof(args.bounce->path));
	status = exec_args_add(&args, path);
	if (status) {
		exec_args_put(&args);
		return status;
	}
	return exec_with(&args);
}
