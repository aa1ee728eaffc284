/* box_name.c - which names mailboxes may have, and the form in which they are kept */
#include "storage/box_private.h"

#include <stdlib.h>
#include <uninorm.h>

#include "core/conf.h"
#include "core/text.h"

CONF_KEY(storage_mailbox_name) = {
	.name = "storage.mailbox-name",
	.type = CONF_INT,
	.def = "500",
	.min = 5,
	.max = 1000,
	.help = "bytes that the name of a mailbox may have, with its parents",
};

CONF_KEY(storage_mailbox_depth) = {
	.name = "storage.mailbox-depth",
	.type = CONF_INT,
	.def = "20",
	.min = 1,
	.max = 100,
	.help = "levels that the name of a mailbox may have",
};

static int refuse(struct err *err, const char *why)
{
	return err_set(err, ERR_INPUT, "this cannot be the name of a mailbox: %s", why);
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* C0 and DEL; in UTF-8 C1 is C2 80 to C2 9F, and the line and paragraph
   separators are E2 80 A8 and E2 80 A9 (RFC 5198 §2: they are not for names). */
static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char *p = (const unsigned char *)s.p + i;
		size_t left = s.n - i;
		if (p[0] < 0x20 || p[0] == 0x7f)
			return true;
		if (p[0] == 0xc2 && left > 1 && p[1] < 0xa0)
			return true;
		if (p[0] == 0xe2 && left > 2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9))
			return true;
	}
	return false;
}

static bool has_empty_level(struct slice s)
{
	return s.p[0] == '/' || s.p[s.n - 1] == '/' || slice_find(s, SLICE("//")) >= 0;
}

static int check(struct slice name, struct err *err)
{
	if (name.n == 0)
		return refuse(err, "it is empty");
	if (has_control(name))
		return refuse(err, "it has a control character");
	if (has_empty_level(name))
		return refuse(err, "a level of it is empty");
	/* RFC 9051 §5.1: wildcards of LIST; §5.1.2.1: the beginning of namespaces. */
	if (slice_chr(name, '*') >= 0 || slice_chr(name, '%') >= 0)
		return refuse(err, "it has a '*' or '%'");
	if (name.p[0] == '#')
		return refuse(err, "it begins with '#'");
	return 0;
}

/* RFC 9051 §5.1: INBOX has no case; nor have its letters as the first level. */
static void fold_inbox(struct buf *name)
{
	struct slice rest = buf_slice(name);
	struct slice first = slice_cut(&rest, '/');

	if (slice_ieq(first, SLICE("INBOX")))
		memcpy(name->p, "INBOX", first.n);
}

static void normalise(struct slice name, struct buf *out)
{
	size_t n;
	uint8_t *made = u8_normalize(UNINORM_NFC, (const uint8_t *)name.p, name.n, NULL, &n);

	if (made)
		buf_add(out, made, n);
	free(made);
}

int box_name_fold(struct slice name, struct buf *out, struct err *err)
{
	buf_clear(out);
	if (is_ascii(name))
		buf_adds(out, name);
	else if (!utf8_valid(name))
		return refuse(err, "it is not UTF-8");
	else
		normalise(name, out);
	if (check(buf_slice(out), err) < 0)
		return -1;
	fold_inbox(out);
	return 0;
}

int box_name_limits(struct slice name, struct err *err)
{
	int64_t levels = 1;

	for (size_t i = 0; i < name.n; i++)
		levels += name.p[i] == '/';
	if (name.n > (size_t)conf_num(&conf_key_storage_mailbox_name))
		return err_set(err, ERR_LIMIT, "the name of the mailbox is too long");
	if (levels > conf_num(&conf_key_storage_mailbox_depth))
		return err_set(err, ERR_LIMIT, "the name of the mailbox has too many levels");
	return 0;
}

bool box_name_below(struct slice name, struct slice parent)
{
	return name.n > parent.n + 1 && slice_starts(name, parent) && name.p[parent.n] == '/';
}
