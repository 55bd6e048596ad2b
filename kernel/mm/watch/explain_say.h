/* Tells an explanation, to people and to programs. */
#pragma once

#include "lib/json.h"
#include "lib/text.h"
#include "mm/watch/explain.h"

/*
 * Up to six lines: the address and its region, the frame, the frame's history, how each root leads
 * there, and the defence. Each line begins with two spaces and a label of 13 columns.
 */
void explanation_say(struct text *text, const struct explanation *explanation);
/* Parts of it. */
void explanation_say_address(struct text *text, const struct explanation *explanation);
void explanation_say_frame(struct text *text, const struct explanation *explanation);
void explanation_say_roots(struct text *text, const struct explanation *explanation);

/* Members of the object that is open: address, region. */
void explanation_json_address(struct json *json, const struct explanation *explanation);
/* kernel_walk, shadow_walk, frame. */
void explanation_json_walks(struct json *json, const struct explanation *explanation);
