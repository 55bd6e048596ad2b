/* The command that lists the boot archive. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bulwark.h"
#include "command.h"

static void print_long(const struct bw_archive_entry *entry)
{
	static const char letters[] = "rwxrwxrwx";
	char mode[sizeof(letters)];

	for (int bit = 0; bit < 9; bit++) {
		mode[bit] = (entry->mode >> (8 - bit)) & 1 ? letters[bit] : '-';
	}
	mode[9] = '\0';
	printf("%s %10" PRIu64 " %s\n", mode, entry->size_bytes, entry->name);
}

int cmd_ls(int argc, char *const argv[])
{
	bool is_long = argc > 1 && strcmp(argv[1], "-l") == 0;
	const char *path = argc > 1 + is_long ? argv[1 + is_long] : "";
	struct bw_archive_entry entry;
	size_t nr_shown = 0;

	if (argc > 2 + is_long || path[0] == '-') {
		return command_usage("ls");
	}
	path += path[0] == '/';
	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		if (strncmp(entry.name, path, strlen(path)) != 0) {
			continue;
		}
		if (is_long) {
			print_long(&entry);
		} else {
			puts(entry.name);
		}
		nr_shown++;
	}
	if (nr_shown == 0) {
		fprintf(stderr, "ls: nothing in the boot archive begins with `%s`\n", path);
		return 1;
	}
	return 0;
}
