/* NMIs that attacks ask for. */
#pragma once

/* Boot, with vuln=on. */
void vuln_nmi_init(void);
