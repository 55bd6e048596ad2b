/* Looks up boot options and archive files by name. */
#include "bulwark.h"

#include <string.h>

int bw_option_find(const char *name, struct bw_option *option)
{
	struct bw_option each;

	for (unsigned int i = 0; bw_option(i, &each) >= 0; i++) {
		if (strcmp(each.name, name) == 0) {
			*option = each;
			return 0;
		}
	}
	return -ENOENT;
}

int bw_option_get(const char *name, char *value, size_t size_bytes)
{
	struct bw_option option;

	if (bw_option_find(name, &option) != 0) {
		return -ENOENT;
	}
	if (strlen(option.value) >= size_bytes) {
		return -ERANGE;
	}
	strcpy(value, option.value);
	return 0;
}

bool bw_option_is(const char *name, const char *value)
{
	struct bw_option option;

	return bw_option_find(name, &option) == 0 && strcmp(option.value, value) == 0;
}

bool bw_archive_has(const char *path)
{
	struct bw_archive_entry entry;

	for (unsigned int i = 0; bw_archive_entry(i, &entry) >= 0; i++) {
		if (strcmp(entry.name, path) == 0) {
			return true;
		}
	}
	return false;
}
