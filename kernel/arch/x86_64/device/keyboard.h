/* The PS/2 keyboard, US layout, as a source of terminal bytes. Raises IRQ 1. */
#pragma once

/* Empties the controller's buffer. What was typed before is lost. */
void keyboard_init(void);

/*
 * The next byte typed, 0 to 255, or -1 when there is none. A key may yield several: the arrows give
 * ESC [ A and so on. Call until it returns -1.
 */
int keyboard_try_read(void);
