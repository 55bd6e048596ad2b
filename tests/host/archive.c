/* sources: kernel/task/process/archive.c kernel/lib/format.c kernel/lib/string.c */

/*
 * The boot archive: what is found in it, and that every kind of damage is refused with a message.
 */
#include "host_assert.h"
#include "random.h"
#include "tap.h"
#include "ustar_build.h"

#include "task/process/archive.h"

static struct ustar builder;
static struct archive archive;
static struct archive_entry entries[16];

/* Mounts a copy that ends where the archive ends, so that reading on is noticed. */
static status_t mount(void)
{
	static uint8_t *copy;

	free(copy);
	copy = malloc(builder.len);
	memcpy(copy, builder.bytes, builder.len);
	return archive_mount(copy, builder.len, entries, 16, &archive);
}

static void refused(const char *name, const char *message)
{
	status_t status = mount();

	ok(status == STATUS_EINVAL && strstr(archive.error, message), "%s: refused, \"%s\"", name,
	   archive.error);
}

static void test_ordinary(void)
{
	const struct archive_entry *entry;
	unsigned nr;

	ustar_ordinary(&builder);
	is(archive_count(builder.bytes, builder.len, &nr, &archive), STATUS_OK, "a sound archive");
	is(nr, 3, "has three files");
	is(mount(), STATUS_OK, "and is mounted");
	is(archive.nr_entries, 3, "with three entries");
	is(archive_mount(builder.bytes, builder.len, entries, 2, &archive), STATUS_EINVAL,
	   "but not into an index of two");
	is(mount(), STATUS_OK, "mounted again");
	entry = archive_find(&archive, "bin/sh");
	ok(entry && entry->size_bytes == 13 && !memcmp(entry->data, "shell program", 13),
	   "a file is found");
	is(entry->mode, 0755, "with its permissions");
	ok(archive_find(&archive, "/bin/sh") == entry, "also with a leading slash");
	ok(archive_find(&archive, "//bin/sh") == entry, "or two");
	ok(archive_find(&archive, "/etc/empty")->size_bytes == 0, "an empty file");
	ok(!archive_find(&archive, "bin") && !archive_find(&archive, "bin/") &&
		   !archive_find(&archive, "") && !archive_find(&archive, "/") &&
		   !archive_find(&archive, "bin/s") && !archive_find(&archive, "bin/shh"),
	   "folders and other names are not found");
}

static void test_names(void)
{
	static const char *const bad[] = {
		"/bin/sh", "..",      "../sh",      "bin/../sh", "bin/..",
		".",       "./sh",    "bin/./sh",   "bin//sh",   "bin/",
		"",        "bin/s h", "bin/\033sh", "bin/\377",  "a\nb",
	};
	static const char *const good[] = { "a",   "a/b", "..a",  "a..", "a/..b",
					    "...", ".a",  "a/.b", "!~" };
	char long_name[101];
	size_t at;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		builder.len = 0;
		ustar_add(&builder, '0', bad[i], "x");
		ustar_end(&builder);
		refused("a name that is not plain", "not plain");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		builder.len = 0;
		ustar_add(&builder, '0', good[i], "x");
		ustar_end(&builder);
		is(mount(), STATUS_OK, "the name %s is taken", good[i]);
	}
	memset(long_name, 'n', sizeof(long_name));
	long_name[100] = '\0';
	builder.len = 0;
	ustar_add(&builder, '0', long_name, "x");
	ustar_end(&builder);
	refused("a name of 100 bytes", "too long");
	long_name[50] = '\0';
	builder.len = 0;
	at = ustar_add(&builder, '0', "tail", "x");
	strcpy((char *)builder.bytes + at + USTAR_PREFIX, long_name);
	ustar_sum(&builder, at);
	ustar_end(&builder);
	is(mount(), STATUS_OK, "a name in two parts");
	ok(strlen(entries[0].name) == 55 && !strcmp(entries[0].name + 50, "/tail"), "is joined");
	strcpy((char *)builder.bytes + at + USTAR_PREFIX, "..");
	ustar_sum(&builder, at);
	refused("a name whose first part is ..", "not plain");
}

static void test_ends(void)
{
	builder.len = 0;
	refused("an archive of no bytes", "cut off");
	ustar_end(&builder);
	refused("an archive without members", "there is no file in it");
	builder.len = 0;
	ustar_add(&builder, '5', "bin/", "");
	ustar_end(&builder);
	refused("an archive with folders alone", "there is no file in it");
	builder.len = 0;
	ustar_add(&builder, '0', "a", "x");
	refused("an archive without an end", "cut off");
	ustar_end(&builder);
	builder.len -= 512;
	refused("an archive with half an end", "cut off");
	ustar_ordinary(&builder);
	builder.bytes[builder.len - 1] = 1;
	refused("an end of one block", "one block of zeros");
	ustar_ordinary(&builder);
	for (size_t len = builder.len - 1; len > 0; len -= 1 + random_below(40)) {
		builder.len = len;
		if (mount() != STATUS_EINVAL || archive.error[0] == '\0') {
			ok(false, "cut to %zu bytes it is refused", len);
			return;
		}
		if (len < 41) {
			break;
		}
	}
	ok(true, "cut anywhere it is refused");
}

/* Damages one field of a header and makes the checksum right again. */
static void damage(size_t offset, const char *text, size_t len, const char *message)
{
	size_t at;

	builder.len = 0;
	at = ustar_add(&builder, '0', "bin/sh", "shell");
	memcpy(builder.bytes + at + offset, text, len);
	ustar_sum(&builder, at);
	ustar_end(&builder);
	refused(message, message);
}

static void test_fields(void)
{
	static const char links[] = "123467xgLKSV";

	damage(USTAR_SIZE, "77777777777", 12, "data is cut off");
	damage(USTAR_SIZE, "777777777777", 12, "data is cut off");
	damage(USTAR_SIZE, "00000003001", 12, "data is cut off");
	damage(USTAR_SIZE, "0000000000x", 12, "no octal number");
	damage(USTAR_SIZE, "0000000005 8", 12, "no octal number");
	damage(USTAR_SIZE, "-0000000001", 12, "no octal number");
	damage(USTAR_SIZE, "           ", 12, "no octal number");
	damage(USTAR_SIZE, "\0\0\0\0\0\0\0\0\0\0\0", 12, "no octal number");
	damage(USTAR_SIZE, "\200\0\0\0\0\0\0\0\0\0\0\5", 12, "no octal number");
	damage(100, "00007x5", 8, "no octal number");
	damage(USTAR_MAGIC, "ustar  ", 8, "not a ustar header");
	damage(USTAR_MAGIC, "ustar\00001", 8, "not a ustar header");
	for (size_t i = 0; i < sizeof(links) - 1; i++) {
		damage(USTAR_TYPE, &links[i], 1, "neither a file nor a directory");
	}
	ustar_ordinary(&builder);
	builder.bytes[512 + 3] ^= 1;
	refused("one bit of a header", "checksum is wrong");
	ok(strstr(archive.error, "offset 512"), "the message says where");
	builder.len = 0;
	ustar_add(&builder, '0', "bin/sh", "one");
	ustar_add(&builder, '0', "bin/sh", "two");
	ustar_end(&builder);
	refused("a name that comes twice", "two files are called bin/sh");
	builder.len = 0;
	ustar_add(&builder, '0', "bin/sh", "one");
	ustar_add(&builder, '0', "bin/a", "other");
	ustar_add(&builder, '0', "bin/sh", "two");
	ustar_end(&builder);
	refused("a name that comes again out of order", "two files are called bin/sh");
	builder.len = 0;
	ustar_add(&builder, '0', "bin/sh", "shell");
	memcpy(builder.bytes + USTAR_SIZE, "000000000005", 12);
	ustar_sum(&builder, 0);
	ustar_end(&builder);
	is(mount(), STATUS_OK, "a size of twelve digits");
	is(entries[0].size_bytes, 5, "ends with its field");
	ustar_ordinary(&builder);
	is(archive_mount(builder.bytes, builder.len, entries, 2, &archive), STATUS_EINVAL,
	   "an index too small");
	is(archive_mount(builder.bytes, builder.len, entries, 3, &archive), STATUS_OK,
	   "an index just large enough");
}

/* Whatever was damaged, what is mounted lies inside of the archive. */
static bool survives_damage(void)
{
	for (unsigned round = 0; round < 30000; round++) {
		ustar_ordinary(&builder);
		for (uint64_t i = random_below(4) + 1; i > 0; i--) {
			size_t at = random_below(5) * 512 + random_below(512);

			builder.bytes[at] = (uint8_t)random_next();
			if (random_below(2)) {
				ustar_sum(&builder, at / 512 * 512);
			}
		}
		if (mount() == STATUS_OK) {
			for (unsigned i = 0; i < archive.nr_entries; i++) {
				for (size_t at = 0; at < entries[i].size_bytes; at += 64) {
					(void)*(volatile const uint8_t *)(entries[i].data + at);
				}
				if (entries[i].size_bytes > builder.len) {
					return false;
				}
			}
		}
	}
	return true;
}

int main(void)
{
	test_ordinary();
	test_names();
	test_ends();
	test_fields();
	ok(survives_damage(), "random damage leads nowhere outside of the archive");
	return done_testing();
}
