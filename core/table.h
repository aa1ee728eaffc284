/* table.h - rows that announce themselves, collected into tables by the build */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <stddef.h>

/*
 * A feature is one row, a constant struct, next to the code that it describes.
 * Nobody keeps a list of the rows: tools/mktables finds them and writes
 * gen/table_KIND.c.  Adding a feature is adding a file.
 *
 * The header of a kind declares the struct, the table, and the word that
 * begins a row:
 *
 *	struct imap_command {
 *		const char *name;
 *		int (*run)(struct imap *im, struct slice args);
 *	};
 *	TABLE_DECLARE(imap_command);
 *	#define IMAP_COMMAND(id) TABLE_ROW(imap_command, id)
 *
 * Any .c file may then have rows, each beginning at column 0:
 *
 *	IMAP_COMMAND(unselect) = { .name = "UNSELECT", .run = run };
 *
 * and whoever needs them all walks the table, which is sorted by id (as strcmp
 * does) and ends with NULL:
 *
 *	for (size_t i = 0; i < imap_command_table_n; i++)
 *		use(imap_command_table[i]);
 *
 * A row is a global variable, so its own module can name it directly
 * (&imap_command_unselect).  The same id twice in one table is an error.
 * There may be several words for one kind (CONF_SIZE, CONF_BOOL for conf_key).
 */
#define TABLE_DECLARE(kind)                                                                        \
	extern const struct kind *const kind##_table[];                                            \
	extern const size_t kind##_table_n

/* The declaration keeps compilers quiet that want one before each global. */
#define TABLE_ROW(kind, id)                                                                        \
	extern const struct kind kind##_##id;                                                      \
	const struct kind kind##_##id

#endif
