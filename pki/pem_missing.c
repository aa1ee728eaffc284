/* pem_missing.c - what a text is that should have been PEM */
#include "pki/pem.h"

enum { KINDS_SHOWN = 5 };

/* --- things that people take for PEM --- */

static bool is_blank(struct slice text)
{
	return slice_trim(text).n == 0;
}

/* As editors on Windows save what they call Unicode. */
static bool is_utf16(struct slice text)
{
	return slice_starts(text, SLICE("\xff\xfe")) || slice_starts(text, SLICE("\xfe\xff"));
}

/* A SEQUENCE, whose length takes more than a byte unless it is the key of a small curve. */
static bool is_der(struct slice text)
{
	return text.n > 2 && text.p[0] == 0x30 &&
	    ((text.p[1] & 0x80) || (size_t)text.p[1] + 2 == text.n);
}

static bool is_bare_base64(struct slice text)
{
	return slice_starts(slice_trim(text), SLICE("MI"));
}

static bool is_jks(struct slice text)
{
	return slice_starts(text, SLICE("\xfe\xed\xfe\xed"));
}

static const struct {
	bool (*is)(struct slice text);
	const char *what;
} looks[] = {
	{ is_blank, "nothing was given" },
	{ is_utf16, "this is UTF-16; save the text as UTF-8 or ASCII" },
	{ is_jks, "this is a Java keystore; keytool -importkeystore makes PKCS#12 of it" },
	{ is_der, "this is binary (DER or PKCS#12); signet pki convert makes PEM of it" },
	{ is_bare_base64, "its first and last line are missing, -----BEGIN ...----- and so on" },
};

/* --- blocks of other kinds --- */

static bool has_kind(const struct slice *kinds, size_t n, struct slice kind)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(kinds[i], kind))
			return true;
	return false;
}

/* "CERTIFICATE, PUBLIC KEY" */
static void put_kinds(struct slice text, struct buf *out)
{
	struct slice kinds[KINDS_SHOWN];
	struct pem_block block;
	struct buf der = { 0 };
	size_t n = 0;

	while (n < KINDS_SHOWN && pem_take(&text, &block, &der, NULL) != PEM_END) {
		if (has_kind(kinds, n, block.kind))
			continue;
		buf_printf(out, "%s%.*s", n > 0 ? ", " : "", SLICE_ARG(block.kind));
		kinds[n++] = block.kind;
	}
	buf_wipe(&der);
}

int pem_missing(struct slice text, const char *thing, struct err *err)
{
	struct buf kinds = { 0 };
	const char *what = "a line -----BEGIN ...----- would begin it";

	put_kinds(text, &kinds);
	if (kinds.n > 0) {
		err_set(err, ERR_INPUT, "there is no %s in PEM form: the text is marked %s", thing,
		    buf_z(&kinds));
		buf_done(&kinds);
		return -1;
	}
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (looks[i].is(text)) {
			what = looks[i].what;
			break;
		}
	return err_set(err, ERR_INPUT, "there is no %s in PEM form: %s", thing, what);
}
