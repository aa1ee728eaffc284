/* files.h - files that are part of the program: pages, style, pictures
 *
 * tools/mkfiles writes the table from webadmin/pages and webadmin/static. */
#ifndef CORE_FILES_H
#define CORE_FILES_H

#include "core/buf.h"

struct file {
	const char *name; /* "pages/login.html", "static/signet.css" */
	struct slice data;
	const char *tag; /* of the content: another content, another tag */
};

/* Sorted by name; ends with a NULL name. */
extern const struct file files_table[];
extern const size_t files_table_n;

/* The file of that name, or NULL. Any thread. */
const struct file *files_find(struct slice name);

#endif
