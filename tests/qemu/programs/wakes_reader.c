/*
 * A thread sleeps in read() for the end of a line. Another makes what is there of it readable, by
 * leaving line mode for a moment: the reader must return with it, though nobody types any more.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { PAUSE_US = 20000, SECONDS = 20 };

static char typed[16];
static atomic_int is_done;

static void *read_some(void *unused)
{
	ssize_t len = read(STDIN_FILENO, typed, sizeof(typed) - 1);

	(void)unused;
	typed[len > 0 ? len : 0] = '\0';
	is_done = 1;
	return NULL;
}

int main(void)
{
	struct termios lines, bytes;
	pthread_t reader;

	tcgetattr(STDIN_FILENO, &lines);
	bytes = lines;
	bytes.c_lflag &= ~(tcflag_t)ICANON;
	alarm(SECONDS);
	if (pthread_create(&reader, NULL, read_some, NULL)) {
		return 1;
	}
	printf("wakes_reader: type\n");
	while (!is_done) {
		usleep(PAUSE_US);
		tcsetattr(STDIN_FILENO, TCSANOW, &bytes);
		tcsetattr(STDIN_FILENO, TCSANOW, &lines);
	}
	pthread_join(reader, NULL);
	printf("\nwakes_reader: %s\n", typed);
	return 0;
}
