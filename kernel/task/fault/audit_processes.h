/* What the audit looks at of processes. */
#pragma once

struct audit;

void audit_processes(struct audit *audit);
