/* program.h - another program, run without a shell, bounded in time and in what it says */
#ifndef CORE_PROGRAM_H
#define CORE_PROGRAM_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"

struct program {
	const char *path;	  /* absolute; nobody but its owner may write to it */
	const char *const *args;  /* behind the path, NULL-ended */
	const char *const *words; /* its environment, NAME=VALUE, NULL-ended */
	struct slice input;	  /* for its standard input */
	size_t max;		  /* most bytes that it may say */
	uint64_t ms;		  /* when it is ended, with all that it started */
};

/* Run it in a process group of its own, with no rights that it could gain, in "/". What it
   says is appended to *out. 0 when it ends with 0; else -1 with the reason, which is the
   last line of what it said on standard error, if it said something. Waits: any thread
   but a loop's. */
int program_run(const struct program *program, struct buf *out, struct err *err);

#endif
