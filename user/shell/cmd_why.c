/* The command that explains an address. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "explain.h"
#include "run.h"

/* The kernel's function of this name. */
static bool symbol_find(const char *name, size_t length, uint64_t *address)
{
	struct bw_symbol symbol;

	for (unsigned int i = 0; bw_symbol(i, &symbol) >= 0; i++) {
		if (strlen(symbol.name) == length && memcmp(symbol.name, name, length) == 0) {
			*address = symbol.address;
			return true;
		}
	}
	return false;
}

/* All of the text is one number: 0x1f or 31. False: said why. */
static bool number_parse(const char *text, const char *what, uint64_t *value)
{
	bool is_hex = strncmp(text, "0x", 2) == 0;
	const char *digits = text + (is_hex ? 2 : 0);
	size_t nr_digits = strspn(digits, is_hex ? "0123456789abcdefABCDEF" : "0123456789");

	if (nr_digits == 0 || digits[nr_digits] != '\0') {
		fprintf(stderr, "why: `%s` is no %s: 0x1f, or 31 in decimal\n", text, what);
		return false;
	}
	errno = 0;
	*value = strtoull(digits, NULL, is_hex ? 16 : 10);
	if (errno == ERANGE) {
		fprintf(stderr, "why: `%s` has more than 64 bits\n", text);
		return false;
	}
	return true;
}

/* A number, a symbol, or a symbol+number. False: said why. */
static bool address_parse(const char *text, uint64_t *address)
{
	size_t length = strcspn(text, "+");
	uint64_t offset = 0;

	if (text[0] >= '0' && text[0] <= '9') {
		return number_parse(text, "address", address);
	}
	if (!symbol_find(text, length, address)) {
		fprintf(stderr,
			"why: `%.*s` is no address (0x1f, or 31 in decimal), and no function of "
			"the kernel\n",
			(int)length, text);
		return false;
	}
	if (text[length] == '+' && !number_parse(text + length + 1, "offset", &offset)) {
		return false;
	}
	*address += offset;
	return true;
}

static bool pid_parse(const char *text, uint64_t *pid)
{
	if (!number_parse(text, "pid", pid)) {
		return false;
	}
	if (*pid == 0 || *pid > INT32_MAX) {
		fprintf(stderr, "why: `%s` is no pid: they are 1 to 2147483647\n", text);
		return false;
	}
	return true;
}

int cmd_why(int argc, char *const argv[])
{
	bool json = argc > 1 && (strcmp(argv[1], "-j") == 0 || strcmp(argv[1], "--json") == 0);
	const char *where = argc > 1 ? argv[1 + json] : NULL;
	const char *whose = where != NULL ? argv[2 + json] : NULL;
	static struct bw_explanation explanation;
	uint64_t address, pid = 0;
	long status;

	if (where == NULL || argc > 3 + json) {
		return command_usage("why");
	}
	if (!address_parse(where, &address) || (whose != NULL && !pid_parse(whose, &pid))) {
		return STATUS_USAGE;
	}
	status = bw_explain(address, (pid_t)pid, &explanation);
	if (status == -ESRCH) {
		fprintf(stderr, "why: no process has pid %d, or it has ended\n", (int)pid);
		return 1;
	}
	if (status < 0) {
		fprintf(stderr, "why: %s\n", strerror((int)-status));
		return 1;
	}
	fputs(json ? explanation.json : explanation.text, stdout);
	fputs(json ? "\n" : "", stdout);
	return 0;
}
