/* The ends of a long call's pieces: core/poll.h has what callers use. */
#pragma once

/* Boot: from here on others come in between. */
void call_pieces_init(void);
