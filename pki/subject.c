/* subject.c - what a certificate is to say of a domain */
#include "pki/subject.h"

#include "core/text.h"
#include "pki/cert_build.h"
#include "pki/der.h"
#include "pki/pki_private.h"

const char *const subject_words[SUBJECT_PARTS] = { "c", "st", "l", "o", "ou", "cn", "contact" };

/* RFC 5280 A.1: upper bounds, in characters. */
static const struct {
	const char *oid;
	unsigned tag;
	size_t max;
} attributes[SUBJECT_PARTS] = {
	[SUBJECT_C] = { "2.5.4.6", DER_PRINTABLE, 2 },
	[SUBJECT_ST] = { "2.5.4.8", DER_UTF8, 128 },
	[SUBJECT_L] = { "2.5.4.7", DER_UTF8, 128 },
	[SUBJECT_O] = { "2.5.4.10", DER_UTF8, 64 },
	[SUBJECT_OU] = { "2.5.4.11", DER_UTF8, 64 },
	[SUBJECT_CN] = { "2.5.4.3", DER_UTF8, 64 },
	[SUBJECT_CONTACT] = { "1.2.840.113549.1.9.1", DER_IA5, 64 },
};

/* --- checks --- */

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_ascii(const char *text)
{
	while (*text > 0)
		text++;
	return *text == '\0';
}

static size_t characters(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

static int check_text(enum subject_part part, struct slice text, struct err *err)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ')
			return err_set(
			    err, ERR_INPUT, "%s: no control characters", subject_words[part]);
	if (!utf8_valid(text))
		return err_set(err, ERR_INPUT, "%s is no text", subject_words[part]);
	if (characters(text) > attributes[part].max)
		return err_set(err, ERR_LIMIT, "%s is longer than %zu characters",
		    subject_words[part], attributes[part].max);
	return 0;
}

/* A host name, perhaps with a wildcard as its first label, in A-labels. */
static const char *host_name(struct slice text, struct pool *pool)
{
	bool wildcard = slice_starts(text, SLICE("*."));
	const char *name = domain_ascii(pool, wildcard ? slice_from(text, 2) : text);

	return name && wildcard ? pool_printf(pool, "*.%s", name) : name;
}

int subject_check(struct subject *s, struct pool *pool, struct err *err)
{
	const char *c = s->part[SUBJECT_C], *contact = s->part[SUBJECT_CONTACT];
	struct address address;

	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++) {
		if (s->part[i] && *s->part[i] == '\0')
			s->part[i] = NULL;
		if (s->part[i] && check_text(i, slice_str(s->part[i]), err) != 0)
			return -1;
	}
	if (c && s->part[SUBJECT_C] && (strlen(c) != 2 || !is_letter(c[0]) || !is_letter(c[1])))
		return err_set(err, ERR_INPUT, "c: a country is two letters (ISO 3166)");
	if (contact && s->part[SUBJECT_CONTACT] &&
	    (!is_ascii(contact) || !address_parse(pool, slice_str(contact), &address)))
		return err_set(err, ERR_INPUT, "contact: '%s' is no e-mail address", contact);
	return 0;
}

static int check_names(struct subject *s, struct pool *pool, struct err *err)
{
	struct slice rest = slice_str(s->names);
	struct buf names = { 0 };
	int rc = 0;

	if (s->part[SUBJECT_CN])
		buf_addz(&names, s->part[SUBJECT_CN]);
	for (struct slice word; rc == 0 && (word = slice_word(&rest)).n > 0;) {
		const char *name = host_name(word, pool);
		if (!name)
			rc = err_set(
			    err, ERR_INPUT, "names: '%.*s' is no host name", SLICE_ARG(word));
		else if (!s->part[SUBJECT_CN] || strcmp(name, s->part[SUBJECT_CN]) != 0)
			buf_printf(&names, "%s%s", names.n ? " " : "", name);
	}
	s->names = pool_str(pool, buf_slice(&names));
	buf_done(&names);
	return rc;
}

int subject_complete(struct subject *s, struct slice domain, struct pool *pool, struct err *err)
{
	if (!s->part[SUBJECT_CN] && domain.n <= attributes[SUBJECT_CN].max)
		s->part[SUBJECT_CN] = owner_host(domain, pool);
	if (subject_check(s, pool, err) != 0)
		return -1;
	if (s->part[SUBJECT_CN]) {
		const char *name = host_name(slice_str(s->part[SUBJECT_CN]), pool);
		if (!name || strlen(name) > attributes[SUBJECT_CN].max)
			return err_set(err, ERR_INPUT, "cn: '%s' is no host name that fits",
			    s->part[SUBJECT_CN]);
		s->part[SUBJECT_CN] = name;
	}
	if (!s->names && owner_host_names(domain, pool, &s->names, err) != 0)
		return -1;
	return check_names(s, pool, err);
}

/* --- kept: a line for each part --- */

void subject_write(const struct subject *subject, struct buf *out)
{
	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		if (subject->part[i])
			buf_printf(out, "%s=%s\n", subject_words[i], subject->part[i]);
	if (subject->names)
		buf_printf(out, "names=%s\n", subject->names);
}

void subject_read(struct slice text, struct pool *pool, struct subject *out)
{
	*out = (struct subject){ 0 };
	while (text.n > 0) {
		struct slice value = slice_cut(&text, '\n'), word = slice_cut(&value, '=');
		for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
			if (slice_eq(word, slice_str(subject_words[i])))
				out->part[i] = pool_str(pool, value);
		if (slice_eq(word, SLICE("names")))
			out->names = pool_str(pool, value);
	}
}

/* --- DER --- */

void subject_name(const struct subject *subject, struct slice domain, struct buf *der)
{
	bool any = false;

	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		any |= subject->part[i] != NULL;
	if (!any) {
		cert_put_domain(der, domain);
		return;
	}
	size_t mark = der_open(der, DER_SEQUENCE);
	for (enum subject_part i = 0; i < SUBJECT_PARTS; i++)
		if (subject->part[i])
			cert_put_attribute(
			    der, attributes[i].oid, attributes[i].tag, slice_str(subject->part[i]));
	der_close(der, mark);
}

void subject_alt_names(const struct subject *subject, struct buf *der)
{
	struct slice rest = slice_str(subject->names);

	for (struct slice name; (name = slice_word(&rest)).n > 0;)
		der_put(der, DER_CONTEXT | 2, name); /* dNSName */
}
