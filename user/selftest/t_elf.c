/* execve of well-formed and malformed ELF images, which tools/gen-bad-elfs.pl makes. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "tap.h"

enum {
	CODE_OF_MINIMAL = 42,
	CODE_REFUSED = 100,
	CODE_NO_MEMORY = 101,
	CODE_OTHER = 102,
	LEAST_BAD = 20
};

/* What execve made of it; the image's own exit code where it ran. */
static int exec_image(void *path)
{
	char *const arguments[] = { path, NULL };
	char *const nothing[] = { NULL };

	execve(path, arguments, nothing);
	if (errno == ENOEXEC) {
		return CODE_REFUSED;
	}
	return errno == ENOMEM ? CODE_NO_MEMORY : CODE_OTHER;
}

static bool begins_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void test_image(const char *name, const char *path)
{
	struct bw_report report = { 0 };
	int status = child_run_reported(exec_image, (void *)path, &report);
	int code = child_exit_code(status);
	bool is_huge = strstr(name, "huge") != NULL;

	if (begins_with(name, "good-minimal")) {
		tap_is(code, CODE_OF_MINIMAL, "a minimal image runs");
	} else if (begins_with(name, "good-registers")) {
		tap_is(code, 0, "a program begins with its registers zero");
	} else if (begins_with(name, "good-")) {
		tap_is(code, 0, "%s runs", name);
	} else if (begins_with(name, "bad-")) {
		tap_ok(code == CODE_REFUSED || (is_huge && code == CODE_NO_MEMORY), "%s is refused",
		       name);
		if (code != CODE_REFUSED && code != CODE_NO_MEMORY) {
			tap_note("wait status 0x%x", status);
		}
	} else {
		tap_ok(status >= 0 && report.end != BW_END_KERNEL_FAULT, "%s harms only itself",
		       name);
	}
}

int main(void)
{
	struct bw_archive_entry entry;
	char path[sizeof(entry.name) + 1];
	int nr_bad = 0;

	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		const char *name = entry.name + strlen("etc/");

		if (begins_with(entry.name, "etc/good-") || begins_with(entry.name, "etc/bad-") ||
		    begins_with(entry.name, "etc/odd-")) {
			snprintf(path, sizeof(path), "/%s", entry.name);
			test_image(name, path);
			nr_bad += begins_with(name, "bad-");
		}
	}
	tap_ok(nr_bad >= LEAST_BAD, "the archive holds bad images to try");
	return tap_done();
}
