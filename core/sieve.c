/* sieve.c - a script from its text to its memory, and what is said of it on the way */
#include "core/sieve_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/conf.h"

CONF_KEY(sieve_max_script) = {
	.name = "sieve.max-script-size",
	.type = CONF_SIZE,
	.def = "64k",
	.min = 1024,
	.max = 1000 * 1024,
	.help = "largest Sieve script taken, in bytes",
};

enum { SHOWN_MAX = 60 };

uint64_t sieve_script_max(void)
{
	return (uint64_t)conf_num(&conf_key_sieve_max_script);
}

/* --- what is said --- */

int sieve_wrong(struct sieve_compile *c, uint32_t line, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_set(c->err, ERR_INPUT, "line %u: %s", line, text);
}

void sieve_warn(struct sieve_compile *c, uint32_t line, const char *fmt, ...)
{
	va_list ap;

	if (!c->warnings)
		return;
	buf_printf(c->warnings, "line %u: ", line);
	va_start(ap, fmt);
	buf_vprintf(c->warnings, fmt, ap);
	va_end(ap);
	buf_addc(c->warnings, '\n');
}

const char *sieve_shown(struct sieve_compile *c, struct slice text)
{
	struct slice head = slice_head(text, SHOWN_MAX);
	bool cut = head.n < text.n;

	/* Not in the middle of a character. */
	while (cut && head.n > 0 && (text.p[head.n] & 0xc0) == 0x80)
		head.n--;
	char *shown = pool_printf(c->pool, "%.*s%s", SLICE_ARG(head), cut ? "..." : "");
	for (char *p = shown; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 127)
			*p = '?';
	return shown;
}

static void warn_unused(struct sieve_compile *c)
{
	for (size_t i = 0; i < sieve_extension_table_n; i++)
		if (c->required & ~c->used & UINT64_C(1) << i && !sieve_extension_table[i]->quiet)
			sieve_warn(c, c->required_at, "\"%s\" is required but not used",
			    sieve_extension_table[i]->name);
}

/* --- compiling --- */

static const char *find_delivery(const struct sieve_compile *c)
{
	for (size_t i = 0; i < sieve_extension_table_n; i++)
		if (c->required & UINT64_C(1) << i && sieve_extension_table[i]->delivery)
			return sieve_extension_table[i]->name;
	return NULL;
}

/* RFC 5228 2.1, 2.4.2: UTF-8 without NUL. */
static int check_text(struct sieve_compile *c)
{
	struct slice rest = c->rest;

	for (uint32_t line = 1; rest.n > 0; line++) {
		struct slice text = slice_cut(&rest, '\n');
		if (!utf8_valid(text))
			return sieve_wrong(c, line, "this is not UTF-8");
		if (text.n > 0 && memchr(text.p, '\0', text.n))
			return sieve_wrong(c, line, "a NUL");
	}
	return 0;
}

static struct sieve_script *compile(struct slice text, struct buf *warnings, struct err *err)
{
	struct sieve_script *script = mem_get(sizeof *script);
	struct sieve_compile c = {
		.pool = &script->pool, .rest = text, .line = 1, .warnings = warnings, .err = err
	};

	if (check_text(&c) != 0 || sieve_parse(&c, &script->commands) != 0)
		sieve_free(&script);
	else
		warn_unused(&c);
	if (script)
		script->delivery = find_delivery(&c);
	return script;
}

struct sieve_script *sieve_compile(struct slice text, struct err *err)
{
	return compile(text, NULL, err);
}

struct sieve_script *sieve_check(struct slice text, struct buf *warnings, struct err *err)
{
	if (text.n <= sieve_script_max())
		return compile(text, warnings, err);
	err_set(err, ERR_LIMIT, "the script has more than %llu bytes",
	    (unsigned long long)sieve_script_max());
	return NULL;
}

void sieve_free(struct sieve_script **script)
{
	if (!*script)
		return;
	pool_done(&(*script)->pool);
	free(*script);
	*script = NULL;
}

size_t sieve_size(const struct sieve_script *script)
{
	return sizeof *script + script->pool.used;
}

const struct sieve_option *sieve_option(const struct sieve_node *node, enum sieve_slot slot)
{
	const struct sieve_option *option = node->options;

	while (option && !(option->tag->slot & slot))
		option = option->next;
	return option;
}
