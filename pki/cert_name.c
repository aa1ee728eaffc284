/* cert_name.c - names of subjects and issuers for people (RFC 4514) */
#include "core/text.h"
#include "pki/cert_private.h"

static const struct {
	const char *oid, *word;
} attributes[] = {
	{ "2.5.4.3", "CN" },
	{ "2.5.4.4", "SN" },
	{ "2.5.4.5", "serialNumber" },
	{ "2.5.4.6", "C" },
	{ "2.5.4.7", "L" },
	{ "2.5.4.8", "ST" },
	{ "2.5.4.9", "street" },
	{ "2.5.4.10", "O" },
	{ "2.5.4.11", "OU" },
	{ "2.5.4.12", "title" },
	{ "2.5.4.17", "postalCode" },
	{ "2.5.4.42", "GN" },
	{ "2.5.4.97", "organizationIdentifier" },
	{ "0.9.2342.19200300.100.1.1", "UID" },
	{ "0.9.2342.19200300.100.1.25", "DC" },
	{ "1.2.840.113549.1.9.1", "emailAddress" },
};

static const char *word_of(struct slice oid)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (der_oid_is(oid, attributes[i].oid))
			return attributes[i].word;
	return NULL;
}

/* --- one value --- */

/* How many bytes a character has that shows nothing, or changes how others are shown:
   control characters, and those that turn the direction of a text. 0: none such. */
static size_t hidden(struct slice s)
{
	static const char *const turning[] = { "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac",
		"\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
		"\xe2\x81\xa9" };
	unsigned char c = (unsigned char)s.p[0];

	if (c < ' ' || c == 0x7f)
		return 1;
	if (c == 0xc2 && s.n > 1 && (unsigned char)s.p[1] < 0xa0)
		return 2;
	for (size_t i = 0; c == 0xe2 && i < sizeof(turning) / sizeof(*turning); i++)
		if (slice_starts(s, slice_str(turning[i])))
			return 3;
	return 0;
}

/* RFC 4514 2.4: what would end the value, and blanks that nobody would see. */
static bool is_special(struct slice text, size_t at)
{
	char c = text.p[at];

	return strchr(",+\"\\<>;", c) || (at == 0 && (c == ' ' || c == '#')) ||
	    (at + 1 == text.n && c == ' ');
}

static void put_text(struct slice text, bool escape, struct buf *out)
{
	for (size_t i = 0; i < text.n;) {
		size_t n = hidden(slice_from(text, i));
		for (size_t k = 0; k < n; k++)
			buf_printf(out, "\\%02X", (unsigned char)text.p[i + k]);
		if (n == 0) {
			if (escape && is_special(text, i))
				buf_addc(out, '\\');
			buf_addc(out, text.p[i]);
		}
		i += n > 0 ? n : 1;
	}
}

/* What is no string is shown as DER in hex. */
static void put_value(const struct der *value, bool escape, struct buf *out)
{
	struct buf text = { 0 };

	if (cert_string(value, &text)) {
		put_text(buf_slice(&text), escape, out);
	} else {
		buf_addc(out, '#');
		hex_put(out, value->whole);
	}
	buf_done(&text);
}

/* --- the whole --- */

struct attribute {
	struct slice oid;
	struct der value;
	bool joined; /* to the one before, in one set */
};

struct walk {
	struct slice list, set;
	bool joined;
};

static struct walk walk_of(struct slice name)
{
	struct walk walk = { 0 };

	der_want(&name, DER_SEQUENCE, &walk.list);
	return walk;
}

static bool next(struct walk *walk, struct attribute *out)
{
	struct slice pair;

	if (walk->set.n == 0) {
		walk->joined = false;
		if (!der_want(&walk->list, DER_SET, &walk->set))
			return false;
	}
	if (!der_want(&walk->set, DER_SEQUENCE, &pair) || !der_want(&pair, DER_OID, &out->oid) ||
	    !der_next(&pair, &out->value))
		return false;
	out->joined = walk->joined;
	walk->joined = true;
	return true;
}

void cert_name_text(struct slice name, struct buf *out)
{
	struct walk walk = walk_of(name);
	struct attribute a;
	bool first = true;

	for (; next(&walk, &a); first = false) {
		const char *word = word_of(a.oid);
		if (!first)
			buf_addz(out, a.joined ? " + " : ", ");
		if (word)
			buf_addz(out, word);
		else if (!der_oid_text(a.oid, out))
			buf_addc(out, '?');
		buf_addc(out, '=');
		put_value(&a.value, true, out);
	}
}

const char *cert_name_string(struct pool *pool, struct slice name)
{
	struct buf text = { 0 };

	cert_name_text(name, &text);
	const char *copy = pool_str(pool, buf_slice(&text));
	buf_done(&text);
	return copy;
}

void cert_name_part(struct slice name, const char *word, struct buf *out)
{
	struct walk walk = walk_of(name);
	size_t mark = out->n;
	struct attribute a;

	while (next(&walk, &a)) {
		const char *own = word_of(a.oid);
		if (!own || strcmp(own, word) != 0)
			continue;
		if (out->n > mark)
			buf_addz(out, "; ");
		put_value(&a.value, false, out);
	}
}
