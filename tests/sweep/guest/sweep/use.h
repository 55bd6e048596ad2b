/* What an attacker does with what a store may have given it. */
#pragma once

/* With a page of its own: it may be another's by now. Writes to it where that matters. */
void use_page(volatile void *page);
/* With the flags that the kernel gave it: ports write any memory. Does nothing where it may not. */
void use_flags(void);
/* With ports that the kernel never gave it: faults where it has none. */
void use_ports(void);
