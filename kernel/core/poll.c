/* The hooks of what may come in between. */
#include "core/poll.h"

RO_AFTER_INIT struct poll_hooks poll_hooks;
