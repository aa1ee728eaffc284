/* auth_prepare.c - passwords in the form in which they are hashed (RFC 5802 §2.2, RFC 4013)
 *
 * Clients prepare what they hash themselves; for PLAIN and LOGIN, and when a
 * password is set, it is our turn. ASCII stays as it is. Of SASLprep we do
 * what matters to people who type: NFKC, which also makes one space of the
 * many, and no control characters. */
#include "core/auth_private.h"

#include <stdlib.h>
#include <uninorm.h>

#include "core/text.h"

/* C0, DEL, and C1, which in UTF-8 is C2 80 to C2 9F. */
static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f)
			return true;
		if (c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0)
			return true;
	}
	return false;
}

static bool is_ascii(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

bool auth_prepare(struct slice password, struct buf *hold, struct slice *out)
{
	*out = password;
	if (has_control(password))
		return false;
	if (is_ascii(password))
		return true;
	if (!utf8_valid(password))
		return false;

	size_t n = 0;
	uint8_t *made =
	    u8_normalize(UNINORM_NFKC, (const uint8_t *)password.p, password.n, NULL, &n);
	if (!made)
		return false;
	buf_add(hold, made, n);
	bytes_wipe(made, n);
	free(made);
	*out = buf_slice(hold);
	return true;
}
