/* Fills memory with a marker, small pages and huge ones, says "holding" and sleeps, or with an
 * argument stays in user mode: for dumps from outside. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGE = 4096, NR_PAGES = 1024, HUGE_PAGE = 2 << 20 };

static void fill(char *at, size_t len_bytes)
{
	for (size_t i = 0; i < len_bytes; i += PAGE) {
		strcpy(at + i, "bulwark-user-page");
	}
}

int main(int argc, char *argv[])
{
	(void)argv;
	char *small = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *huge = mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (small == MAP_FAILED || huge == MAP_FAILED) {
		return 1;
	}
	fill(small, NR_PAGES * PAGE);
	fill(huge, HUGE_PAGE);
	printf("holding\n");
	fflush(stdout);
	for (;;) {
		if (argc == 1) {
			sleep(1);
		}
	}
}
