/* op_log.c - the story of one message, read from the log
 *
 * A message's lines have its mid. Those that name a connection with it lead to the lines
 * of that connection, which have no mid or another one. Who is no server's admin sees
 * what is about himself. */
#include <stdlib.h>
#include <time.h>

#include "core/log_read.h"
#include "core/op.h"

enum { CONNECTIONS_MAX = 100, LINES_MAX = 2000, SEARCH_MAX = 500, SEARCH_BYTES = 64 };

/* --- who may see it --- */

static bool is_own(const struct op_caller *caller, struct slice address)
{
	ptrdiff_t at = slice_rchr(address, '@');

	if (caller->role == OP_SERVER_ADMIN)
		return true;
	if (caller->role == OP_USER)
		return slice_ieq(address, slice_str(caller->name));
	return caller->domain && at >= 0 &&
	    slice_ieq(slice_from(address, (size_t)at + 1), slice_str(caller->domain));
}

/* Does one of these fields name an address of the caller's? */
static bool has_own(const struct op_caller *caller, const struct log_line *line,
    const char *const *fields, bool *any)
{
	struct buf value = { 0 };
	bool own = false;

	*any = false;
	for (; *fields && !own; fields++)
		if (log_line_field(line, *fields, &value) &&
		    slice_chr(buf_slice(&value), '@') > 0) {
			*any = true;
			own = is_own(caller, buf_slice(&value));
		}
	buf_done(&value);
	return own;
}

static const char *const sender_fields[] = { "login", NULL };
static const char *const recipient_fields[] = { "to", "account", NULL };

/* --- the ids that belong together --- */

struct ids {
	uint64_t all[CONNECTIONS_MAX];
	size_t n;
};

static bool has_id(const struct ids *ids, uint64_t id)
{
	for (size_t i = 0; i < ids->n; i++)
		if (ids->all[i] == id)
			return true;
	return false;
}

static void add_id(struct ids *ids, uint64_t id)
{
	if (id != 0 && ids->n < CONNECTIONS_MAX && !has_id(ids, id))
		ids->all[ids->n++] = id;
}

struct trace {
	struct op_call *call;
	uint64_t mid;
	struct slice text; /* the mid as it stands in lines */
	struct ids icids, dcids;
	bool sent, got; /* by the caller, for the caller */
	unsigned lines;
};

static bool is_about(const struct trace *t, const struct log_line *line)
{
	return log_line_number(line, "mid") == t->mid || log_line_number(line, "about") == t->mid ||
	    log_line_number(line, "report") == t->mid;
}

static bool gather(void *arg, struct slice text)
{
	struct trace *t = arg;
	const struct op_caller *caller = op_caller(t->call);
	struct log_line line;
	bool any;

	if (slice_find(text, t->text) < 0 || !log_line_read(text, &line) || !is_about(t, &line))
		return true;
	add_id(&t->icids, line.icid);
	add_id(&t->dcids, log_line_number(&line, "dcid"));
	t->sent = t->sent || has_own(caller, &line, sender_fields, &any);
	t->got = t->got || has_own(caller, &line, recipient_fields, &any);
	return true;
}

/* Of the connection itself, or of another message on it? */
static bool is_of_connection(const struct trace *t, const struct log_line *line)
{
	uint64_t dcid = log_line_number(line, "dcid");

	if (dcid != 0)
		return has_id(&t->dcids, dcid) && slice_starts(line->event, SLICE("relay-")) &&
		    !slice_eq(line->event, SLICE("relay-offer"));
	return has_id(&t->icids, line->icid) && log_line_number(line, "mid") == 0;
}

/* A recipient is not told of the others. */
static bool is_shown(const struct trace *t, const struct log_line *line)
{
	bool any;

	if (!is_about(t, line) && !is_of_connection(t, line))
		return false;
	return t->sent || has_own(op_caller(t->call), line, recipient_fields, &any) || !any;
}

static bool tell(void *arg, struct slice text)
{
	struct trace *t = arg;
	struct log_line line;
	struct buf says = { 0 };

	if (slice_find(text, SLICE("cid=")) < 0 && slice_find(text, t->text) < 0)
		return true;
	if (!log_line_read(text, &line) || !is_shown(t, &line))
		return true;
	log_line_say(&line, &says);
	op_row(t->call);
	op_put_text(t->call, "says", buf_slice(&says));
	if (op_bool(t->call, "lines"))
		op_put_text(t->call, "line", text);
	buf_done(&says);
	return ++t->lines < LINES_MAX;
}

static int run_trace(struct op_call *call)
{
	struct trace t = { .call = call, .mid = (uint64_t)op_number(call, "mid", 0) };
	struct err err = { 0 };

	t.text = slice_str(pool_printf(op_pool(call), "=%llu", (unsigned long long)t.mid));
	/* ids rise from the time of the server's start on, in microseconds */
	int64_t since = (int64_t)(t.mid / 1000000) - 1;
	if (log_read(since, gather, &t, &err) != 0)
		return op_fail_err(call, &err);
	if (!t.sent && !t.got &&
	    (op_caller(call)->role != OP_SERVER_ADMIN || t.icids.n + t.dcids.n == 0))
		return op_fail(
		    call, ERR_ABSENT, "the log knows no message %llu", (unsigned long long)t.mid);
	t.sent = t.sent || op_caller(call)->role == OP_SERVER_ADMIN;
	if (log_read(since, tell, &t, &err) != 0)
		return op_fail_err(call, &err);
	if (t.lines == LINES_MAX)
		op_say(call, "There is more: these are the first %u lines", t.lines);
	return 0;
}

static const struct op_arg trace_args[] = {
	{ "mid", OP_NUMBER, OP_REQUIRED,
	    "number of the message: in the log, in its Received line, "
	    "in the answer to who sent it",
	    NULL },
	{ "lines", OP_BOOL, OP_OPTION, "beside each step the line of the log that tells it", NULL },
	{ 0 },
};

/* E-075 to E-081 */
OPERATION(log_trace) = {
	.name = "log trace",
	.role = OP_USER,
	.args = trace_args,
	.help = "tell what became of one message, from the connection it came by to the last reply",
	.more =
	    "It is read from the log, the files that were put aside included. log search finds\n"
	    "messages by address.",
	.example = "log trace 1795289329849307",
	.reads = true,
	.lists = true,
	.run = run_trace,
};

/* --- by address --- */

struct found {
	uint64_t mid;
	char time[SEARCH_BYTES], last[SEARCH_BYTES], from[2 * SEARCH_BYTES];
};

struct search {
	struct slice address;
	struct found *ring;
	size_t n, max; /* seen in all; in the ring */
	struct buf value;
};

static void keep(char *out, size_t size, struct slice s)
{
	size_t n = s.n < size - 1 ? s.n : size - 1;

	memcpy(out, s.p, n);
	out[n] = '\0';
}

static struct found *find_mid(struct search *s, uint64_t mid)
{
	size_t n = s->n < s->max ? s->n : s->max;

	for (size_t i = 0; i < n; i++)
		if (s->ring[i].mid == mid)
			return &s->ring[i];
	return NULL;
}

static bool names_address(struct search *s, const struct log_line *line)
{
	static const char *const fields[] = { "from", "to", "account", "login" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (log_line_field(line, fields[i], &s->value) &&
		    slice_ieq(buf_slice(&s->value), s->address))
			return true;
	return false;
}

static bool look(void *arg, struct slice text)
{
	struct search *s = arg;
	struct log_line line;
	uint64_t mid;

	if (slice_find(text, SLICE(" mid=")) < 0 || !log_line_read(text, &line) ||
	    (mid = log_line_number(&line, "mid")) == 0)
		return true;
	struct found *found = find_mid(s, mid);
	if (!found && names_address(s, &line)) {
		found = &s->ring[s->n++ % s->max];
		*found = (struct found){ .mid = mid };
		keep(found->time, sizeof(found->time), line.time);
	}
	if (!found)
		return true;
	keep(found->last, sizeof(found->last), line.event);
	if (log_line_field(&line, "from", &s->value))
		keep(found->from, sizeof(found->from), buf_slice(&s->value));
	return true;
}

static int run_search(struct op_call *call)
{
	enum { DAY = 86400 };
	int64_t max = op_number(call, "limit", 50), days = op_number(call, "days", 7);
	struct search s = { .address = slice_str(op_text(call, "address")) };
	struct err err = { 0 };

	if (max < 1 || max > SEARCH_MAX || days < 1 || days > 10000)
		return op_fail(call, ERR_INPUT, "limit is 1 to %d, days is 1 to 10000", SEARCH_MAX);
	s.max = (size_t)max;
	s.ring = pool_get(op_pool(call), s.max * sizeof(*s.ring));
	int rc = log_read(time(NULL) - days * DAY, look, &s, &err);
	buf_done(&s.value);
	if (rc != 0)
		return op_fail_err(call, &err);
	for (size_t i = s.n; i > 0 && s.n - i < s.max; i--) {
		const struct found *found = &s.ring[(i - 1) % s.max];
		op_row(call);
		op_put_text(call, "mid",
		    slice_str(pool_printf(op_pool(call), "%llu", (unsigned long long)found->mid)));
		op_put_text(call, "time", slice_str(found->time));
		op_put_text(call, "from", slice_str(found->from));
		op_put_text(call, "last", slice_str(found->last));
	}
	return 0;
}

static const struct op_arg search_args[] = {
	{ "address", OP_ADDRESS, OP_REQUIRED, "of a sender or a recipient", NULL },
	{ "days", OP_NUMBER, OP_OPTION, "how far back; 7", NULL },
	{ "limit", OP_NUMBER, OP_OPTION, "most messages; 50", NULL },
	{ 0 },
};

OPERATION(log_search) = {
	.name = "log search",
	.role = OP_USER,
	.args = search_args,
	.help = "find messages in the log by sender or recipient, newest first",
	.example = "log search ann@example.org",
	.reads = true,
	.lists = true,
	.run = run_search,
};
