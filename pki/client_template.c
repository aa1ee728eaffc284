/* client_template.c - an account's name made of parts of a certificate, as a domain's admin says
 *
 * "{gn}.{sn}" of a certificate for GN=Ann, SN=Miller is the account ann.miller. */
#include "core/log.h"
#include "pki/der.h"
#include "pki/pki_private.h"

enum { NAMES_MAX = 100, VALUE_MAX = 200 };

CONF_KEY(client_map_template) = {
	.name = "tls.client-account-template",
	.type = CONF_TEXT,
	.scopes = CONF_DOMAIN,
	.def = "",
	.help = "what account a client's certificate is for, with client-ca set --map template: a "
		"local part or an address in which {cn}, {uid}, {gn}, {sn}, {serial}, {ou}, {o}, "
		"{title} stand for parts of the subject, {email} for its address, {user} for what "
		"is before its @",
};

/* RFC 4519 2; RFC 5280 A.1 */
static const struct {
	const char *word, *oid; /* oid NULL: an address among the alternative names */
} parts[] = {
	{ "cn", "2.5.4.3" },
	{ "uid", "0.9.2342.19200300.100.1.1" },
	{ "gn", "2.5.4.42" },
	{ "sn", "2.5.4.4" },
	{ "serial", "2.5.4.5" },
	{ "ou", "2.5.4.11" },
	{ "o", "2.5.4.10" },
	{ "title", "2.5.4.12" },
	{ "email", NULL },
	{ "user", NULL },
};

enum { PARTS = sizeof(parts) / sizeof(*parts) };

static size_t part_named(struct slice word)
{
	size_t i = 0;

	while (i < PARTS && !slice_eq(word, slice_str(parts[i].word)))
		i++;
	return i;
}

/* --- the template's own form --- */

/* What stands before the next part, and which one that is: PARTS at the end, more than that:
   it is none. */
static size_t next_part(struct slice *rest, struct slice *before)
{
	ptrdiff_t open = slice_chr(*rest, '{'), close;

	*before = open < 0 ? *rest : slice_head(*rest, (size_t)open);
	*rest = open < 0 ? (struct slice){ 0 } : slice_from(*rest, (size_t)open + 1);
	if (open < 0)
		return PARTS;
	close = slice_chr(*rest, '}');
	size_t part = close < 0 ? PARTS : part_named(slice_head(*rest, (size_t)close));
	*rest = close < 0 ? *rest : slice_from(*rest, (size_t)close + 1);
	return part < PARTS ? part : PARTS + 1;
}

int client_template_check(const char *domain, struct err *err)
{
	struct buf text = { 0 };
	struct slice rest, before;
	size_t part, n = 0;

	conf_text(&conf_key_client_map_template, &(struct conf_at){ .domain = domain }, &text);
	for (rest = buf_slice(&text); (part = next_part(&rest, &before)) < PARTS;)
		n++;
	buf_done(&text);
	if (part > PARTS)
		return err_set(err, ERR_INPUT,
		    "tls.client-account-template of %s has something in braces that is not known; "
		    "signet help setting has what is",
		    domain);
	return n > 0 ? 0
		     : err_set(err, ERR_INPUT,
			   "first say how: setting set tls.client-account-template '{uid}' "
			   "--domain %s",
			   domain);
}

/* --- what a certificate says; a part that is there twice says nothing --- */

struct finding {
	struct slice value;
	size_t n;
};

static void found(void *arg, struct slice text)
{
	struct finding *f = arg;

	f->value = text;
	f->n++;
}

static void find_address(const struct cert *leaf, struct finding *f)
{
	struct slice rest = leaf->alt_names;
	struct der name;

	for (size_t n = 0; n < NAMES_MAX && der_next(&rest, &name); n++)
		if (name.tag == (DER_CONTEXT | 1)) /* rfc822Name */
			found(f, name.value);
}

static bool put_part(size_t part, const struct cert *leaf, struct buf *out)
{
	struct finding f = { 0 };

	if (parts[part].oid)
		client_subject_each(leaf, parts[part].oid, found, &f);
	else
		find_address(leaf, &f);
	if (slice_eq(slice_str(parts[part].word), SLICE("user")))
		f.value = slice_cut(&f.value, '@');
	/* What it is a part of has its @ from the template alone. */
	bool whole = slice_eq(slice_str(parts[part].word), SLICE("email"));
	if (f.n != 1 || f.value.n == 0 || f.value.n > VALUE_MAX ||
	    (!whole && slice_chr(f.value, '@') >= 0))
		return false;
	buf_adds(out, f.value);
	return true;
}

bool client_template_fill(const char *domain, const struct cert *leaf, struct buf *out)
{
	struct buf text = { 0 };
	struct slice before;
	bool good = true;
	size_t part = 0, n = 0;

	conf_text(&conf_key_client_map_template, &(struct conf_at){ .domain = domain }, &text);
	for (struct slice rest = buf_slice(&text); good && part < PARTS;) {
		part = next_part(&rest, &before);
		buf_adds(out, before);
		good = part <= PARTS && (part == PARTS || put_part(part, leaf, out));
		n += part < PARTS;
	}
	if (part > PARTS)
		log_event(LOG_WARN, "client-template-malformed", log_z("domain", domain));
	buf_done(&text);
	return good && n > 0;
}
