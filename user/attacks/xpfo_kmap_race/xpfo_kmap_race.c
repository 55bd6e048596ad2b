/* While one processor holds a user frame by xpfo_kmap, another uses the direct map. */
#include "attack.h"

int main(void) { return attack_while_held("vuln_kmap_hold", bw_vuln_kmap_hold, "by xpfo_kmap"); }
