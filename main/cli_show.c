/* cli_show.c - an answer for people: sentences, "key: value", tables, a progress bar */
#include "main/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a peer once sent must not steer the terminal: controls, also those of
   U+0080 to U+009F, are shown as '?'. */
static void put_safe(FILE *out, const char *text, bool lines)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
		bool line_end = *p == '\n' || (*p == '\r' && p[1] == '\n');

		p += c1;
		if (c1 || (*p < ' ' && !(lines && (line_end || *p == '\t'))) || *p == 0x7f)
			fputc('?', out);
		else
			fputc(*p, out);
	}
}

/* Characters, not bytes. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static char *text_of(const json_t *json)
{
	struct buf text = { 0 };

	if (json_is_string(json))
		buf_addz(&text, json_string_value(json));
	else if (json_is_integer(json))
		buf_printf(&text, "%lld", (long long)json_integer_value(json));
	else if (json_is_boolean(json))
		buf_addz(&text, json_is_true(json) ? "yes" : "no");
	buf_z(&text);
	return text.p;
}

static void pad(FILE *out, size_t n)
{
	while (n-- > 0)
		fputc(' ', out);
}

/* --- fields --- */

static bool is_field(const char *key, const json_t *value)
{
	return strcmp(key, "ok") != 0 && strcmp(key, "message") != 0 && !json_is_array(value) &&
	    !json_is_object(value);
}

static void show_field(FILE *out, const char *key, const char *text, size_t column)
{
	fprintf(out, "%s:", key);
	if (strchr(text, '\n')) {
		fputc('\n', out);
	} else if (*text) {
		pad(out, column - strlen(key) + 1);
	}
	put_safe(out, text, true);
	if (!*text || text[strlen(text) - 1] != '\n')
		fputc('\n', out);
}

/* A whole file, perhaps for a pipe: PEM, or base64 in one line that nobody reads. */
static bool is_file(const char *text)
{
	enum { VALUE_MAX = 256 };

	return strchr(text, '\n') || strlen(text) > VALUE_MAX;
}

static void show_file(FILE *out, const char *text)
{
	put_safe(out, text, true);
	if (text[strlen(text) - 1] != '\n')
		fputc('\n', out);
}

static void show_fields(const json_t *answer, FILE *out)
{
	const char *key;
	json_t *value;
	size_t column = 0, n = 0;

	json_object_foreach((json_t *)answer, key, value)
	{
		n += is_field(key, value);
		if (is_field(key, value) && strlen(key) > column)
			column = strlen(key);
	}
	json_object_foreach((json_t *)answer, key, value)
	{
		if (!is_field(key, value))
			continue;
		char *text = text_of(value);
		if (n == 1 && is_file(text))
			show_file(out, text);
		else
			show_field(out, key, text, column);
		free(text);
	}
}

/* --- tables --- */

struct column {
	const char *key;
	size_t width;
	bool numbers; /* to the right */
};

struct table {
	struct column *columns;
	size_t n;
};

static struct column *column_of(struct table *table, const char *key)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->columns[i].key, key) == 0)
			return &table->columns[i];
	table->columns = mem_resize(table->columns, (table->n + 1) * sizeof *table->columns);
	table->columns[table->n] =
	    (struct column){ .key = key, .width = strlen(key), .numbers = true };
	return &table->columns[table->n++];
}

/* Rows need not have all the fields: columns come in the order in which keys
   are met. */
static void measure(struct table *table, const json_t *rows)
{
	size_t i;
	json_t *row, *value;
	const char *key;

	json_array_foreach(rows, i, row)
	{
		json_object_foreach(row, key, value)
		{
			struct column *column = column_of(table, key);
			char *text = text_of(value);

			if (width(text) > column->width)
				column->width = width(text);
			column->numbers = column->numbers && json_is_integer(value);
			free(text);
		}
	}
}

static void show_cell(FILE *out, const struct column *column, const char *text, bool last)
{
	size_t space = column->width - width(text);

	if (column->numbers)
		pad(out, space);
	put_safe(out, text, false);
	if (!column->numbers && !last)
		pad(out, space);
	fputs(last ? "\n" : "  ", out);
}

static void show_rows(const json_t *rows, FILE *out)
{
	struct table table = { 0 };
	json_t *row;
	size_t i;

	measure(&table, rows);
	for (size_t c = 0; c < table.n; c++)
		show_cell(out, &table.columns[c], table.columns[c].key, c + 1 == table.n);
	json_array_foreach(rows, i, row)
	{
		for (size_t c = 0; c < table.n; c++) {
			char *text = text_of(json_object_get(row, table.columns[c].key));
			show_cell(out, &table.columns[c], text, c + 1 == table.n);
			free(text);
		}
	}
	free(table.columns);
}

void cli_show(const json_t *answer, FILE *out)
{
	const char *message = json_string_value(json_object_get(answer, "message"));

	show_fields(answer, out);
	show_rows(json_object_get(answer, "rows"), out);
	if (message) {
		put_safe(out, message, true);
		fputc('\n', out);
	}
}

/* --- progress --- */

static bool bar_is_shown;

void cli_progress(void *arg, int64_t done, int64_t total, const char *what)
{
	enum { CELLS = 30 };
	int64_t cells = total > 0 ? done * CELLS / total : 0;

	(void)arg;
	if (!isatty(STDERR_FILENO) || done < 0 || cells > CELLS)
		return;
	fprintf(stderr, "\r[");
	for (int64_t i = 0; i < CELLS; i++)
		fputc(i < cells ? '#' : '.', stderr);
	fprintf(stderr, "] %3d%%  ", (int)(total > 0 ? done * 100 / total : 0));
	put_safe(stderr, what ? what : "", false);
	fputs("\x1b[K", stderr);
	bar_is_shown = true;
}

void cli_progress_end(void)
{
	if (bar_is_shown)
		fputs("\r\x1b[K", stderr);
	bar_is_shown = false;
}
