/* The command that boots once more, with other options. */
#include <stdio.h>
#include <string.h>

#include "bulwark.h"
#include "command.h"
#include "run.h"

enum { WORDS_BYTES = 1024 };

/* True where `value` is one of the values in "off|local|sync". */
static bool is_value(const char *values, const char *value)
{
	size_t length = strlen(value);

	for (const char *at = values; *at != '\0'; at += at[0] == '|') {
		size_t each = strcspn(at, "|");

		if (each == length && strncmp(at, value, each) == 0) {
			return true;
		}
		at += each;
	}
	return false;
}

static int refuse_option(const char *word)
{
	struct bw_option option;

	fprintf(stderr, "reboot: `%s` sets no boot option; there are:", word);
	for (unsigned int i = 0; bw_option(i, &option) >= 0; i++) {
		fprintf(stderr, " %s", option.name);
	}
	fputc('\n', stderr);
	return STATUS_USAGE;
}

static int check_word(const char *word)
{
	char name[BW_NAME_MAX];
	size_t length = strcspn(word, "=");
	struct bw_option option;

	if (word[length] == '\0' || length >= sizeof(name)) {
		return refuse_option(word);
	}
	memcpy(name, word, length);
	name[length] = '\0';
	if (bw_option_find(name, &option) != 0) {
		return refuse_option(word);
	}
	if (!is_value(option.values, word + length + 1)) {
		fprintf(stderr, "reboot: `%s`: the values of %s are %s\n", word, name,
			option.values);
		return STATUS_USAGE;
	}
	return 0;
}

/* The words with a blank between each two; false where they do not fit. */
static bool join(char *const words[], char *text, size_t size_bytes)
{
	size_t used = 0;

	text[0] = '\0';
	for (; *words != NULL; words++) {
		size_t length = strlen(*words);

		if (used + length + 2 > size_bytes) {
			return false;
		}
		if (used > 0) {
			text[used++] = ' ';
		}
		memcpy(text + used, *words, length + 1);
		used += length;
	}
	return true;
}

int cmd_reboot(int argc, char *const argv[])
{
	char words[WORDS_BYTES], command[1];

	for (int i = 1; i < argc; i++) {
		int status = check_word(argv[i]);

		if (status != 0) {
			return status;
		}
	}
	if (bw_boot_command(command, sizeof(command)) != 0) {
		fprintf(stderr, "reboot: this machine was booted for one command, and would run it "
				"again: give OPTS to `make run` instead\n");
		return STATUS_USAGE;
	}
	if (!join(argv + 1, words, sizeof(words))) {
		return command_usage("reboot");
	}
	fflush(stdout);
	/* what follows on this line is for the shell that comes */
	fprintf(stderr, "reboot: %s\n", strerror((int)-bw_reboot(words, run_rest())));
	return STATUS_USAGE;
}
