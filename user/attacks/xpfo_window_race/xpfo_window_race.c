/* While one processor holds a user frame in its private window, another uses the direct map. */
#include "attack.h"

int main(void)
{
	return attack_while_held("vuln_window_hold", bw_vuln_window_hold, "in its open window");
}
