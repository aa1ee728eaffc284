/* cms_kind.c - what kind of CMS that is, by its first bytes */
#include "smime/cms.h"

/* Skip a tag and its length, of any form. */
static bool skip_header(struct slice *s, unsigned char tag)
{
	if (s->n < 2 || (unsigned char)s->p[0] != tag)
		return false;
	unsigned char first = (unsigned char)s->p[1];
	size_t n = 2 + (first & 0x80 ? first & 0x7fu : 0);
	if (n > s->n)
		return false;
	*s = slice_from(*s, n);
	return true;
}

/* The OID that ContentInfo begins with, with tag and length (RFC 5652 3). */
enum cms_kind cms_kind(struct slice s)
{
	static const struct {
		const char *oid;
		size_t n;
		enum cms_kind kind;
	} kinds[] = {
		{ "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", 11, CMS_ENCRYPTED },
		{ "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17", 13, CMS_ENCRYPTED },
		{ "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11, CMS_SIGNED },
	};

	if (!skip_header(&s, 0x30))
		return CMS_OTHER;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (slice_starts(s, slice_of(kinds[i].oid, kinds[i].n)))
			return kinds[i].kind;
	return CMS_OTHER;
}
