/* import_imap.c - all mail of an account on another IMAP server
 *
 * Mailbox by mailbox: first UIDs, flags and dates of all messages, then the
 * texts of those that are not known yet, a few at a time. Nothing is changed
 * there (EXAMINE, BODY.PEEK). A message is known by server, user, mailbox,
 * UIDVALIDITY and UID. */
#include "storage/import_imap.h"

#include <stdio.h>

#include "core/num.h"
#include "core/text.h"

enum { AT_A_TIME = 25, MAILBOXES_MAX = 10000 };

struct remote_box {
	struct slice wire; /* as the server calls it */
	struct slice name; /* as it is called here */
	struct remote_box *next;
};

struct remote_message {
	uint32_t uid;
	uint64_t flags;
	struct slice *keywords;
	size_t n_keywords;
	int64_t date;
	struct slice text; /* lies in the answer */
};

struct remote {
	struct import *import;
	const struct import_imap *from;
	const struct import_progress *progress;
	struct imap_client *client;
	struct err *err;
	struct pool pool; /* of the whole */
	struct remote_box *boxes, **end;
	size_t n_boxes;
	struct buf scratch, command, source;

	/* Of the mailbox at hand. */
	struct pool box_pool;
	struct remote_box *box;
	uint32_t uidvalidity;
	struct buf messages; /* struct remote_message: those that are not here yet */
	int64_t done;
};

static int run(struct remote *r, bool (*each)(void *arg, struct slice answer))
{
	return imap_client_run(r->client, buf_slice(&r->command), each, r, r->err);
}

/* --- logging in --- */

static int log_in(struct remote *r)
{
	buf_clear(&r->command);
	buf_addz(&r->command, "LOGIN ");
	bool good = imap_client_quote(&r->command, slice_str(r->from->user));
	buf_addc(&r->command, ' ');
	good = good && imap_client_quote(&r->command, r->from->password);
	int rc = good ? run(r, NULL)
		      : err_set(r->err, ERR_INPUT, "the password has a control character");
	buf_wipe(&r->command);
	return rc;
}

/* --- which mailboxes --- */

/* Their separator becomes '/', and a '/' in a name '_'. A server that has all
   mailboxes below INBOX has them beside it here. */
static struct slice local_name(struct remote *r, struct slice wire, char separator)
{
	struct slice utf8;

	if (!text_utf7_decode(&r->pool, wire, &utf8))
		utf8 = wire;
	if (separator && slice_istarts(utf8, SLICE("INBOX")) && utf8.n > 6 &&
	    utf8.p[5] == separator)
		utf8 = slice_from(utf8, 6);
	char *name = pool_str(&r->pool, utf8);
	for (size_t i = 0; i < utf8.n; i++) {
		if (name[i] == separator && separator)
			name[i] = '/';
		else if (strchr("/*%", name[i]) || (i == 0 && strchr("#~", name[i])))
			name[i] = '_';
	}
	if (!*r->from->below)
		return slice_of(name, utf8.n);
	return slice_str(pool_printf(&r->pool, "%s/%s", r->from->below, name));
}

static void add_box(struct remote *r, struct slice wire, char separator)
{
	struct remote_box *box = pool_get(&r->pool, sizeof *box);

	if (r->n_boxes++ >= MAILBOXES_MAX)
		return;
	box->wire = pool_slice(&r->pool, wire);
	box->name = local_name(r, box->wire, separator);
	*r->end = box;
	r->end = &box->next;
}

/* "LIST (\HasChildren) "/" name" */
static bool on_list(void *arg, struct slice answer)
{
	struct remote *r = arg;
	struct slice attributes, separator, wire;
	ptrdiff_t close = slice_chr(answer, ')');

	if (!slice_istarts(answer, SLICE("LIST (")))
		return true;
	if (close < 0)
		return false;
	attributes = slice_head(answer, (size_t)close);
	answer = slice_from(answer, (size_t)close + 2);
	if (!imap_client_string(&answer, &r->scratch, &separator))
		return false;
	char by = separator.n == 1 ? *separator.p : '\0';
	answer = slice_from(answer, 1);
	if (!imap_client_string(&answer, &r->scratch, &wire))
		return false;
	if (slice_ifind(attributes, SLICE("\\Noselect")) < 0 &&
	    slice_ifind(attributes, SLICE("\\NonExistent")) < 0)
		add_box(r, wire, by);
	return true;
}

static int list(struct remote *r)
{
	r->end = &r->boxes;
	buf_clear(&r->command);
	buf_addz(&r->command, "LIST \"\" \"*\"");
	return run(r, on_list);
}

/* --- what an answer to FETCH says --- */

static void add_flag(struct remote *r, struct slice word, struct remote_message *m)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} known[] = {
		{ "\\Seen", BOX_SEEN },
		{ "\\Answered", BOX_ANSWERED },
		{ "\\Flagged", BOX_FLAGGED },
		{ "\\Deleted", BOX_DELETED },
		{ "\\Draft", BOX_DRAFT },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (slice_ieq(word, slice_str(known[i].name)))
			m->flags |= known[i].flag;
	if (*word.p != '\\' && m->n_keywords < BOX_KEYWORDS_MAX)
		m->keywords[m->n_keywords++] = pool_slice(&r->box_pool, word);
}

static bool read_flags(struct remote *r, struct slice *in, struct remote_message *m)
{
	struct slice word;

	if (in->n == 0 || *in->p != '(')
		return false;
	*in = slice_from(*in, 1);
	m->keywords = pool_get(&r->box_pool, BOX_KEYWORDS_MAX * sizeof *m->keywords);
	while (imap_client_word(in, &word)) {
		add_flag(r, word, m);
		if (in->n > 0 && *in->p == ' ')
			*in = slice_from(*in, 1);
	}
	bool closed = in->n > 0 && *in->p == ')';
	*in = slice_from(*in, 1);
	return closed;
}

/* "17-Jul-1996 02:44:25 -0700" */
static int64_t read_date(struct slice text)
{
	char copy[40];
	int64_t when = 0;
	int zone;

	snprintf(copy, sizeof copy, "%.*s", SLICE_ARG(text));
	for (size_t i = 0; i < 12 && copy[i]; i++)
		if (copy[i] == '-')
			copy[i] = ' ';
	date_parse(slice_str(copy), &when, &zone);
	return when;
}

static bool read_value(
    struct remote *r, struct slice name, struct slice *in, struct remote_message *m)
{
	struct slice value;

	if (slice_ieq(name, SLICE("FLAGS")))
		return read_flags(r, in, m);
	if (!imap_client_string(in, &r->scratch, &value))
		return false;
	if (slice_ieq(name, SLICE("UID")))
		return num_u32(value, &m->uid);
	if (slice_ieq(name, SLICE("INTERNALDATE")))
		m->date = read_date(value);
	else if (slice_ieq(name, SLICE("BODY[]")))
		m->text = value;
	return true;
}

/* "12 FETCH (UID 5 FLAGS (\Seen) ...)": 1, 0 when it is another answer, -1. */
static int read_fetch(struct remote *r, struct slice in, struct remote_message *m)
{
	struct slice number, word, name;

	*m = (struct remote_message){ 0 };
	if (!imap_client_word(&in, &number) || *number.p < '0' || *number.p > '9')
		return 0;
	in = slice_from(in, 1);
	if (!imap_client_word(&in, &word) || !slice_ieq(word, SLICE("FETCH")))
		return 0;
	in = slice_from(in, 2);
	while (imap_client_word(&in, &name)) {
		in = slice_from(in, 1);
		if (!read_value(r, name, &in, m))
			return -1;
		if (in.n > 0 && *in.p == ' ')
			in = slice_from(in, 1);
	}
	return m->uid ? 1 : 0;
}

/* --- a mailbox --- */

static void make_source(struct remote *r, uint32_t uid)
{
	char name[16];

	buf_clear(&r->scratch);
	buf_printf(&r->scratch, "imap://%s@%s/%.*s;%u", r->from->user, r->from->server.host,
	    SLICE_ARG(r->box->wire), r->uidvalidity);
	snprintf(name, sizeof name, "%u", uid);
	import_source(&r->source, buf_slice(&r->scratch), slice_str(name));
}

static bool on_examine(void *arg, struct slice answer)
{
	struct remote *r = arg;
	static const struct slice code = { "OK [UIDVALIDITY ", 16 };
	uint32_t n = 0;

	if (!slice_istarts(answer, code))
		return true;
	for (size_t i = code.n; i < answer.n && answer.p[i] >= '0' && answer.p[i] <= '9'; i++)
		n = n * 10 + (uint32_t)(answer.p[i] - '0');
	r->uidvalidity = n;
	return true;
}

/* Keep what is not here yet. */
static bool on_message(void *arg, struct slice answer)
{
	struct remote *r = arg;
	struct remote_message m;
	int found = read_fetch(r, answer, &m);

	if (found <= 0)
		return found == 0;
	make_source(r, m.uid);
	int known = import_knows(r->import, buf_slice(&r->source), r->err);
	if (known == 0)
		buf_add(&r->messages, &m, sizeof m);
	return known >= 0;
}

static const struct remote_message *find(const struct remote *r, uint32_t uid)
{
	const struct remote_message *m = (const void *)r->messages.p;

	for (size_t i = 0; i < r->messages.n / sizeof *m; i++)
		if (m[i].uid == uid)
			return &m[i];
	return NULL;
}

static bool on_text(void *arg, struct slice answer)
{
	struct remote *r = arg;
	struct remote_message m;
	int found = read_fetch(r, answer, &m);
	const struct remote_message *known = found == 1 ? find(r, m.uid) : NULL;

	if (!known || m.text.n == 0)
		return found >= 0;
	make_source(r, m.uid);
	const struct import_message it = {
		.data = m.text,
		.flags = known->flags,
		.keywords = known->keywords,
		.n_keywords = known->n_keywords,
		.date = known->date,
		.source = buf_slice(&r->source),
	};
	r->done++;
	r->progress->tell(r->progress->arg, r->done, (int64_t)(r->messages.n / sizeof m),
	    pool_str(&r->box_pool, r->box->name));
	return import_add(r->import, r->box->name, &it, r->err) == 0;
}

static int fetch_texts(struct remote *r)
{
	const struct remote_message *m = (const void *)r->messages.p;
	size_t n = r->messages.n / sizeof *m;

	for (size_t i = 0; i < n; i += AT_A_TIME) {
		buf_clear(&r->command);
		buf_addz(&r->command, "UID FETCH ");
		for (size_t j = i; j < n && j < i + AT_A_TIME; j++)
			buf_printf(&r->command, "%s%u", j > i ? "," : "", m[j].uid);
		buf_addz(&r->command, " (UID BODY.PEEK[])");
		if (run(r, on_text) != 0)
			return -1;
	}
	return import_flush(r->import, r->err);
}

static int take_box(struct remote *r)
{
	buf_clear(&r->messages);
	pool_reset(&r->box_pool);
	r->uidvalidity = 0;
	r->done = 0;
	buf_clear(&r->command);
	buf_addz(&r->command, "EXAMINE ");
	if (!imap_client_quote(&r->command, r->box->wire))
		return 0;
	if (run(r, on_examine) != 0)
		return -1;
	buf_clear(&r->command);
	buf_addz(&r->command, "UID FETCH 1:* (UID FLAGS INTERNALDATE)");
	/* Of an empty mailbox some servers say that there is no message 1. */
	if (run(r, on_message) != 0 && r->err->kind != ERR_DENIED)
		return -1;
	return fetch_texts(r);
}

/* A mailbox that the server does not show is passed over. */
static int take_all(struct remote *r)
{
	for (r->box = r->boxes; r->box; r->box = r->box->next) {
		*r->err = (struct err){ 0 };
		if (take_box(r) == 0)
			continue;
		if (r->err->kind != ERR_DENIED)
			return -1;
		++*r->from->failed;
	}
	*r->err = (struct err){ 0 };
	return 0;
}

int import_imap(struct import *import, const struct import_imap *from,
    const struct import_progress *progress, struct err *err)
{
	struct remote r = { .import = import, .from = from, .progress = progress, .err = err };
	int rc = -1;

	r.client = imap_client_open(&from->server, err);
	if (r.client && log_in(&r) == 0 && list(&r) == 0)
		rc = take_all(&r);
	imap_client_close(&r.client);
	buf_done(&r.scratch);
	buf_done(&r.command);
	buf_done(&r.source);
	buf_done(&r.messages);
	pool_done(&r.pool);
	pool_done(&r.box_pool);
	return rc;
}
