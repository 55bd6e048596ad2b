/*
 * Watching memory: a process of its own draws the map again and again while the shell runs a
 * command, or waits. It draws on the canvas, else on the terminal; where there is neither, the map
 * is printed before and after, or once a second.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "map.h"
#include "run.h"
#include "terminal.h"

/* Looks are more frequent than pictures: the height of a command may be over in a moment. */
enum { LOOK_NS = 10000000, LOOKS_PER_DRAW = 6, TITLE_BYTES = 64, NAME_COLUMNS = 28 };

/* What draws. */
struct view {
	void (*draw)(const struct map *map, const char *title);
	void (*end)(void);
	bool is_live; /* can be drawn upon again and again */
};

/* Shared with the process that draws. */
struct watch {
	volatile bool is_over;
	pid_t shell;
	struct view view;
	char command[NAME_COLUMNS + 1];
	struct map now;
	struct map height; /* when the fewest frames were free */
};

static void nothing(void) {}

static void plain_draw(const struct map *map, const char *title)
{
	struct map_layout layout = map_layout_plain();

	map_print(map, &layout, title, stdout);
	fflush(stdout);
}

static int view_init(struct view *view, struct map *map)
{
	struct map_layout layout = map_layout_plain();

	if (map_canvas_init(map)) {
		*view = (struct view){ map_canvas_draw, nothing, true };
		return 0;
	}
	if (map_terminal_init(map)) {
		*view = (struct view){ map_terminal_draw, map_terminal_end, true };
		return 0;
	}
	*view = (struct view){ plain_draw, nothing, false };
	return map_init(map, layout.nr_columns * layout.nr_rows);
}

static void look(struct watch *watch)
{
	map_read(&watch->now);
	if (watch->height.nr_frames == 0 ||
	    map_nr_free(&watch->now) < map_nr_free(&watch->height)) {
		watch->height = watch->now;
	}
}

static void draw(const struct watch *watch, const struct map *map, const char *when)
{
	char title[TITLE_BYTES];

	snprintf(title, sizeof(title), "%s `%s`", when, watch->command);
	watch->view.draw(map, title);
}

/* Never returns. The shell may be gone without a word. */
static _Noreturn void follow_command(struct watch *watch)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };

	for (unsigned int i = 0; !watch->is_over && getppid() == watch->shell; i++) {
		look(watch);
		if (watch->view.is_live && i % LOOKS_PER_DRAW == 0) {
			draw(watch, &watch->now, "during");
		}
		nanosleep(&pause, NULL);
	}
	look(watch);
	draw(watch, &watch->height, "at the height of");
	_exit(0);
}

static _Noreturn void follow_clock(struct watch *watch, unsigned int nr_seconds)
{
	const struct timespec pause = {
		.tv_sec = watch->view.is_live ? 0 : 1,
		.tv_nsec = watch->view.is_live ? LOOK_NS * LOOKS_PER_DRAW : 0,
	};
	struct timespec now, start;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		look(watch);
		watch->view.draw(&watch->now, "live");
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec < nr_seconds && getppid() == watch->shell);
	_exit(0);
}

static struct watch *watch_open(void)
{
	struct watch *watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (watch == MAP_FAILED) {
		perror("map");
		return NULL;
	}
	watch->shell = getpid();
	if (view_init(&watch->view, &watch->now) < 0) {
		fprintf(stderr, "map: memory cannot be read\n");
		munmap(watch, sizeof(*watch));
		return NULL;
	}
	return watch;
}

/* Blocks until the process that draws has ended. */
static void watch_close(struct watch *watch, pid_t painter)
{
	watch->is_over = true;
	if (painter > 0) {
		waitpid(painter, NULL, 0);
	}
	watch->view.end();
	munmap(watch, sizeof(*watch));
}

static pid_t start_painter(void)
{
	pid_t painter;

	fflush(stdout);
	painter = fork();
	if (painter < 0) {
		perror("map: fork");
	}
	return painter;
}

static void name_command(struct watch *watch, int argc, char *const argv[])
{
	size_t length = 0;

	for (int i = 0; i < argc && length < NAME_COLUMNS; i++) {
		length += (size_t)snprintf(watch->command + length, NAME_COLUMNS + 1 - length,
					   "%s%s", i > 0 ? " " : "", argv[i]);
	}
}

int map_watch_command(int argc, char *const argv[])
{
	struct watch *watch = watch_open();
	pid_t painter;
	int status;

	if (watch == NULL) {
		return 1;
	}
	name_command(watch, argc, argv);
	look(watch);
	if (!watch->view.is_live) {
		draw(watch, &watch->now, "before");
	}
	painter = start_painter();
	if (painter == 0) {
		follow_command(watch);
	}
	status = painter > 0 ? run_words(argc, argv) : 1;
	fflush(stdout);
	watch_close(watch, painter);
	return status;
}

int map_watch_clock(unsigned int nr_seconds)
{
	struct watch *watch = watch_open();
	pid_t painter;

	if (watch == NULL) {
		return 1;
	}
	painter = start_painter();
	if (painter == 0) {
		/* the interrupt key ends it */
		bw_job_begin(BW_JOB_ORDINARY);
		follow_clock(watch, nr_seconds);
	}
	watch_close(watch, painter);
	bw_foreground_end();
	return painter > 0 ? 0 : 1;
}
