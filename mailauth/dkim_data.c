/* dkim_data.c - what of a message is signed (RFC 6376 3.7, 5.4) */
#include "core/text.h"
#include "mailauth/dkim_private.h"

/* What is left of the text is its body. */
static size_t count_fields(struct slice *text)
{
	struct msg_field field;
	size_t n = 0;

	while (msg_field_next(text, &field))
		n++;
	return n;
}

static void take_fields(struct slice text, size_t most, struct dkim_mail *out)
{
	while (out->n < most && msg_field_next(&text, &out->fields[out->n]))
		out->n++;
}

void dkim_mail_read(
    struct slice before, struct slice message, struct pool *pool, struct dkim_mail *out)
{
	struct slice front = before, body = message;
	size_t n = count_fields(&front) + count_fields(&body);

	*out = (struct dkim_mail){ .body = body, .too_many = n > DKIM_FIELDS_MAX };
	if (n > DKIM_FIELDS_MAX)
		n = DKIM_FIELDS_MAX;
	out->fields = pool_get(pool, (n + 1) * sizeof(*out->fields));
	take_fields(before, n, out);
	take_fields(message, n, out);
}

/* The last field of that name that was not taken. */
static const struct msg_field *take_last(
    const struct dkim_mail *mail, struct slice name, unsigned char taken[DKIM_FIELDS_MAX])
{
	for (size_t i = mail->n; i-- > 0;)
		if (!taken[i] && slice_ieq(mail->fields[i].name, name)) {
			taken[i] = 1;
			return &mail->fields[i];
		}
	return NULL;
}

bool dkim_put_fields(
    const struct dkim_mail *mail, enum canon how, struct slice names, struct buf *data)
{
	unsigned char taken[DKIM_FIELDS_MAX] = { 0 };

	if (mail->too_many)
		return false;
	while (names.n > 0) {
		struct slice name = slice_cut(&names, ':');
		const struct msg_field *field = name.n > 0 ? take_last(mail, name, taken) : NULL;

		if (field) /* RFC 6376 5.4: one that is not there is signed as nothing */
			canon_field(how, field->raw, data);
	}
	return true;
}

/* Where what stands in b= begins and how long it is; at the end when there is no b=. */
static struct slice find_b(struct slice value)
{
	struct slice rest = value;

	while (rest.n > 0) {
		struct slice tag = slice_cut(&rest, ';');
		struct slice name = slice_trim(slice_cut(&tag, '='));

		if (slice_eq(name, SLICE("b")) && tag.p)
			return tag;
	}
	return slice_from(value, value.n);
}

/* It counts as nothing (RFC 6376 3.7), and so does the line's end. */
void dkim_put_self(enum canon how, const struct msg_field *field, struct buf *data)
{
	struct slice b = find_b(field->value);
	size_t before = (size_t)(b.p - field->raw.p), behind = (size_t)(b.p - field->value.p) + b.n;
	struct buf bare = { 0 };

	buf_add(&bare, field->raw.p, before);
	buf_adds(&bare, slice_from(field->value, behind));
	buf_adds(&bare, SLICE("\r\n"));
	canon_field(how, buf_slice(&bare), data);
	data->n -= 2;
	buf_done(&bare);
}

static struct dkim_body *find_body(struct dkim_mail *mail, enum canon how, uint64_t most)
{
	size_t i = 0, n = sizeof(mail->bodies) / sizeof(*mail->bodies);

	while (i < n - 1 && mail->bodies[i].made &&
	    (mail->bodies[i].how != how || mail->bodies[i].most != most))
		i++;
	return &mail->bodies[i];
}

uint64_t dkim_body_digest(
    struct dkim_mail *mail, enum canon how, uint64_t most, unsigned char out[DIGEST_SIZE])
{
	struct dkim_body *body = find_body(mail, how, most);

	if (!body->made || body->how != how || body->most != most) {
		body->all = canon_body(how, mail->body, most, body->digest);
		body->how = how;
		body->most = most;
		body->made = true;
	}
	memcpy(out, body->digest, DIGEST_SIZE);
	return body->all;
}

/* --- who wrote it --- */

static bool is_known(const struct dkim_authors *authors, const char *domain)
{
	for (size_t i = 0; i < authors->n; i++)
		if (slice_eq(authors->domain[i], slice_str(domain)))
			return true;
	return false;
}

/* False: one of the addresses has no domain that could be, or they are too many. */
static bool add_authors(struct slice from, struct pool *pool, struct dkim_authors *out)
{
	const struct msg_address *a = msg_addresses(pool, from);
	bool good = true;

	for (; a; a = a->next) {
		if (a->kind != MSG_MAILBOX || a->host.n == 0)
			continue;
		char *ascii = domain_ascii(pool, a->host);
		if (ascii && is_known(out, ascii))
			continue;
		if (ascii && out->n < DKIM_AUTHORS_MAX)
			out->domain[out->n++] = slice_str(ascii);
		else
			good = false;
	}
	return good;
}

/* RFC 5322 3.6: there is one From. */
void dkim_authors_read(const struct dkim_mail *mail, struct pool *pool, struct dkim_authors *out)
{
	size_t fields = 0;
	bool good = true;

	*out = (struct dkim_authors){ 0 };
	for (size_t i = 0; i < mail->n; i++)
		if (slice_ieq(mail->fields[i].name, SLICE("From"))) {
			good = add_authors(mail->fields[i].value, pool, out) && good;
			fields++;
		}
	out->regular = good && fields == 1 && out->n > 0;
}

struct slice dkim_from_domain(const struct dkim_mail *mail, struct pool *pool)
{
	struct dkim_authors authors;

	dkim_authors_read(mail, pool, &authors);
	return authors.regular && authors.n == 1 ? authors.domain[0] : (struct slice){ 0 };
}
