/* A page that came with the program's file. */
#include "attack.h"

/* Of what is in the file, exec fills the pages at the ends in part, and those between whole. */
enum { NR_PAGES = 3 };
static char pages[NR_PAGES * BW_PAGE_SIZE] __attribute__((aligned(BW_PAGE_SIZE))) = { 1 };

void *attack_file_page(void) { return pages + BW_PAGE_SIZE; }
