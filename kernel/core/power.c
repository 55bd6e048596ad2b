/* The last words, then off. */
#include "core/power.h"

#include "arch/x86_64/device/power.h"
#include "core/log.h"

void power_off(int status)
{
	log_print("bulwark: exit status %d\n", status);
	log_drain();
	power_cut(status);
}
