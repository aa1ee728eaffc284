/* text_domain.c - domain names: A-labels for machines, U-labels for people
 *
 * Names of ASCII letters, digits and hyphens are checked here; the others, and
 * those that say "xn--", go through libidn2. */
#include "core/text.h"

#include <stdlib.h>

#include <idn2.h>

enum {
	NAME_MAX_BYTES = 253, /* RFC 1035 §2.3.4, less the root's dot and length */
	LABEL_MAX_BYTES = 63,
	INPUT_MAX_BYTES = 1024, /* a name in UTF-8 may be longer than its A-labels */
};

static bool is_letter_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* RFC 1123 §2.1 */
static bool is_label(struct slice s)
{
	if (s.n == 0 || s.n > LABEL_MAX_BYTES || s.p[0] == '-' || s.p[s.n - 1] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_letter_digit(s.p[i]) && s.p[i] != '-')
			return false;
	return true;
}

static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* Labels with dots between them. The last one is no number, or it would be an
   IPv4 address (RFC 3696 §2). */
static bool is_name(struct slice name)
{
	struct slice label = { 0 };

	if (name.n == 0 || name.n > NAME_MAX_BYTES || name.p[name.n - 1] == '.')
		return false;
	for (struct slice rest = name; rest.n > 0;) {
		label = slice_cut(&rest, '.');
		if (!is_label(label))
			return false;
	}
	return !is_number(label);
}

static bool is_plain(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!is_letter_digit(name.p[i]) && name.p[i] != '-' && name.p[i] != '.')
			return false;
	return slice_ifind(name, SLICE("xn--")) < 0;
}

/* Mapped to lower case and NFC (RFC 5895, UTS #46), checked by the rules of
   IDNA2008; A-labels must be what their U-labels would become. */
static char *by_library(struct pool *pool, struct slice name)
{
	const int flags = IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_ALABEL_ROUNDTRIP;
	char *text = mem_str(name), *ascii = NULL, *copy = NULL;

	if (idn2_to_ascii_8z(text, &ascii, flags) == IDN2_OK) {
		if (is_name(slice_str(ascii)))
			copy = pool_lower(pool, slice_str(ascii));
		idn2_free(ascii);
	}
	free(text);
	return copy;
}

char *domain_ascii(struct pool *pool, struct slice name)
{
	if (name.n == 0 || name.n > INPUT_MAX_BYTES || name.p[name.n - 1] == '.')
		return NULL;
	if (is_plain(name))
		return is_name(name) ? pool_lower(pool, name) : NULL;
	if (slice_chr(name, '\0') >= 0 || !utf8_valid(name))
		return NULL;
	return by_library(pool, name);
}

char *domain_unicode(struct pool *pool, struct slice ascii)
{
	char *text, *unicode = NULL, *shown = NULL;

	if (slice_ifind(ascii, SLICE("xn--")) < 0)
		return pool_str(pool, ascii);
	text = mem_str(ascii);
	/* Shown is only what would lead back to the same name. */
	if (idn2_to_unicode_8z8z(text, &unicode, 0) == IDN2_OK) {
		char *back = by_library(pool, slice_str(unicode));
		if (back && slice_ieq(slice_str(back), ascii))
			shown = pool_str(pool, slice_str(unicode));
		idn2_free(unicode);
	}
	free(text);
	return shown ? shown : pool_str(pool, ascii);
}
