/* tls_hello.c - the ClientHello, read before the library sees it
 *
 * It may come in many small pieces and in several records. It is put together
 * as one record, which the library is given afterwards: records are no part of
 * what TLS hashes, so the client does not notice. Never a byte behind the
 * ClientHello is taken. */
#include "core/tls_private.h"

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	MESSAGE_HEADER = 4,
	CLIENT_HELLO = 1,
	MESSAGE_MAX = 16 * 1024, /* fits into one record (RFC 8446 5.1) */
	EXT_SERVER_NAME = 0,
	EXT_GROUPS = 10,
	EXT_ALPN = 16,
	EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_SESSION_TICKET = 35,
	EXT_VERSIONS = 43,
	NAME_HOST = 0,
};

/* --- reading vectors: a short one makes all that follows fail --- */

struct reader {
	const unsigned char *p;
	size_t n;
	bool bad;
};

static struct slice take(struct reader *r, size_t n)
{
	struct slice got = { 0 };

	if (r->bad || n > r->n) {
		r->bad = true;
		return got;
	}
	got = slice_of(r->p, n);
	r->p += n;
	r->n -= n;
	return got;
}

/* A big-endian number of n bytes. */
static size_t number(struct reader *r, size_t n)
{
	struct slice s = take(r, n);
	size_t value = 0;

	for (size_t i = 0; i < s.n; i++)
		value = value << 8 | (unsigned char)s.p[i];
	return value;
}

/* What follows a length of n bytes. */
static struct reader vector(struct reader *r, size_t n)
{
	struct slice s = take(r, number(r, n));

	return (struct reader){ (const unsigned char *)s.p, s.n, r->bad };
}

/* --- the message --- */

/* RFC 6066 3: one name of each type at most, and host_name is the only type. */
static bool read_server_name(struct hello *hello, struct reader ext)
{
	struct reader names = vector(&ext, 2);

	while (!names.bad && names.n > 0) {
		size_t type = number(&names, 1);
		struct reader name = vector(&names, 2);
		if (type == NAME_HOST && !name.bad && hello->sni.n == 0)
			hello->sni = slice_of(name.p, name.n);
	}
	return !ext.bad && !names.bad && ext.n == 0;
}

/* What is inside an extension's one vector. A malformed one is left to the library. */
static struct slice inside(struct reader ext, size_t length_n)
{
	struct reader list = vector(&ext, length_n);

	return list.bad ? (struct slice){ 0 } : slice_of(list.p, list.n);
}

static bool read_extension(struct hello *hello, size_t type, struct reader ext)
{
	switch (type) {
	case EXT_SERVER_NAME:
		return read_server_name(hello, ext);
	case EXT_EXTENDED_MASTER_SECRET:
		hello->extended_master_secret = true;
		break;
	case EXT_SESSION_TICKET:
		hello->takes_tickets = true;
		break;
	case EXT_GROUPS:
		hello->groups = inside(ext, 2);
		break;
	case EXT_ALPN:
		hello->alpn = inside(ext, 2);
		break;
	case EXT_VERSIONS:
		hello->versions = inside(ext, 1);
		break;
	}
	return true;
}

static bool read_extensions(struct hello *hello, struct reader list)
{
	while (!list.bad && list.n > 0) {
		size_t type = number(&list, 2);
		struct reader ext = vector(&list, 2);
		if (ext.bad || !read_extension(hello, type, ext))
			return false;
	}
	return !list.bad;
}

/* RFC 8446 4.1.2; TLS 1.2 has the same form, and may lack the extensions. */
static bool read_message(struct hello *hello, struct reader body)
{
	hello->version = number(&body, 2); /* legacy_version */
	take(&body, 32);		   /* random */
	struct reader id = vector(&body, 1), suites = vector(&body, 2);
	hello->session_id = slice_of(id.p, id.n);
	hello->suites = slice_of(suites.p, suites.n);
	vector(&body, 1); /* legacy_compression_methods */
	if (body.bad || body.n == 0)
		return !body.bad;

	struct reader extensions = vector(&body, 2);
	return !body.bad && body.n == 0 && read_extensions(hello, extensions);
}

/* As much of the message as is there: is it whole, and what does it say? */
static enum hello_result look(struct hello *hello, const char **why)
{
	struct reader r = { (const unsigned char *)hello->record.p + RECORD_HEADER,
		hello->record.n - RECORD_HEADER, false };

	if (r.n < MESSAGE_HEADER)
		return HELLO_MORE;
	if (number(&r, 1) != CLIENT_HELLO) {
		*why = "the first message is no ClientHello";
		return HELLO_UNEXPECTED;
	}
	size_t n = number(&r, 3);
	if (n > MESSAGE_MAX - MESSAGE_HEADER) {
		*why = "the ClientHello is too long";
		return HELLO_MALFORMED;
	}
	if (r.n < n)
		return HELLO_MORE;
	if (r.n > n || hello->left > 0) {
		*why = "more than a ClientHello came in its record";
		return HELLO_UNEXPECTED;
	}
	if (!read_message(hello, r)) {
		*why = "the ClientHello is malformed";
		return HELLO_MALFORMED;
	}
	return HELLO_DONE;
}

/* --- records --- */

static enum hello_result not_tls(struct slice first, const char **why)
{
	unsigned char c = (unsigned char)first.p[0];

	/* An SSLv2 hello: a length with the top bit set, then message type 1. */
	if (c & 0x80)
		*why = "SSLv2 hello or other data where TLS was expected";
	else if (c >= 0x20 && c < 0x7f)
		*why = "plain text where TLS was expected";
	else
		*why = "data where TLS was expected";
	return HELLO_NOT_TLS;
}

static enum hello_result take_header(struct hello *hello, struct slice bytes, const char **why)
{
	memcpy(hello->header + hello->header_n, bytes.p, bytes.n);
	hello->header_n += bytes.n;
	if (hello->header[0] != RECORD_HANDSHAKE) {
		if (hello->record.n == 0)
			return not_tls(slice_of(hello->header, 1), why);
		*why = "another record inside the ClientHello";
		return HELLO_UNEXPECTED;
	}
	if (hello->header_n < RECORD_HEADER)
		return HELLO_MORE;

	hello->left = (size_t)hello->header[3] << 8 | hello->header[4];
	if (hello->header[1] != 3) { /* the major version of SSL 3 and of each TLS */
		*why = "data where TLS was expected";
		return HELLO_NOT_TLS;
	}
	if (hello->left == 0 || hello->left > MESSAGE_MAX) {
		*why = "a record of the ClientHello is empty or too long";
		return HELLO_MALFORMED;
	}
	if (hello->record.n == 0)
		buf_add(&hello->record, hello->header, RECORD_HEADER);
	return HELLO_MORE;
}

/* The one record gets its own length. */
static void close_record(struct hello *hello)
{
	size_t n = hello->record.n - RECORD_HEADER;

	hello->record.p[3] = (char)(n >> 8);
	hello->record.p[4] = (char)n;
}

size_t hello_wants(const struct hello *hello)
{
	return hello->left > 0 ? hello->left : RECORD_HEADER - hello->header_n;
}

enum hello_result hello_take(struct hello *hello, struct slice bytes, const char **why)
{
	if (hello->left == 0)
		return take_header(hello, bytes, why);

	buf_adds(&hello->record, bytes);
	hello->left -= bytes.n;
	if (hello->left == 0)
		hello->header_n = 0;
	if (hello->record.n > RECORD_HEADER + MESSAGE_MAX) {
		*why = "the ClientHello is too long";
		return HELLO_MALFORMED;
	}
	enum hello_result result = look(hello, why);
	if (result == HELLO_DONE)
		close_record(hello);
	return result;
}

void hello_done(struct hello *hello)
{
	buf_done(&hello->record);
	*hello = (struct hello){ 0 };
}
