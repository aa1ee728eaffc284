/* imap_client.c - an IMAP client's side of a connection (RFC 9051) */
#include "storage/imap_client.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/client.h"
#include "core/num.h"

enum {
	PATIENCE_MS = 60000,
	CONNECT_MS = 20000,
	ADDRESSES_MAX = 4,
	LINE_MAX_BYTES = 1 << 20,
	ANSWER_MAX = 256 << 20,
};

struct imap_client {
	struct client *client;
	struct buf in;	   /* come, not read yet */
	struct buf answer; /* the one at hand */
	unsigned tags;
};

/* --- reading --- */

static int more(struct imap_client *c, struct err *err)
{
	struct slice bytes;

	client_deadline(c->client, PATIENCE_MS);
	int rc = client_bytes(c->client, &bytes, err);
	if (rc == 0)
		return err_set(err, ERR_TEMP, "the server has closed the connection");
	if (rc == 1)
		buf_adds(&c->in, bytes);
	return rc < 0 ? -1 : 0;
}

/* Move n bytes to the answer. */
static int take(struct imap_client *c, size_t n, struct err *err)
{
	if (c->answer.n + n > ANSWER_MAX)
		return err_set(err, ERR_LIMIT, "the server sends an answer that is too long");
	while (c->in.n < n)
		if (more(c, err) != 0)
			return -1;
	buf_add(&c->answer, c->in.p, n);
	buf_drop(&c->in, n);
	return 0;
}

static int take_line(struct imap_client *c, struct err *err)
{
	ptrdiff_t lf;
	size_t seen = 0;

	while ((lf = slice_chr(slice_from(buf_slice(&c->in), seen), '\n')) < 0) {
		seen = c->in.n;
		if (seen > LINE_MAX_BYTES)
			return err_set(err, ERR_LIMIT, "the server sends a line that is too long");
		if (more(c, err) != 0)
			return -1;
	}
	return take(c, seen + (size_t)lf + 1, err);
}

/* "{123}" at the end of the line. */
static bool ends_in_literal(struct slice line, uint64_t *size)
{
	ptrdiff_t open = slice_rchr(line, '{');

	if (open < 0 || !slice_iends(line, SLICE("}\r\n")))
		return false;
	struct slice digits = slice_from(line, (size_t)open + 1);
	return num_u64(slice_head(digits, digits.n - 3), ANSWER_MAX, size);
}

/* One answer with its literals, without CRLF. */
static int read_answer(struct imap_client *c, struct err *err)
{
	uint64_t size = 0;

	buf_clear(&c->answer);
	for (;;) {
		size_t begin = c->answer.n;

		if (take_line(c, err) != 0)
			return -1;
		if (!ends_in_literal(slice_from(buf_slice(&c->answer), begin), &size))
			break;
		if (take(c, (size_t)size, err) != 0)
			return -1;
	}
	while (c->answer.n > 0 && strchr("\r\n", c->answer.p[c->answer.n - 1]))
		c->answer.n--;
	return 0;
}

/* --- commands --- */

static int send_command(
    struct imap_client *c, struct slice tag, struct slice command, struct err *err)
{
	struct buf line = { 0 };

	buf_printf(&line, "%.*s ", SLICE_ARG(tag));
	buf_adds(&line, command);
	buf_addz(&line, "\r\n");
	client_deadline(c->client, PATIENCE_MS);
	int rc = client_write(c->client, buf_slice(&line), err);
	buf_wipe(&line);
	return rc == 0 ? client_flush(c->client, err) : rc;
}

static int judge(struct slice answer, struct err *err)
{
	if (slice_istarts(answer, SLICE("OK")))
		return 0;
	return err_set(
	    err, ERR_DENIED, "the server says '%.*s'", SLICE_ARG(slice_head(answer, 150)));
}

int imap_client_run(struct imap_client *c, struct slice command,
    bool (*each)(void *arg, struct slice answer), void *arg, struct err *err)
{
	char text[16];
	struct slice tag = slice_of(text, (size_t)snprintf(text, sizeof text, "a%u", ++c->tags));

	if (send_command(c, tag, command, err) != 0)
		return -1;
	while (read_answer(c, err) == 0) {
		struct slice answer = buf_slice(&c->answer);

		if (slice_starts(answer, tag) && answer.n > tag.n && answer.p[tag.n] == ' ')
			return judge(slice_from(answer, tag.n + 1), err);
		if (slice_starts(answer, SLICE("* ")) && each && !each(arg, slice_from(answer, 2)))
			return err->kind
			    ? -1
			    : err_set(err, ERR_TEMP, "the server sends what is no IMAP");
	}
	return -1;
}

bool imap_client_quote(struct buf *out, struct slice text)
{
	buf_addc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\0' || text.p[i] == '\r' || text.p[i] == '\n')
			return false;
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_addc(out, '\\');
		buf_addc(out, text.p[i]);
	}
	buf_addc(out, '"');
	return true;
}

/* --- parts of answers --- */

bool imap_client_word(struct slice *in, struct slice *out)
{
	size_t n = 0;

	while (n < in->n && !strchr(" ()", in->p[n]))
		n++;
	*out = slice_head(*in, n);
	*in = slice_from(*in, n);
	return n > 0;
}

static bool take_quoted(struct slice *in, struct buf *scratch, struct slice *out)
{
	buf_clear(scratch);
	for (size_t i = 1; i < in->n; i++) {
		if (in->p[i] == '"') {
			*in = slice_from(*in, i + 1);
			*out = buf_slice(scratch);
			return true;
		}
		i += in->p[i] == '\\' && i + 1 < in->n;
		buf_addc(scratch, in->p[i]);
	}
	return false;
}

static bool take_literal(struct slice *in, struct slice *out)
{
	ptrdiff_t lf = slice_chr(*in, '\n');
	uint64_t size;

	if (lf < 0 || !ends_in_literal(slice_head(*in, (size_t)lf + 1), &size))
		return false;
	*in = slice_from(*in, (size_t)lf + 1);
	*out = slice_head(*in, (size_t)size);
	*in = slice_from(*in, (size_t)size);
	return out->n == size;
}

bool imap_client_string(struct slice *in, struct buf *scratch, struct slice *out)
{
	if (in->n > 0 && *in->p == '"')
		return take_quoted(in, scratch, out);
	if (in->n > 0 && *in->p == '{')
		return take_literal(in, out);
	return imap_client_word(in, out);
}

/* --- opening --- */

static struct client *connect_to(const struct imap_client_spec *spec, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	struct client *client = NULL;
	char port[8];
	int n = 0;

	snprintf(port, sizeof port, "%u", spec->port);
	int rc = getaddrinfo(spec->host, port, &hints, &found);
	if (rc != 0) {
		err_set(err, ERR_TEMP, "%s: %s", spec->host, gai_strerror(rc));
		return NULL;
	}
	for (struct addrinfo *a = found; a && !client && n < ADDRESSES_MAX; a = a->ai_next, n++)
		client =
		    client_open(a->ai_addr, a->ai_addrlen, (struct slice){ 0 }, CONNECT_MS, err);
	freeaddrinfo(found);
	return client;
}

static int start_tls(struct imap_client *c, const struct imap_client_spec *spec, struct err *err)
{
	const struct tls_client_spec tls = { .host = spec->name ? spec->name : spec->host,
		.must_verify = true };

	client_deadline(c->client, PATIENCE_MS);
	return client_tls(c->client, &tls, err);
}

static int greet(struct imap_client *c, struct err *err)
{
	if (read_answer(c, err) != 0)
		return -1;
	if (!slice_istarts(buf_slice(&c->answer), SLICE("* OK")))
		return err_set(err, ERR_TEMP, "the server does not greet as IMAP servers do");
	return 0;
}

/* What came in the clear behind the answer to STARTTLS would be an injection. */
static int begin(struct imap_client *c, const struct imap_client_spec *spec, struct err *err)
{
	if (!spec->starttls)
		return start_tls(c, spec, err) == 0 ? greet(c, err) : -1;
	if (greet(c, err) != 0 || imap_client_run(c, SLICE("STARTTLS"), NULL, NULL, err) != 0)
		return -1;
	if (c->in.n > 0 || client_has_more(c->client))
		return err_set(err, ERR_TEMP, "more came before TLS than was asked for");
	return start_tls(c, spec, err);
}

struct imap_client *imap_client_open(const struct imap_client_spec *spec, struct err *err)
{
	struct client *client = connect_to(spec, err);

	if (!client)
		return NULL;
	struct imap_client *c = mem_get(sizeof *c);
	c->client = client;
	if (begin(c, spec, err) != 0)
		imap_client_close(&c);
	return c;
}

void imap_client_close(struct imap_client **clientp)
{
	struct imap_client *c = *clientp;

	*clientp = NULL;
	if (!c)
		return;
	client_close(&c->client);
	buf_done(&c->in);
	buf_done(&c->answer);
	free(c);
}
